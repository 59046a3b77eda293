use serde_json::{Value, json};

use super::{PEM, TIME};

pub fn all() -> Vec<Value> {
    vec![certificate(), literal(), request()]
}

fn conditions() -> Value {
    json!([{
        "type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "no Secret yet",
        "lastTransitionTime": TIME, "observedGeneration": 3,
    }])
}

fn certificate() -> Value {
    let spec = json!({
        "subject": {
            "organizations": ["o"], "countries": ["DE"], "organizationalUnits": ["ou"], "localities": ["l"], "provinces": ["p"],
            "streetAddresses": ["s"], "postalCodes": ["1"], "serialNumber": "7",
        },
        "commonName": "a.example.com",
        "duration": "2160h0m0s", "renewBefore": "360h0m0s",
        "renewal": { "policy": "RenewBefore", "windows": [{ "cron": "0 2 * * 1", "timezone": "Europe/Berlin", "windowDuration": "2h30m" }] },
        "dnsNames": ["a.example.com", "*.example.com"], "ipAddresses": ["10.0.0.1", "2001:db8::1"], "uris": ["spiffe://a/b"],
        "emailAddresses": ["jane@example.com"], "otherNames": [{ "oid": "1.3.6.1.4.1.311.20.2.3", "utf8Value": "jane@corp" }],
        "secretName": "a-tls", "secretTemplate": { "annotations": { "a": "b" }, "labels": { "c": "d" } },
        "keystores": {
            "jks": { "create": true, "alias": "x", "passwordSecretRef": { "name": "p", "key": "password" } },
            "pkcs12": { "create": true, "profile": "Modern2023", "password": "changeme" },
        },
        "issuerRef": { "name": "ca", "kind": "ClusterIssuer", "group": "cert-manager.io" },
        "isCA": true, "usages": ["digital signature", "server auth", "s/mime"],
        "privateKey": { "rotationPolicy": "Always", "encoding": "PKCS8", "algorithm": "ECDSA", "size": 384 },
        "signatureAlgorithm": "ECDSAWithSHA384", "encodeUsagesInRequest": false, "revisionHistoryLimit": 3,
        "additionalOutputFormats": [{ "type": "DER" }, { "type": "CombinedPEM" }],
        "nameConstraints": {
            "critical": true,
            "permitted": { "dnsDomains": ["a"], "ipRanges": ["10.0.0.0/8"], "emailAddresses": ["e"], "uriDomains": ["u"] },
            "excluded": { "dnsDomains": ["b"], "ipRanges": ["2001:db8::/32"], "emailAddresses": ["f"], "uriDomains": ["v"] },
        },
    });
    let status = json!({
        "conditions": conditions(), "lastFailureTime": TIME, "notBefore": TIME, "notAfter": TIME, "renewalTime": TIME, "revision": 4,
        "nextPrivateKeySecretName": "a-xyz", "failedIssuanceAttempts": 2,
        "acme": { "ari": {
            "suggestedWindow": { "start": TIME, "end": TIME }, "explanationURL": "https://ca/why", "lastChecked": TIME, "nextCheck": TIME,
            "lastError": "none",
        } },
    });
    json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {}, "spec": spec, "status": status })
}

/// The fields that exclude those of `certificate`.
fn literal() -> Value {
    let spec = json!({
        "literalSubject": "CN=a,O=b", "renewBeforePercentage": 25, "secretName": "b-tls", "issuerRef": { "name": "x", "kind": "Any", "group": "example.com" },
        "keystores": {
            "jks": { "create": true, "password": "changeme" },
            "pkcs12": { "create": true, "passwordSecretRef": { "name": "p", "key": "password" } },
        },
    });
    json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {}, "spec": spec })
}

fn request() -> Value {
    let spec = json!({
        "duration": "1h0m0s", "issuerRef": { "name": "ca", "kind": "Issuer", "group": "cert-manager.io" }, "request": PEM, "isCA": true,
        "usages": ["server auth"], "username": "jane", "uid": "1", "groups": ["g"], "extra": { "k": ["v"] },
    });
    let status = json!({ "conditions": conditions(), "certificate": PEM, "ca": PEM, "failureTime": TIME });
    json!({ "apiVersion": "cert-manager.io/v1", "kind": "CertificateRequest", "metadata": {}, "spec": spec, "status": status })
}
