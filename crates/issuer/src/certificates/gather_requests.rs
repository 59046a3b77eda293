//! The requests of a Certificate: how they compare with its spec, and what they were answered.

use std::sync::Arc;

use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_api::meta::v1::ConditionStatus;
use evercert_core::conditions;
use evercert_core::watch::Key;
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::csr::Csr;
use evercert_pki::limits;
use jiff::Timestamp;
use kube::ResourceExt;

use super::observed::{Answer, Observed, RequestFacts};
use super::request_match::request_mismatch;
use super::revision;
use crate::context::Context;
use crate::error::Error;
use crate::memory::{HeldAnswer, MatchedRequest, Memory};
use crate::names::conditions::{DENIED, INVALID_REQUEST, READY};
use crate::names::{annotations, reasons};
use crate::stores::BY_OWNER;

/// Requests of the Certificate, oldest first.
pub fn requests(ctx: &Context, key: &Key, certificate: &Certificate, memory: &Memory) -> Vec<RequestFacts> {
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
pub async fn read_answer(ctx: &Context, key: &Key, memory: &Memory, observed: &mut Observed) -> Result<(), Error> {
    let Some(candidate) = observed
        .candidate()
        .filter(|candidate| candidate.answer == Answer::Issued)
    else {
        return Ok(());
    };
    let (name, uid) = (candidate.name.clone(), candidate.uid.clone());
    let facts = if let Some(held) = memory.answer.as_ref().filter(|held| held.request == uid) {
        held.facts.clone()
    } else {
        let request: Option<CertificateRequest> = ctx.writer.get(key.namespace.as_deref(), &name).await?;
        let Some(request) = request.filter(|request| request.uid().as_deref() == Some(&*uid)) else {
            return Err(Error::Stale("CertificateRequest"));
        };
        let held = Arc::new(held(&request));
        let facts = held.facts.clone();
        ctx.memories.with(key, |memory| memory.answer = Some(held));
        facts
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
