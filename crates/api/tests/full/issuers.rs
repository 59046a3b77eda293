use serde_json::{Value, json};

use super::{PEM, TIME};

pub fn all() -> Vec<Value> {
    let specs = [vec![acme(), ca(), self_signed()], vaults(), venafis()].concat();
    let objects = |kind: &'static str| specs.clone().into_iter().map(move |spec| issuer(kind, &spec));
    objects("Issuer").chain(objects("ClusterIssuer")).collect()
}

fn issuer(kind: &str, spec: &Value) -> Value {
    let condition = json!({
        "type": "Ready", "status": "True", "reason": "ACMEAccountRegistered", "message": "m", "lastTransitionTime": TIME, "observedGeneration": 1,
    });
    let account = json!({ "uri": "https://ca/acct/1", "lastRegisteredEmail": "e", "lastPrivateKeyHash": "h" });
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": {}, "spec": spec,
        "status": { "conditions": [condition], "acme": account },
    })
}

fn secret(name: &str) -> Value {
    json!({ "name": name, "key": "k" })
}

fn acme() -> Value {
    json!({ "acme": {
        "email": "ops@example.com", "server": "https://acme.example.com/directory", "preferredChain": "Root", "caBundle": PEM, "skipTLSVerify": false,
        "externalAccountBinding": { "keyID": "id", "keySecretRef": secret("eab"), "keyAlgorithm": "HS256" },
        "privateKeySecretRef": secret("account"), "solvers": solvers(), "disableAccountKeyGeneration": true, "enableDurationFeature": true,
        "profile": "short", "renewalInformationSource": "None",
    } })
}

/// One solver for each way and provider.
pub fn solvers() -> Vec<Value> {
    let selector = json!({ "matchLabels": { "a": "b" }, "dnsNames": ["a.example.com"], "dnsZones": ["example.com"] });
    let mut solvers = vec![
        json!({ "selector": selector, "http01": { "ingress": ingress() } }),
        json!({ "http01": { "gatewayHTTPRoute": {
            "serviceType": "NodePort", "labels": { "a": "b" }, "podTemplate": pod_template(),
            "parentRefs": [{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "n", "name": "g", "sectionName": "s", "port": 80 }],
        } } }),
        json!({ "http01": { "ingress": { "class": "nginx" } } }),
        json!({ "http01": { "ingress": { "name": "web" } } }),
    ];
    solvers.extend(providers().into_iter().map(|(provider, options)| {
        json!({
            "waitInsteadOfSelfCheck": "30s",
            "dns01": { "cnameStrategy": "Follow", "nameservers": ["192.0.2.1:53"], provider: options },
        })
    }));
    solvers
}

fn ingress() -> Value {
    json!({
        "serviceType": "ClusterIP", "ingressClassName": "nginx", "podTemplate": pod_template(),
        "ingressTemplate": { "metadata": { "annotations": { "a": "b" }, "labels": { "c": "d" } } },
    })
}

fn pod_template() -> Value {
    let affinity = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [
        { "matchExpressions": [{ "key": "k", "operator": "In", "values": ["v"] }] },
    ] } } });
    let security = json!({
        "seLinuxOptions": { "level": "s0" }, "runAsUser": 1, "runAsGroup": 2, "runAsNonRoot": true, "supplementalGroups": [3], "fsGroup": 4,
        "fsGroupChangePolicy": "OnRootMismatch", "sysctls": [{ "name": "a", "value": "1" }], "seccompProfile": { "type": "RuntimeDefault" },
    });
    json!({
        "metadata": { "annotations": { "a": "b" }, "labels": { "c": "d" } },
        "spec": {
            "nodeSelector": { "a": "b" }, "affinity": affinity, "tolerations": [{ "key": "k", "operator": "Exists" }], "priorityClassName": "p",
            "serviceAccountName": "s", "imagePullSecrets": [{ "name": "pull" }],
            "resources": { "limits": { "cpu": "1" }, "requests": { "memory": "64Mi" } }, "securityContext": security,
        },
    })
}

fn providers() -> Vec<(&'static str, Value)> {
    let account = json!({ "name": "sa", "audiences": ["x"] });
    let azure = json!({
        "subscriptionID": "s", "resourceGroupName": "g", "hostedZoneName": "z", "environment": "AzurePublicCloud", "zoneType": "AzurePrivateZone",
    });
    let with = |base: &Value, more: Value| {
        let mut base = base.clone();
        for (key, value) in more.as_object().unwrap() {
            base[key] = value.clone();
        }
        base
    };
    vec![
        (
            "acmeDNS",
            json!({ "host": "https://h", "accountSecretRef": secret("a") }),
        ),
        (
            "akamai",
            json!({
                "serviceConsumerDomain": "d", "clientTokenSecretRef": secret("a"), "clientSecretSecretRef": secret("b"), "accessTokenSecretRef": secret("c"),
            }),
        ),
        (
            "azureDNS",
            with(
                &azure,
                json!({ "clientID": "c", "clientSecretSecretRef": secret("s"), "tenantID": "t" }),
            ),
        ),
        (
            "azureDNS",
            with(
                &azure,
                json!({ "managedIdentity": { "clientID": "c", "tenantID": "t" } }),
            ),
        ),
        (
            "azureDNS",
            with(&azure, json!({ "managedIdentity": { "resourceID": "r" } })),
        ),
        (
            "cloudDNS",
            json!({ "serviceAccountSecretRef": secret("s"), "project": "p", "hostedZoneName": "z" }),
        ),
        ("cloudflare", json!({ "email": "e", "apiKeySecretRef": secret("s") })),
        ("cloudflare", json!({ "apiTokenSecretRef": secret("s") })),
        ("digitalocean", json!({ "tokenSecretRef": secret("s") })),
        (
            "rfc2136",
            json!({
                "nameserver": "192.0.2.1:53", "tsigKeyName": "k", "tsigSecretSecretRef": secret("s"), "tsigAlgorithm": "hmacsha256", "protocol": "TCP",
            }),
        ),
        (
            "route53",
            json!({
                "auth": { "kubernetes": { "serviceAccountRef": account } }, "accessKeyID": "a", "secretAccessKeySecretRef": secret("s"), "role": "r",
                "hostedZoneID": "z", "region": "eu-central-1",
            }),
        ),
        (
            "route53",
            json!({ "accessKeyIDSecretRef": secret("i"), "secretAccessKeySecretRef": secret("s") }),
        ),
        (
            "webhook",
            json!({ "groupName": "g", "solverName": "s", "config": { "any": [1, { "thing": null }] } }),
        ),
    ]
}

fn ca() -> Value {
    json!({ "ca": {
        "secretName": "ca", "crlDistributionPoints": ["http://crl"], "ocspServers": ["http://ocsp"], "issuingCertificateURLs": ["http://aia"],
    } })
}

fn self_signed() -> Value {
    json!({ "selfSigned": { "crlDistributionPoints": ["http://crl"] } })
}

fn vaults() -> Vec<Value> {
    let account = json!({ "name": "sa", "audiences": ["x"] });
    let auths = [
        json!({ "tokenSecretRef": secret("t") }),
        json!({ "appRole": { "path": "approle", "roleId": "r", "secretRef": secret("s") } }),
        json!({ "clientCertificate": { "mountPath": "/v1/auth/cert", "secretName": "s", "name": "n" } }),
        json!({ "kubernetes": { "mountPath": "/v1/auth/kubernetes", "role": "r", "secretRef": secret("s") } }),
        json!({ "kubernetes": { "role": "r", "serviceAccountRef": account } }),
        json!({ "aws": {
            "mountPath": "/v1/auth/aws", "role": "r", "region": "x", "vaultHeaderValue": "h", "serviceAccountRef": account, "iamRoleArn": "arn",
        } }),
    ];
    let vault = |(index, auth): (usize, Value)| {
        let bundle = if index == 0 {
            json!({ "caBundle": PEM })
        } else {
            json!({ "caBundleSecretRef": secret("ca") })
        };
        let mut vault = json!({
            "auth": auth, "server": "https://vault:8200", "serverName": "vault", "path": "pki/sign/role", "namespace": "ns",
            "clientCertSecretRef": secret("c"), "clientKeySecretRef": secret("k"),
        });
        for (key, value) in bundle.as_object().unwrap() {
            vault[key] = value.clone();
        }
        json!({ "vault": vault })
    };
    auths.into_iter().enumerate().map(vault).collect()
}

fn venafis() -> Vec<Value> {
    let credentials = json!({ "name": "c" });
    vec![
        json!({ "venafi": { "zone": "z", "tpp": { "url": "https://tpp", "credentialsRef": credentials, "caBundle": PEM } } }),
        json!({ "venafi": { "zone": "z", "tpp": { "url": "https://tpp", "credentialsRef": credentials, "caBundleSecretRef": secret("ca") } } }),
        json!({ "venafi": { "zone": "z", "cloud": { "url": "https://c", "apiTokenSecretRef": secret("t") } } }),
        json!({ "venafi": { "zone": "z", "ngts": { "url": "https://n", "tokenEndpoint": "https://t", "tsgID": "1", "credentialsRef": credentials } } }),
    ]
}
