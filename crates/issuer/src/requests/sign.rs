//! Answers of the built-in issuers: a certificate, or why there is none.

use std::sync::Arc;

use evercert_api::GoDuration;
use evercert_api::certmanager::v1::{CertificateRequest, KeyUsage};
use evercert_core::contract::keys::TLS_KEY;
use evercert_core::watch::Key;
use evercert_pki::Error as PkiError;
use evercert_pki::certificate::{Certificate, to_pem_chain};
use evercert_pki::chain::normalise;
use evercert_pki::csr::Csr;
use evercert_pki::key::PrivateKey;
use evercert_pki::sign::{Signer, SigningTemplate, sign};
use evercert_pki::usage::Usages;
use jiff::Timestamp;
use kube::ResourceExt;

use crate::certificates::facts::bytes;
use crate::context::Context;
use crate::error::Error;
use crate::issuers::ca::CaPair;
use crate::issuers::object::IssuerObject;
use crate::names::{DEFAULT_DURATION, annotations, reasons};
use crate::stores::owner;

/// What an issuer says to a request.
#[derive(Debug)]
pub enum Signed {
    /// A certificate.
    Issued(Pem),
    /// Not yet: reason of the event, message.
    Wait(&'static str, String),
    /// Never: reason of the event, message.
    Never(&'static str, String),
}

/// A certificate as it goes into the status.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    /// Leaf first.
    pub chain: String,
    /// The root, or the topmost intermediate.
    pub ca: Option<String>,
    /// Digest of the leaf, its key, its end.
    pub leaf: Certificate,
}

/// Everything but the signer.
#[derive(Debug)]
struct Work {
    csr: Csr,
    usages: Usages,
    is_ca: bool,
    serial: [u8; 16],
    not_before: Timestamp,
    not_after: Timestamp,
    crl_distribution_points: Vec<String>,
    ocsp_servers: Vec<String>,
    issuing_certificate_urls: Vec<String>,
}

/// Signs with the key of a CA issuer.
pub async fn with_ca(
    ctx: &Context,
    request: &CertificateRequest,
    csr: Csr,
    issuer: &IssuerObject,
) -> Result<Signed, Error> {
    let Some(spec) = issuer.spec().ca.as_ref() else {
        return Ok(wait_for_issuer());
    };
    let now = ctx.rt.clock.now();
    let pair = match ctx
        .ca(&issuer.secret_namespace(&ctx.settings), &spec.secret_name, now)
        .await?
    {
        Ok(pair) => pair,
        Err(unusable) if unusable.reason == reasons::ERR_GET_KEY_PAIR => {
            return Ok(Signed::Wait(reasons::SECRET_MISSING, unusable.message));
        }
        Err(unusable) => return Ok(Signed::Wait(reasons::SECRET_INVALID_DATA, unusable.message)),
    };
    let work = match work(request, csr, now) {
        Ok(work) => Work {
            crl_distribution_points: spec.crl_distribution_points.clone(),
            ocsp_servers: spec.ocsp_servers.clone(),
            issuing_certificate_urls: spec.issuing_certificate_urls.clone(),
            ..work
        },
        Err(error) => return Ok(Signed::Never(reasons::SIGNING_ERROR, error.to_string())),
    };
    let answer = ctx.compute(move || sign_with_ca(&work, &pair)).await?;
    Ok(answer.map_or_else(
        |error| Signed::Never(reasons::SIGNING_ERROR, format!("Error signing certificate: {error}")),
        Signed::Issued,
    ))
}

/// Signs with the requester's own key.
pub async fn with_own_key(
    ctx: &Context,
    request: &CertificateRequest,
    csr: Csr,
    issuer: &IssuerObject,
) -> Result<Signed, Error> {
    let Some(spec) = issuer.spec().self_signed.as_ref() else {
        return Ok(wait_for_issuer());
    };
    let key = match own_key(ctx, request).await? {
        Ok(key) => key,
        Err(signed) => return Ok(signed),
    };
    if *key.public_key() != csr.public_key {
        let message =
            "Error generating certificate: the CSR was not signed by the private key in the referenced Secret"
                .to_owned();
        return Ok(Signed::Never(reasons::ERROR_KEY_MATCH, message));
    }
    let work = match work(request, csr, ctx.rt.clock.now()) {
        Ok(work) => Work {
            crl_distribution_points: spec.crl_distribution_points.clone(),
            ..work
        },
        Err(error) => return Ok(Signed::Never(reasons::ERROR_SIGNING, error.to_string())),
    };
    let answer = ctx.compute(move || sign_with_own_key(&work, &key)).await?;
    Ok(answer.map_or_else(
        |error| Signed::Never(reasons::ERROR_SIGNING, format!("Error signing certificate: {error}")),
        Signed::Issued,
    ))
}

fn wait_for_issuer() -> Signed {
    Signed::Wait(
        reasons::ISSUER_NOT_READY,
        "Referenced issuer changed its type".to_owned(),
    )
}

/// The requester's key: from the memory of its Certificate, or from the Secret that the request names.
async fn own_key(ctx: &Context, request: &CertificateRequest) -> Result<Result<PrivateKey, Signed>, Error> {
    let Some(name) = request
        .annotations()
        .get(annotations::PRIVATE_KEY_SECRET)
        .filter(|name| !name.is_empty())
    else {
        let message = format!(
            "Annotation {:?} missing or reference empty; it must name the Secret with the private key",
            annotations::PRIVATE_KEY_SECRET
        );
        return Ok(Err(Signed::Never(reasons::MISSING_ANNOTATION, message)));
    };
    let namespace = request.namespace().unwrap_or_default();
    let held = owner(&request.metadata).and_then(|(certificate, uid)| {
        ctx.memories
            .key_for(&Key::namespaced(&namespace, &certificate), &uid, name)
    });
    if let Some(held) = held {
        return Ok(Ok(held.key.clone()));
    }
    let Some(secret) = ctx.secret(&namespace, name).await? else {
        let message = format!("Referenced Secret {namespace}/{name} not found");
        return Ok(Err(Signed::Wait(reasons::MISSING_SECRET, message)));
    };
    let key = bytes(&secret, TLS_KEY).ok_or_else(|| "it has no tls.key".to_owned());
    let key = key.and_then(|pem| PrivateKey::from_pem(pem).map_err(|error| error.to_string()));
    Ok(key.map_err(|error| {
        Signed::Wait(
            reasons::ERROR_PARSING_KEY,
            format!("Failed to get key {name:?} referenced in annotation: {error}"),
        )
    }))
}

fn work(request: &CertificateRequest, csr: Csr, now: Timestamp) -> Result<Work, PkiError> {
    let names: Vec<_> = request.spec.usages.iter().map(KeyUsage::as_str).collect();
    let duration = request.spec.duration.map_or(DEFAULT_DURATION, GoDuration::to_std);
    let not_before = Timestamp::from_second(now.as_second()).unwrap_or(now);
    Ok(Work {
        csr,
        usages: Usages::from_names(&names, request.spec.is_ca)?,
        is_ca: request.spec.is_ca,
        serial: crate::random::bytes().map_err(|source| PkiError::OpenSsl {
            operation: "draw a serial number",
            source,
        })?,
        not_before,
        not_after: not_before.checked_add(duration).unwrap_or(Timestamp::MAX),
        crl_distribution_points: vec![],
        ocsp_servers: vec![],
        issuing_certificate_urls: vec![],
    })
}

fn sign_with_ca(work: &Work, pair: &Arc<CaPair>) -> Result<Pem, PkiError> {
    let Some(certificate) = pair.certificate() else {
        return Err(PkiError::NoPem { what: "certificate" });
    };
    let leaf = sign(
        &work.template(),
        &Signer::Ca {
            certificate,
            key: &pair.key,
        },
    )?;
    let normalised = normalise([std::slice::from_ref(&leaf), &pair.chain].concat())?;
    Ok(Pem {
        chain: to_pem_chain(&normalised.chain),
        ca: normalised.ca.map(|ca| ca.to_pem()),
        leaf,
    })
}

fn sign_with_own_key(work: &Work, key: &PrivateKey) -> Result<Pem, PkiError> {
    let leaf = sign(&work.template(), &Signer::SelfSigned(key))?;
    let pem = leaf.to_pem();
    Ok(Pem {
        chain: pem.clone(),
        ca: Some(pem),
        leaf,
    })
}

impl Work {
    fn template(&self) -> SigningTemplate<'_> {
        SigningTemplate {
            csr: &self.csr,
            usages: &self.usages,
            is_ca: self.is_ca,
            serial: self.serial,
            not_before: self.not_before,
            not_after: self.not_after,
            crl_distribution_points: &self.crl_distribution_points,
            ocsp_servers: &self.ocsp_servers,
            issuing_certificate_urls: &self.issuing_certificate_urls,
        }
    }
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pem").field("leaf", &self.leaf).finish_non_exhaustive()
    }
}
