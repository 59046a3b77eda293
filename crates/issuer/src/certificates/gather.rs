//! Reads what a decision about a Certificate needs: stores and memory, and the API server only for what neither has.

use std::sync::Arc;

use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_api::meta::v1::ConditionStatus;
use evercert_core::conditions;
use evercert_core::contract::keys::TLS_KEY;
use evercert_core::watch::Key;
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::csr::Csr;
use evercert_pki::key::{KeyAlgorithm, PrivateKey};
use evercert_pki::limits;
use jiff::Timestamp;
use kube::ResourceExt;

use super::observed::{Answer, NextKey, Observed, RequestFacts, SecretFacts, Wish};
use super::renewal::Rule;
use super::request_match::{certificate_mismatch, issuer_ref, request_mismatch};
use super::{csr, facts, owner, revision, secret, status};
use crate::context::Context;
use crate::error::Error;
use crate::issuers::object::IssuerType;
use crate::memory::{Compared, HeldAnswer, HeldKey, MatchedRequest, Memory};
use crate::names::conditions::{DENIED, INVALID_REQUEST, READY};
use crate::names::{annotations, reasons};
use crate::stores::{BY_OWNER, BY_SECRET, path};

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

/// Requests of the Certificate, oldest first.
fn requests(ctx: &Context, key: &Key, certificate: &Certificate, memory: &Memory) -> Vec<RequestFacts> {
    let uid = certificate.uid().unwrap_or_default();
    let mut found: Vec<_> = ctx
        .requests
        .by_index(BY_OWNER, &uid)
        .into_iter()
        .filter(|request| request.metadata.deletion_timestamp.is_none())
        .collect();
    found.sort_by_key(|request| request.metadata.creation_timestamp.as_ref().map(|time| time.0));
    let matched: Vec<_> = found
        .iter()
        .map(|request| matched(certificate, request, memory))
        .collect();
    let changed = matched.len() != memory.requests.len()
        || matched
            .iter()
            .zip(&memory.requests)
            .any(|(new, old)| !Arc::ptr_eq(new, old));
    if changed {
        ctx.memories.with(key, |memory| memory.requests.clone_from(&matched));
    }
    found
        .iter()
        .zip(&matched)
        .map(|(request, matched)| request_facts(request, matched))
        .collect()
}

/// The comparison with the spec, from memory where neither has changed.
fn matched(certificate: &Certificate, request: &CertificateRequest, memory: &Memory) -> Arc<MatchedRequest> {
    let (uid, generation) = (
        request.uid().unwrap_or_default(),
        certificate.metadata.generation.unwrap_or_default(),
    );
    if let Some(known) = memory
        .requests
        .iter()
        .find(|known| known.uid == uid && known.generation == generation)
    {
        return known.clone();
    }
    let csr = Csr::from_pem(&request.spec.request.0).ok();
    let mismatch = csr
        .as_ref()
        .map(|csr| request_mismatch(&certificate.spec, &request.spec, csr))
        .unwrap_or_default();
    Arc::new(MatchedRequest {
        uid,
        generation,
        public: csr.map(|csr| csr.public_key.fingerprint()),
        mismatch,
    })
}

fn request_facts(request: &CertificateRequest, matched: &MatchedRequest) -> RequestFacts {
    let created = request
        .metadata
        .creation_timestamp
        .as_ref()
        .map_or(Timestamp::UNIX_EPOCH, |time| time.0);
    RequestFacts {
        name: request.name_any(),
        uid: matched.uid.clone(),
        revision: revision::parse(request.annotations().get(annotations::REVISION).map(String::as_str)),
        created,
        public: matched.public,
        mismatch: matched.mismatch.clone(),
        answer: answer(request, created),
    }
}

/// What the conditions of a request say, in the order of certificates.md 2.4.
fn answer(request: &CertificateRequest, created: Timestamp) -> Answer {
    let status = request.status.clone().unwrap_or_default();
    let failed_at = status.failure_time.as_ref().map(|time| time.0);
    let find = |type_| conditions::find(&status.conditions, type_);
    let failed = |condition: &evercert_api::meta::v1::Condition| Answer::Failed {
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        at: failed_at
            .or(condition.last_transition_time.as_ref().map(|time| time.0))
            .unwrap_or(created),
    };
    let refused = [DENIED, INVALID_REQUEST]
        .into_iter()
        .filter_map(find)
        .find(|condition| condition.status == ConditionStatus::True);
    if let Some(condition) = refused {
        return failed(condition);
    }
    match find(READY) {
        Some(ready) if ready.reason == reasons::FAILED || ready.reason == reasons::DENIED => failed(ready),
        Some(ready) if ready.status == ConditionStatus::True => Answer::Issued,
        _ => Answer::Waiting,
    }
}

/// Fills in what the candidate was answered with: from memory, or read from the API server.
async fn read_answer(ctx: &Context, key: &Key, memory: &Memory, observed: &mut Observed) -> Result<(), Error> {
    let Some(candidate) = observed
        .candidate()
        .filter(|candidate| candidate.answer == Answer::Issued)
    else {
        return Ok(());
    };
    let (name, uid) = (candidate.name.clone(), candidate.uid.clone());
    let facts = match memory.answer.as_ref().filter(|held| held.request == uid) {
        Some(held) => held.facts.clone(),
        None => {
            let request: Option<CertificateRequest> = ctx.writer.get(key.namespace.as_deref(), &name).await?;
            let Some(request) = request.filter(|request| request.uid().as_deref() == Some(&*uid)) else {
                return Err(Error::Stale("CertificateRequest"));
            };
            let held = Arc::new(held(&request));
            let facts = held.facts.clone();
            ctx.memories.with(key, |memory| memory.answer = Some(held));
            facts
        }
    };
    for request in observed.requests.iter_mut().filter(|request| request.uid == uid) {
        request.answer = facts.clone();
    }
    Ok(())
}

fn held(request: &CertificateRequest) -> HeldAnswer {
    let status = request.status.clone().unwrap_or_default();
    let chain = status.certificate.map(|bytes| bytes.0).unwrap_or_default();
    let leaf = X509::bundle_from_pem(&chain, limits::CHAIN).map(|chain| chain.into_iter().next());
    let facts = match leaf {
        Ok(Some(leaf)) => Answer::Certificate {
            fingerprint: leaf.fingerprint(),
            public: leaf
                .public_key()
                .map(evercert_pki::key::PublicKey::fingerprint)
                .unwrap_or_default(),
            not_after: leaf.not_after(),
        },
        Ok(None) => Answer::Garbage("it is empty".to_owned()),
        Err(error) => Answer::Garbage(error.to_string()),
    };
    HeldAnswer {
        request: request.uid().unwrap_or_default(),
        chain,
        ca: status.ca.map(|bytes| bytes.0).filter(|ca| !ca.is_empty()),
        facts,
    }
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
