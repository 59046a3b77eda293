//! The CRDs on a real API server: it accepts them, refuses what is wrong with the message of the rule, and prunes nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: helpers fail loudly, tables are long"
)]

mod full;

use anyhow::{Context, Result};
use evercert_api::crd;
use evercert_harness::plane::Plane;
use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};

async fn server() -> Result<(&'static Plane, Client)> {
    let plane = Plane::shared().await;
    plane.apply_crds(crd::all()).await.context("apply the CRDs")?;
    Ok((plane, plane.client().await?))
}

fn api(client: &Client, object: &Value, namespace: &str) -> Api<DynamicObject> {
    let (group, version) = object["apiVersion"].as_str().unwrap().split_once('/').unwrap();
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, object["kind"].as_str().unwrap()));
    match object["kind"].as_str() {
        Some("ClusterIssuer") => Api::all_with(client.clone(), &resource),
        _ => Api::namespaced_with(client.clone(), namespace, &resource),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_pruned_when_every_field_is_set() -> Result<()> {
    let (plane, client) = server().await?;
    let namespace = plane.namespace("full").await?;
    for (index, mut object) in full::all().into_iter().enumerate() {
        object["metadata"] = json!({ "name": format!("{namespace}-{index}") });
        let api = api(&client, &object, &namespace);
        let created = api
            .create(&PostParams::default(), &serde_json::from_value(object.clone())?)
            .await;
        let mut created = created.with_context(|| format!("create {object:#}"))?;
        if object.get("status").is_some() {
            created.data["status"] = object["status"].clone();
            created = api
                .replace_status(
                    created.metadata.name.as_deref().unwrap(),
                    &PostParams::default(),
                    &created,
                )
                .await?;
        }
        assert_eq!(created.data["spec"], object["spec"], "{}", object["kind"]);
        assert_eq!(created.data.get("status"), object.get("status"), "{}", object["kind"]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_objects_are_refused_with_a_message_that_says_what_to_change() -> Result<()> {
    let (plane, client) = server().await?;
    let namespace = plane.namespace("cel").await?;
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    for (kind, change, expected) in certificates().into_iter().chain(issuers()) {
        let object = changed(kind, &change);
        let api = api(&client, &object, &namespace);
        let answer = api.create(&dry_run, &serde_json::from_value(object.clone())?).await;
        let text = answer.err().map(|error| error.to_string());
        match (expected, &text) {
            ("", None) => {}
            (part, Some(text)) if !part.is_empty() && text.contains(part) => {}
            _ => panic!("{kind} with {change}\n expected: {expected:?}\n answer:   {text:?}"),
        }
    }
    Ok(())
}

/// A good object with some fields of its spec put in place; null removes one.
fn changed(kind: &str, change: &Value) -> Value {
    let mut spec = match kind {
        "Certificate" => json!({ "secretName": "tls", "dnsNames": ["a.example.com"], "issuerRef": { "name": "ca" } }),
        "CertificateRequest" => json!({ "request": full::PEM, "issuerRef": { "name": "ca" } }),
        _ => json!({}),
    };
    merge(&mut spec, change);
    json!({ "apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": { "name": "x" }, "spec": spec })
}

fn merge(into: &mut Value, change: &Value) {
    for (key, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(into.as_object_mut().unwrap().remove(key)),
            value => into[key] = value.clone(),
        }
    }
}

type Case = (&'static str, Value, &'static str);

/// (kind, change, part of the message; empty = accepted)
fn certificates() -> Vec<Case> {
    let long = "a".repeat(65);
    let rows = [
        (json!({}), ""),
        (json!({ "dnsNames": null }), "at least one name is needed"),
        (json!({ "dnsNames": [] }), "at least one name is needed"),
        (json!({ "dnsNames": null, "commonName": "a" }), ""),
        (
            json!({ "dnsNames": null, "literalSubject": "O=a" }),
            "at least one name is needed",
        ),
        (json!({ "dnsNames": null, "literalSubject": "O=a, CN=b" }), ""),
        (json!({ "commonName": long }), "at most 64 characters"),
        (
            json!({ "commonName": "a", "literalSubject": "CN=b" }),
            "cannot be combined with subject or commonName",
        ),
        (
            json!({ "ipAddresses": ["10.0.0.300"] }),
            "ipAddresses must be IP addresses",
        ),
        (
            json!({ "emailAddresses": ["Jane <jane@example.com>"] }),
            "bare addresses",
        ),
        (
            json!({ "otherNames": [{ "oid": "x", "utf8Value": "y" }] }),
            "oid must be an object identifier",
        ),
        (
            json!({ "otherNames": [{ "oid": "1.2.3" }] }),
            "utf8Value must not be empty",
        ),
        (json!({ "duration": "59m" }), "duration must be at least 1h"),
        (json!({ "duration": "90d" }), "duration must be at least 1h"),
        (json!({ "duration": "1h1m", "renewBefore": "1h" }), ""),
        (
            json!({ "duration": "1h0m0s", "renewBefore": "1h" }),
            "renewBefore must be less than duration",
        ),
        (
            json!({ "renewBefore": "2160h" }),
            "renewBefore must be less than duration",
        ),
        (json!({ "renewBefore": "4m" }), "renewBefore must be at least 5m"),
        (
            json!({ "renewBefore": "1h", "renewBeforePercentage": 30 }),
            "cannot be combined",
        ),
        (json!({ "renewBeforePercentage": 100 }), "between 1 and 99"),
        (
            json!({ "duration": "1h", "renewBeforePercentage": 5 }),
            "renewBeforePercentage of duration must be at least 5m",
        ),
        (
            json!({ "revisionHistoryLimit": 0 }),
            "revisionHistoryLimit must be at least 1",
        ),
        (json!({ "renewal": {} }), "renewal.policy is needed"),
        (json!({ "renewal": { "policy": "Disabled" } }), ""),
        (
            json!({ "renewal": { "policy": "Disabled", "windows": [{ "cron": "0 2 * * *", "windowDuration": "1h" }] } }),
            "cannot be combined with policy Disabled",
        ),
        (
            json!({ "renewal": { "policy": "RenewBefore", "windows": [{ "cron": "@daily", "windowDuration": "1h" }] } }),
            "five fields",
        ),
        (
            json!({ "renewal": { "policy": "RenewBefore", "windows": [{ "cron": "0 2 * * *", "windowDuration": "1d" }] } }),
            "hours, minutes and seconds",
        ),
        (json!({ "privateKey": { "size": 1024 } }), "between 2048 and 8192"),
        (json!({ "privateKey": { "size": 3072 } }), ""),
        (
            json!({ "privateKey": { "algorithm": "ECDSA", "size": 2048 } }),
            "256, 384 or 521",
        ),
        (json!({ "privateKey": { "algorithm": "Ed25519", "size": 1 } }), ""),
        (json!({ "privateKey": { "algorithm": "DSA" } }), "supported values"),
        (
            json!({ "privateKey": { "algorithm": "ECDSA" }, "signatureAlgorithm": "SHA256WithRSA" }),
            "signatureAlgorithm must fit",
        ),
        (json!({ "signatureAlgorithm": "SHA384WithRSA" }), ""),
        (json!({ "secretName": "Upper" }), "secretName must be"),
        (
            json!({ "secretTemplate": { "annotations": { "cert-manager.io/x": "y" } } }),
            "must not start with cert-manager.io/",
        ),
        (
            json!({ "secretTemplate": { "annotations": { "cert-manager.io/allow-direct-injection": "true" } } }),
            "",
        ),
        (
            json!({ "additionalOutputFormats": [{ "type": "DER" }, { "type": "DER" }] }),
            "must not name a type twice",
        ),
        (
            json!({ "keystores": { "jks": { "create": true } } }),
            "exactly one password source",
        ),
        (
            json!({ "keystores": { "pkcs12": { "create": true, "password": "x", "passwordSecretRef": { "name": "y" } } } }),
            "exactly one password source",
        ),
        (json!({ "keystores": { "jks": { "create": false } } }), ""),
        (
            json!({ "nameConstraints": { "permitted": { "dnsDomains": ["a"] } } }),
            "nameConstraints needs isCA",
        ),
        (
            json!({ "isCA": true, "nameConstraints": { "critical": true } }),
            "permitted or excluded",
        ),
        (
            json!({ "isCA": true, "nameConstraints": { "excluded": { "ipRanges": ["10.0.0.1"] } } }),
            "CIDR form",
        ),
        (
            json!({ "issuerRef": { "name": "" } }),
            "issuerRef.name must name an issuer",
        ),
        (
            json!({ "issuerRef": { "name": "x", "kind": "AWSPCAIssuer" } }),
            "issuerRef.kind must be",
        ),
        (
            json!({ "issuerRef": { "name": "x", "kind": "AWSPCAIssuer", "group": "awspca.cert-manager.io" } }),
            "",
        ),
        (json!({ "usages": ["teleportation"] }), "supported values"),
    ];
    rows.into_iter()
        .map(|(change, expected)| ("Certificate", change, expected))
        .collect()
}

fn issuers() -> Vec<Case> {
    let acme = |change: Value| {
        let mut acme = json!({ "server": "https://ca/dir", "privateKeySecretRef": { "name": "k" } });
        merge(&mut acme, &change);
        json!({ "acme": acme })
    };
    let solver = |solver: Value| acme(json!({ "solvers": [solver] }));
    let dns = |provider: Value| solver(json!({ "dns01": provider }));
    let vault = |auth: Value| json!({ "vault": { "server": "https://v", "path": "pki/sign/r", "auth": auth } });
    let secret = json!({ "name": "s" });
    let rows = vec![
        (json!({ "selfSigned": {} }), ""),
        (json!({}), "exactly one issuer type"),
        (
            json!({ "selfSigned": {}, "ca": { "secretName": "x" } }),
            "exactly one issuer type",
        ),
        (json!({ "ca": { "secretName": "" } }), "ca.secretName must name"),
        (
            json!({ "ca": { "secretName": "x", "ocspServers": [""] } }),
            "must not contain an empty entry",
        ),
        (acme(json!({})), ""),
        (acme(json!({ "server": "ca" })), "URL of an ACME directory"),
        (
            acme(json!({ "caBundle": full::PEM, "skipTLSVerify": true })),
            "cannot be combined",
        ),
        (
            acme(json!({ "externalAccountBinding": { "keyID": "", "keySecretRef": secret } })),
            "externalAccountBinding needs",
        ),
        (acme(json!({ "preferredChain": "a".repeat(65) })), "at most 64"),
        (solver(json!({})), "exactly one of http01 and dns01"),
        (
            solver(json!({ "http01": {} })),
            "exactly one of ingress and gatewayHTTPRoute",
        ),
        (
            solver(json!({ "http01": { "ingress": { "class": "a", "ingressClassName": "b" } } })),
            "at most one of ingressClassName",
        ),
        (
            solver(json!({ "http01": { "ingress": { "serviceType": "LoadBalancer" } } })),
            "serviceType must be",
        ),
        (dns(json!({})), "exactly one provider"),
        (
            dns(json!({ "rfc2136": { "nameserver": "192.0.2.1" }, "digitalocean": { "tokenSecretRef": secret } })),
            "exactly one provider",
        ),
        (dns(json!({ "rfc2136": { "nameserver": "192.0.2.1" } })), ""),
        (
            dns(json!({ "rfc2136": { "nameserver": "" } })),
            "rfc2136.nameserver must be",
        ),
        (
            dns(json!({ "rfc2136": { "nameserver": "[2001:db8::1]:53", "tsigKeyName": "k" } })),
            "go together",
        ),
        (
            dns(
                json!({ "rfc2136": { "nameserver": "a", "tsigKeyName": "k", "tsigSecretSecretRef": secret, "tsigAlgorithm": "MD5" } }),
            ),
            "tsigAlgorithm must be",
        ),
        (
            dns(json!({ "rfc2136": { "nameserver": "a", "tsigSecretSecretRef": { "name": "" } } })),
            "",
        ),
        (dns(json!({ "cloudflare": {} })), "exactly one of apiKeySecretRef"),
        (
            dns(json!({ "cloudflare": { "apiKeySecretRef": secret } })),
            "needs email",
        ),
        (
            dns(json!({ "azureDNS": { "subscriptionID": "s", "resourceGroupName": "g", "clientID": "c" } })),
            "azureDNS needs all of",
        ),
        (vault(json!({ "tokenSecretRef": secret })), ""),
        (vault(json!({})), "exactly one way of logging in"),
        (
            vault(json!({ "kubernetes": { "role": "r" } })),
            "exactly one of secretRef and serviceAccountRef",
        ),
        (json!({ "venafi": { "zone": "z" } }), "exactly one of venafi.tpp"),
    ];
    let both = rows.into_iter().flat_map(|(change, expected)| {
        [
            ("Issuer", change.clone(), expected),
            ("ClusterIssuer", change, expected),
        ]
    });
    both.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_stays_as_it_was_when_somebody_changes_it_or_takes_a_decision_back() -> Result<()> {
    let (plane, client) = server().await?;
    let namespace = plane.namespace("request").await?;
    let object = changed("CertificateRequest", &json!({}));
    let api = api(&client, &object, &namespace);
    let mut request = api
        .create(&PostParams::default(), &serde_json::from_value(object)?)
        .await?;

    let mut other = request.clone();
    other.data["spec"]["isCA"] = json!(true);
    let error = api
        .replace("x", &PostParams::default(), &other)
        .await
        .expect_err("the spec is immutable");
    assert!(error.to_string().contains("cannot be changed"), "{error}");

    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status });
    // (conditions, part of the message; empty = accepted), one after the other on the same object
    let steps = [
        (json!([condition("Approved", "False")]), "can only be True"),
        (
            json!([condition("Approved", "True"), condition("Denied", "True")]),
            "not both",
        ),
        (json!([condition("Approved", "True")]), ""),
        (json!([]), "cannot be taken back"),
        (json!([condition("Denied", "True")]), "cannot be taken back"),
        (json!([condition("Approved", "True"), condition("Ready", "True")]), ""),
    ];
    for (conditions, expected) in steps {
        let mut next = request.clone();
        next.data["status"] = json!({ "conditions": conditions });
        match (api.replace_status("x", &PostParams::default(), &next).await, expected) {
            (Ok(written), "") => request = written,
            (Err(error), part) if !part.is_empty() && error.to_string().contains(part) => {}
            (answer, _) => panic!("{conditions}\n expected: {expected:?}\n answer: {answer:?}"),
        }
    }
    Ok(())
}
