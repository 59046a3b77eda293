//! Reads what a decision about a Certificate needs: stores and memory, and the API server only for what neither has.

use std::sync::Arc;

use evercert_api::certmanager::v1::Certificate;
use evercert_core::contract::keys::TLS_KEY;
use evercert_core::watch::Key;
use evercert_pki::key::{KeyAlgorithm, PrivateKey};
use kube::ResourceExt;

use super::gather_requests::{read_answer, requests};
use super::observed::{NextKey, Observed, SecretFacts, Wish};
use super::renewal::Rule;
use super::request_match::{certificate_mismatch, issuer_ref};
use super::{csr, facts, owner, revision, secret, status};
use crate::context::Context;
use crate::error::Error;
use crate::issuers::object::IssuerType;
use crate::memory::{Compared, HeldKey, Memory};
use crate::names::annotations;
use crate::stores::{BY_SECRET, path};

/// Requests kept where the spec does not say.
const DEFAULT_HISTORY: i32 = 1;

/// A Certificate and everything about it.
pub async fn gather(ctx: &Context, key: &Key, certificate: &Arc<Certificate>) -> Result<Observed, Error> {
    let memory = ctx.memories.get(key, &certificate.uid().unwrap_or_default());
    let status = status::read(certificate.status.as_ref());
    let secret = target(ctx, key, certificate, &memory).await?;
    let (next_key, key_secret_taken) =
        next_key(ctx, key, certificate, &memory, status.next_key_secret.as_deref()).await?;
    let mut observed = Observed {
        wish: wish(certificate, ctx.settings.enable_certificate_owner_ref),
        rival: rival(ctx, certificate, secret.as_deref()),
        requests: requests(ctx, key, certificate, &memory),
        instant: is_instant(ctx, certificate),
        fresh_name: fresh_name(certificate),
        accounted: memory.accounted.clone(),
        secret_mismatch: vec![],
        status,
        secret,
        next_key,
        key_secret_taken,
    };
    read_answer(ctx, key, &memory, &mut observed).await?;
    if observed.current_request().is_none() {
        observed.secret_mismatch = compare(ctx, key, certificate, &observed).await?;
    }
    Ok(observed)
}

fn wish(certificate: &Certificate, owned: bool) -> Wish {
    let spec = &certificate.spec;
    let algorithm = csr::key_algorithm(spec);
    let problem = csr::template(spec)
        .err()
        .or_else(|| csr::key_algorithm(spec).err())
        .map(|error| crate::error::chain(&error));
    Wish {
        name: certificate.name_any(),
        generation: certificate.metadata.generation.unwrap_or_default(),
        problem,
        key: algorithm.unwrap_or(KeyAlgorithm::Rsa(2048)),
        keep_key: csr::keeps_key(spec),
        issuer: issuer_ref(&spec.issuer_ref),
        renewal: Rule {
            before: spec.renew_before.map(evercert_api::GoDuration::to_std),
            percentage: spec.renew_before_percentage,
            disabled: spec.renewal.as_ref().and_then(|renewal| renewal.policy.as_ref())
                == Some(&evercert_api::certmanager::v1::RenewalPolicy::Disabled),
        },
        history: usize::try_from(spec.revision_history_limit.unwrap_or(DEFAULT_HISTORY))
            .unwrap_or(1)
            .max(1),
        metadata: secret::wished_sum(certificate, owned),
        unsupported: spec.keystores.as_ref().and_then(unsupported),
    }
}

/// Keystores that are wished but not made by this version.
fn unsupported(keystores: &evercert_api::certmanager::v1::CertificateKeystores) -> Option<String> {
    let jks = keystores.jks.as_ref().is_some_and(|jks| jks.create);
    let pkcs12 = keystores.pkcs12.as_ref().is_some_and(|pkcs12| pkcs12.create);
    let remedy =
        "use the annotation cert-utils-operator.redhat-cop.io/generate-java-keystores in spec.secretTemplate instead";
    (jks || pkcs12).then(|| format!("spec.keystores is not supported yet, no keystore is written; for JKS {remedy}"))
}

/// Facts of the target Secret, from memory where its resourceVersion is the same.
async fn target(
    ctx: &Context,
    key: &Key,
    certificate: &Certificate,
    memory: &Memory,
) -> Result<Option<Arc<SecretFacts>>, Error> {
    let namespace = certificate.namespace().unwrap_or_default();
    let Some(seen) = ctx.secrets.get(Some(&namespace), &certificate.spec.secret_name) else {
        return Ok(None);
    };
    let same = |facts: &&Arc<SecretFacts>| {
        Some(&facts.uid) == seen.metadata.uid.as_ref()
            && Some(&facts.version) == seen.metadata.resource_version.as_ref()
    };
    if let Some(facts) = memory.secret.as_ref().filter(same) {
        return Ok(Some(facts.clone()));
    }
    let secret = ctx.secret(&namespace, &certificate.spec.secret_name).await?;
    let facts = secret.as_ref().map(|secret| Arc::new(facts::of(secret)));
    ctx.memories.with(key, |memory| memory.secret.clone_from(&facts));
    Ok(facts)
}

/// The next key, from memory or from the Secret that the status names; and whether that Secret is there, but holds none of ours.
async fn next_key(
    ctx: &Context,
    key: &Key,
    certificate: &Certificate,
    memory: &Memory,
    named: Option<&str>,
) -> Result<(Option<NextKey>, bool), Error> {
    if let Some(held) = &memory.next_key {
        return Ok((Some(seen(held)), false));
    }
    let Some(name) = named else { return Ok((None, false)) };
    let Some(secret) = ctx.secret(key.namespace.as_deref().unwrap_or_default(), name).await? else {
        return Ok((None, false));
    };
    let ours = secret.labels().contains_key(annotations::NEXT_PRIVATE_KEY)
        && secret
            .owner_references()
            .iter()
            .any(|owner| Some(&owner.uid) == certificate.metadata.uid.as_ref());
    let pem = facts::bytes(&secret, TLS_KEY).filter(|_| ours);
    let Some(private) = pem.and_then(|pem| PrivateKey::from_pem(pem).ok()) else {
        return Ok((None, true));
    };
    let held = Arc::new(HeldKey {
        secret: name.to_owned(),
        key: private,
        stored: true,
    });
    ctx.memories.with(key, |memory| memory.next_key = Some(held.clone()));
    Ok((Some(seen(&held)), false))
}

fn seen(held: &HeldKey) -> NextKey {
    NextKey {
        secret: held.secret.clone(),
        algorithm: held.key.algorithm(),
        public: held.key.public_key().fingerprint(),
        stored: held.stored,
    }
}

/// Another Certificate that owns the Secret which this one names too.
fn rival(ctx: &Context, certificate: &Certificate, secret: Option<&SecretFacts>) -> Option<String> {
    let namespace = certificate.namespace().unwrap_or_default();
    let claimants = ctx
        .certificates
        .by_index(BY_SECRET, &path(&namespace, &certificate.spec.secret_name));
    let claimants: Vec<_> = claimants
        .iter()
        .filter(|claimant| claimant.metadata.deletion_timestamp.is_none())
        .map(owner::Claimant::of)
        .collect();
    let name = certificate.name_any();
    owner::of(&claimants, secret.and_then(|secret| secret.certificate_name.as_deref()))
        .filter(|owner| *owner != name)
        .map(str::to_owned)
}

/// How the certificate in the Secret differs from the spec, where there is no request to compare with.
async fn compare(
    ctx: &Context,
    key: &Key,
    certificate: &Certificate,
    observed: &Observed,
) -> Result<Vec<&'static str>, Error> {
    let Some(secret) = observed.secret.as_ref().filter(|_| observed.leaf().is_some()) else {
        return Ok(vec![]);
    };
    let generation = observed.wish.generation;
    let known = ctx.memories.with(key, |memory| memory.secret_mismatch.clone());
    if let Some(known) = known.filter(|known| known.version == secret.version && known.generation == generation) {
        return Ok(known.mismatch.clone());
    }
    let found = ctx
        .secret(
            &certificate.namespace().unwrap_or_default(),
            &certificate.spec.secret_name,
        )
        .await?;
    let leaf = found
        .as_ref()
        .filter(|found| found.resource_version().as_deref() == Some(&*secret.version))
        .and_then(facts::leaf);
    let Some(leaf) = leaf else {
        return Err(Error::Stale("Secret"));
    };
    let mismatch = certificate_mismatch(&certificate.spec, &leaf);
    let compared = Compared {
        version: secret.version.clone(),
        generation,
        mismatch: mismatch.clone(),
    };
    ctx.memories
        .with(key, |memory| memory.secret_mismatch = Some(Arc::new(compared)));
    Ok(mismatch)
}

/// Whether a built-in issuer is ready, and nobody else has to approve.
fn is_instant(ctx: &Context, certificate: &Certificate) -> bool {
    let issuer = ctx.issuer(
        &certificate.namespace().unwrap_or_default(),
        &issuer_ref(&certificate.spec.issuer_ref),
    );
    let built_in = issuer
        .filter(crate::issuers::object::IssuerObject::is_ready)
        .and_then(|issuer| issuer.issuer_type());
    ctx.settings.approves() && matches!(built_in, Some(IssuerType::Ca | IssuerType::SelfSigned))
}

fn fresh_name(certificate: &Certificate) -> String {
    revision::key_secret_name(&certificate.name_any(), crate::random::bytes().unwrap_or_default())
}
