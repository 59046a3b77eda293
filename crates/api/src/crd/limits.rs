//! Bounds and the few defaults of the schema, by path.
//!
//! The API server refuses a CEL rule whose worst case costs too much, and without bounds the worst case is a request of
//! 3 MB. The bounds are far above any real use; where a standard names one (a DNS name has 253 characters), it is that.

use serde_json::{Value, json};

use super::node;

/// One keyword at one place of a schema.
pub struct Limit {
    path: String,
    keyword: &'static str,
    value: Value,
}

impl Limit {
    fn new(path: impl Into<String>, keyword: &'static str, value: impl Into<Value>) -> Self {
        Self {
            path: path.into(),
            keyword,
            value: value.into(),
        }
    }

    /// Writes the keyword into the schema.
    pub fn put_into(&self, schema: &mut Value) {
        node::at(schema, &self.path)[self.keyword] = self.value.clone();
    }
}

/// The bounds of a kind.
pub fn of(kind: &str) -> Vec<Limit> {
    let mut limits = match kind {
        "Certificate" => certificate(),
        "Issuer" | "ClusterIssuer" => issuer(),
        "CertificateRequest" => request(),
        "Order" => vec![Limit::new("spec.duration", "maxLength", 100)],
        "Challenge" => solver("spec.solver"),
        _ => Vec::new(),
    };
    if !matches!(kind, "Issuer" | "ClusterIssuer") {
        limits.push(Limit::new("spec.issuerRef.name", "maxLength", 253));
        limits.push(Limit::new("spec.issuerRef.kind", "maxLength", 253));
        limits.push(Limit::new("spec.issuerRef.group", "maxLength", 253));
    }
    limits
}

fn certificate() -> Vec<Limit> {
    let mut limits = vec![
        Limit::new("spec.secretName", "maxLength", 253),
        Limit::new("spec.duration", "maxLength", 100),
        Limit::new("spec.renewBefore", "maxLength", 100),
        Limit::new("spec.literalSubject", "maxLength", 8192),
        Limit::new("spec.commonName", "maxLength", 1024),
        Limit::new("spec.secretTemplate.annotations", "maxProperties", 1000),
        Limit::new("spec.secretTemplate.labels", "maxProperties", 1000),
        Limit::new("spec.additionalOutputFormats", "maxItems", 10),
        Limit::new("spec.renewal.windows", "maxItems", 100),
        Limit::new("spec.renewal.windows[].cron", "maxLength", 256),
        Limit::new("spec.renewal.windows[].timezone", "maxLength", 100),
        Limit::new("spec.renewal.windows[].windowDuration", "maxLength", 100),
        Limit::new("spec.otherNames[].oid", "maxLength", 256),
        Limit::new("spec.keystores.jks", "required", json!(["create"])),
        Limit::new("spec.keystores.pkcs12", "required", json!(["create"])),
    ];
    for list in ["dnsNames", "uris", "emailAddresses", "ipAddresses", "otherNames"] {
        limits.push(Limit::new(format!("spec.{list}"), "maxItems", 2000));
    }
    // The longest mailbox (RFC 5321) and the longest textual IP address have 254 and 45 characters.
    limits.push(Limit::new("spec.emailAddresses[]", "maxLength", 320));
    limits.push(Limit::new("spec.ipAddresses[]", "maxLength", 64));
    for side in ["permitted", "excluded"] {
        limits.push(Limit::new(
            format!("spec.nameConstraints.{side}.ipRanges"),
            "maxItems",
            1000,
        ));
        limits.push(Limit::new(
            format!("spec.nameConstraints.{side}.ipRanges[]"),
            "maxLength",
            64,
        ));
    }
    limits
}

fn request() -> Vec<Limit> {
    vec![
        Limit::new("spec.duration", "maxLength", 100),
        Limit::new("status.conditions", "maxItems", 64),
        Limit::new("status.conditions[].type", "maxLength", 316),
    ]
}

fn issuer() -> Vec<Limit> {
    let mut limits = vec![
        Limit::new("spec.acme.solvers", "maxItems", 500),
        Limit::new("spec.acme.server", "maxLength", 2048),
        Limit::new("spec.acme.renewalInformationSource", "default", "ARI"),
        Limit::new("spec.ca.ocspServers", "maxItems", 100),
        Limit::new("spec.ca.issuingCertificateURLs", "maxItems", 100),
        Limit::new("spec.vault.path", "maxLength", 2048),
    ];
    limits.extend(solver("spec.acme.solvers[]"));
    limits
}

/// Bounds of a solver at `base`, and the defaults of its Gateway references, which are the Gateway API's own.
fn solver(base: &str) -> Vec<Limit> {
    let at = |path: &str| format!("{base}.{path}");
    let parent = |field: &str| at(&format!("http01.gatewayHTTPRoute.parentRefs[].{field}"));
    let pull_secrets = |kind: &str| at(&format!("http01.{kind}.podTemplate.spec.imagePullSecrets[].name"));
    vec![
        Limit::new(at("waitInsteadOfSelfCheck"), "maxLength", 100),
        Limit::new(at("dns01.rfc2136.nameserver"), "maxLength", 320),
        Limit::new(at("dns01.rfc2136.tsigAlgorithm"), "maxLength", 64),
        Limit::new(at("http01.gatewayHTTPRoute.parentRefs"), "maxItems", 100),
        Limit::new(parent("group"), "default", "gateway.networking.k8s.io"),
        Limit::new(parent("kind"), "default", "Gateway"),
        Limit::new(pull_secrets("ingress"), "default", ""),
        Limit::new(pull_secrets("gatewayHTTPRoute"), "default", ""),
        Limit::new(at("dns01.webhook.config"), "x-kubernetes-preserve-unknown-fields", true),
    ]
}
