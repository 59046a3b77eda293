//! Where a chain stands, from its objects alone. Pure.

use std::collections::BTreeMap;

use evercert_api::certmanager::v1::Certificate;
use evercert_core::contract;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use openssl::hash::{MessageDigest, hash};
use openssl::x509::X509;

/// The variable that the reloader sets for Secret `app-tls`.
const VARIABLE: &str = "STAKATER_APP_TLS_SECRET";

/// What can be compared before and after a renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Serial number of the certificate in the Secret.
    pub serial: String,
    /// Upstream's hash of the Secret.
    pub hash: String,
    /// Hash that the pod template carries, if any.
    pub in_template: Option<String>,
    /// Whether the workload's memory holds the present hash.
    pub remembered: bool,
    /// Whether the keystores are made of the present certificate.
    pub derived: bool,
    /// Whether the Certificate is ready and nothing is being issued.
    pub issued: bool,
    /// Whether all pods are of the present template, and ready.
    pub rolled_out: bool,
    /// How many pod templates there have been.
    pub templates: usize,
}

impl State {
    /// Reads the objects; `None` where the Secret holds no certificate yet.
    pub fn of(secret: &Secret, certificate: &Certificate, deployment: &Deployment, templates: usize) -> Option<Self> {
        let data = secret.data.as_ref()?;
        let annotations = secret.metadata.annotations.clone().unwrap_or_default();
        let hash = upstream_hash(data)?;
        let seen = deployment
            .metadata
            .annotations
            .as_ref()
            .and_then(|all| all.get("evercert.dev/seen"));
        Some(Self {
            serial: serial(&data.get("tls.crt")?.0)?,
            in_template: variable(deployment),
            remembered: seen.is_some_and(|text| text.contains(&hash)),
            derived: data.contains_key("keystore.jks") && contract::is_settled(&annotations, data),
            issued: condition(certificate, "Ready") && !condition(certificate, "Issuing"),
            rolled_out: is_rolled_out(deployment),
            hash,
            templates,
        })
    }

    /// Nothing is under way, and the pods have started with what is in the Secret.
    pub fn is_settled(&self) -> bool {
        let runs_with_it = self
            .in_template
            .as_ref()
            .map_or(self.remembered, |hash| *hash == self.hash);
        self.derived && self.issued && self.rolled_out && runs_with_it
    }
}

fn condition(certificate: &Certificate, kind: &str) -> bool {
    let conditions = certificate.status.iter().flat_map(|status| &status.conditions);
    let text = serde_json::to_value(conditions.collect::<Vec<_>>()).unwrap_or_default();
    let all = text.as_array().into_iter().flatten();
    all.into_iter()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn serial(pem: &[u8]) -> Option<String> {
    let chain = X509::stack_from_pem(pem).ok()?;
    let number = chain.first()?.serial_number().to_bn().ok()?;
    Some(number.to_hex_str().ok()?.to_string())
}

fn variable(deployment: &Deployment) -> Option<String> {
    let pod = deployment.spec.as_ref()?.template.spec.as_ref()?;
    let mut variables = pod
        .containers
        .iter()
        .flat_map(|container| container.env.iter().flatten());
    variables.find(|variable| variable.name == VARIABLE)?.value.clone()
}

fn is_rolled_out(deployment: &Deployment) -> bool {
    let (Some(spec), Some(status)) = (&deployment.spec, &deployment.status) else {
        return false;
    };
    let wanted = spec.replicas.unwrap_or(1);
    let is = |count: Option<i32>| count.unwrap_or(0) == wanted;
    status.observed_generation == deployment.metadata.generation
        && is(status.updated_replicas)
        && is(status.available_replicas)
        && is(status.replicas)
}

/// Upstream's hash, written down once more and independently of the reloader: SHA-1 of the sorted `key=value`, joined by `;`.
fn upstream_hash(data: &BTreeMap<String, ByteString>) -> Option<String> {
    let mut entries: Vec<Vec<u8>> = data
        .iter()
        .map(|(key, value)| [key.as_bytes(), b"=", &value.0].concat())
        .collect();
    entries.sort();
    let digest = hash(MessageDigest::sha1(), &entries.join(&b';')).ok()?;
    Some(hex(&digest))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
