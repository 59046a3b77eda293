//! The watches, what is kept of each object, and the indexes by which objects are found.

use evercert_api::certmanager::v1::{Certificate, CertificateRequest, ClusterIssuer, Issuer, IssuerSpec};
use evercert_api::meta::v1::ConditionStatus;
use evercert_core::conditions;
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Scope, Watched};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use kube::core::PartialObjectMeta;

use crate::acme;
use crate::certificates::request_match::issuer_ref;
use crate::flags::Settings;
use crate::issuers::object::index_key;
use crate::names::conditions::READY;
use crate::names::{GROUP, KIND_CERTIFICATE, annotations, reasons};

/// By the Secret that an object names.
pub const BY_SECRET: &str = "secret";
/// By the uid of the Certificate that owns a request.
pub const BY_OWNER: &str = "owner";
/// By the issuer that a request without a result names.
pub const BY_ISSUER: &str = "issuer";
/// By the Secret that a request without a result says its key is in.
pub const BY_KEY: &str = "key";

/// Certificates.
pub fn certificates(rt: &Runtime, scope: Scope) -> Watched<Certificate> {
    Watched::builder(rt.client.clone(), scope)
        .index(BY_SECRET, |certificate: &Certificate| {
            vec![path(
                &certificate.namespace().unwrap_or_default(),
                &certificate.spec.secret_name,
            )]
        })
        .start(rt)
}

/// CertificateRequests, without the certificates of those that are answered.
pub fn requests(rt: &Runtime, scope: Scope) -> Watched<CertificateRequest> {
    Watched::builder(rt.client.clone(), scope)
        .trim(trim_request)
        .index(BY_OWNER, |request: &CertificateRequest| {
            owner(&request.metadata).map(|(_, uid)| uid).into_iter().collect()
        })
        .index(BY_ISSUER, |request: &CertificateRequest| {
            open(request, |ns, request| {
                let issuer = issuer_ref(&request.spec.issuer_ref);
                (issuer.group == GROUP).then(|| index_key(&issuer.kind, ns, &issuer.name))
            })
        })
        .index(BY_KEY, |request: &CertificateRequest| {
            open(request, |ns, request| {
                request
                    .annotations()
                    .get(annotations::PRIVATE_KEY_SECRET)
                    .map(|name| path(ns, name))
            })
        })
        .start(rt)
}

/// Issuers.
pub fn issuers(rt: &Runtime, scope: Scope) -> Watched<Issuer> {
    let by_secret = |issuer: &Issuer| secret_paths(&issuer.namespace().unwrap_or_default(), &issuer.spec);
    Watched::builder(rt.client.clone(), scope)
        .index(BY_SECRET, by_secret)
        .start(rt)
}

/// ClusterIssuers; none where only one namespace is looked at.
pub fn cluster_issuers(rt: &Runtime, settings: &Settings) -> Option<Watched<ClusterIssuer>> {
    if !settings.namespace.is_empty() {
        return None;
    }
    let namespace = settings.cluster_resource_namespace.clone();
    let by_secret = move |issuer: &ClusterIssuer| secret_paths(&namespace, &issuer.spec);
    Some(
        Watched::builder(rt.client.clone(), Scope::All)
            .index(BY_SECRET, by_secret)
            .start(rt),
    )
}

/// Metadata of all Secrets: that they are there, and which version.
pub fn secrets(rt: &Runtime, scope: Scope) -> Watched<PartialObjectMeta<Secret>> {
    Watched::builder(rt.client.clone(), scope)
        .trim(|secret: &mut PartialObjectMeta<Secret>| trim_secret(&mut secret.metadata))
        .start(rt)
}

/// `ns/name`.
pub fn path(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}

/// Name and uid of the Certificate that controls an object.
pub fn owner(metadata: &ObjectMeta) -> Option<(String, String)> {
    let references = metadata.owner_references.as_deref().unwrap_or_default();
    let ours = |api_version: &str| api_version.split('/').next() == Some(GROUP);
    let owner = references
        .iter()
        .find(|owner| owner.controller == Some(true) && owner.kind == KIND_CERTIFICATE && ours(&owner.api_version))?;
    Some((owner.name.clone(), owner.uid.clone()))
}

/// A request whose result is there for good.
pub fn is_terminal(request: &CertificateRequest) -> bool {
    let Some(status) = &request.status else { return false };
    let Some(ready) = conditions::find(&status.conditions, READY) else {
        return false;
    };
    match ready.status {
        ConditionStatus::True => true,
        _ => matches!(ready.reason.as_str(), reasons::FAILED | reasons::DENIED),
    }
}

fn open(request: &CertificateRequest, value: impl Fn(&str, &CertificateRequest) -> Option<String>) -> Vec<String> {
    if is_terminal(request) {
        return vec![];
    }
    value(&request.namespace().unwrap_or_default(), request)
        .into_iter()
        .collect()
}

fn secret_paths(namespace: &str, spec: &IssuerSpec) -> Vec<String> {
    let ca = spec.ca.iter().map(|ca| ca.secret_name.clone());
    let acme = spec.acme.iter().flat_map(acme::issuer_secrets);
    ca.chain(acme).map(|name| path(namespace, &name)).collect()
}

/// The answer is read when it is needed; what is left of a request with an answer is its CSR, for comparing.
fn trim_request(request: &mut CertificateRequest) {
    request.metadata.labels = None;
    let kept = |key: &str| {
        matches!(key, annotations::REVISION | annotations::PRIVATE_KEY_SECRET)
            || key.starts_with("acme.cert-manager.io/")
    };
    if let Some(annotations) = &mut request.metadata.annotations {
        annotations.retain(|key, _| kept(key));
    }
    request.spec.groups = vec![];
    request.spec.extra.clear();
    if is_terminal(request)
        && let Some(status) = &mut request.status
    {
        status.certificate = None;
        status.ca = None;
    }
}

fn trim_secret(metadata: &mut ObjectMeta) {
    *metadata = ObjectMeta {
        name: metadata.name.take(),
        namespace: metadata.namespace.take(),
        uid: metadata.uid.take(),
        resource_version: metadata.resource_version.take(),
        ..ObjectMeta::default()
    };
}
