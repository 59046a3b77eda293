//! One pass over a CertificateRequest: approval and result go out in one status write, and nothing is written without a change.

use std::sync::Arc;

use evercert_api::certmanager::v1::{CertificateRequest, CertificateRequestStatus};
use evercert_api::meta::v1::ConditionStatus;
use evercert_api::{ByteString, Time};
use evercert_core::conditions::{self, Wanted, whole_second};
use evercert_core::controller::Next;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use jiff::Timestamp;
use kube::ResourceExt;

use super::decide::{Outcome, decide};
use super::gather::{Gathered, gather};
use super::sign::{Pem, Signed, with_ca, with_own_key};
use crate::acme::{self, RequestOutcome};
use crate::certificates::observed::Answer;
use crate::context::Context;
use crate::error::Error;
use crate::issuers::object::{IssuerObject, IssuerType};
use crate::memory::HeldAnswer;
use crate::names::conditions::{APPROVED, INVALID_REQUEST, READY};
use crate::names::reasons;

/// One pass by the request's own controller; leaves a request alone that its Certificate's pass is answering.
pub async fn reconcile(ctx: &Context, key: &Key) -> Result<Next, Error> {
    let Some(_guard) = ctx.answering.take(key) else {
        return Ok(Next::Done);
    };
    Ok(answer(ctx, key).await?.0)
}

/// One pass; whoever calls it holds the guard. Returns what was issued, if something was.
pub async fn answer(ctx: &Context, key: &Key) -> Result<(Next, Option<HeldAnswer>), Error> {
    let Some(request) = ctx
        .requests
        .get_key(key)
        .filter(|request| request.metadata.deletion_timestamp.is_none())
    else {
        return Ok((Next::Done, None));
    };
    let Gathered { observed, csr, issuer } = gather(ctx, &request);
    let plan = decide(&observed);
    let mut change = Change::new(ctx, &request);
    if plan.approve {
        change.approve();
    }
    let type_ = match &plan.outcome {
        Outcome::Sign(type_) => Some(*type_),
        _ => None,
    };
    let next = match (plan.outcome, csr, issuer) {
        (Outcome::Sign(IssuerType::Acme), _, Some(issuer)) => return acme_request(ctx, change, &issuer).await,
        (Outcome::Sign(type_), Some(csr), Some(issuer)) => {
            change.signed(sign(ctx, &request, csr, &issuer, type_).await?)
        }
        (outcome, ..) => change.outcome(outcome),
    };
    let issued = change.issued.take();
    let request = change.write(type_).await?;
    Ok((next, issued.map(|pem| held(&request, pem))))
}

async fn sign(
    ctx: &Context,
    request: &CertificateRequest,
    csr: evercert_pki::csr::Csr,
    issuer: &IssuerObject,
    type_: IssuerType,
) -> Result<Signed, Error> {
    match type_ {
        IssuerType::Ca => with_ca(ctx, request, csr, issuer).await,
        IssuerType::SelfSigned => with_own_key(ctx, request, csr, issuer).await,
        other => Ok(Signed::Wait(
            reasons::ISSUER_NOT_READY,
            format!("Issuers of type {other:?} are not supported yet"),
        )),
    }
}

/// The approval is in the API before the ACME part sees the request.
async fn acme_request(
    ctx: &Context,
    change: Change<'_>,
    issuer: &IssuerObject,
) -> Result<(Next, Option<HeldAnswer>), Error> {
    let type_ = Some(IssuerType::Acme);
    let request = change.write(None).await?;
    let outcome = acme::request(ctx, &request, issuer)
        .await
        .map_err(|error| Error::Acme(Box::new(error)))?;
    let mut change = Change::new(ctx, &request);
    let next = match outcome {
        RequestOutcome::Pending {
            reason_event,
            message,
            next,
        } => {
            let (event, note) = reason_event.map_or((None, message.clone()), |(event, note)| (Some(event), note));
            change.pending(event, &message, &note, false);
            next
        }
        RequestOutcome::Issued { chain_pem } => {
            change.acme_chain(&chain_pem);
            Next::Done
        }
        RequestOutcome::Failed { event, message } => change.failed(event, message, false),
        RequestOutcome::Invalid { event, message } => change.failed(event, message, true),
    };
    change.write(type_).await?;
    Ok((next, None))
}

/// What decisions and the target Secret need of an answer that was just written.
fn held(request: &CertificateRequest, pem: Pem) -> HeldAnswer {
    let facts = Answer::Certificate {
        fingerprint: pem.leaf.fingerprint(),
        public: pem
            .leaf
            .public_key()
            .map(evercert_pki::key::PublicKey::fingerprint)
            .unwrap_or_default(),
        not_after: pem.leaf.not_after(),
    };
    HeldAnswer {
        request: request.uid().unwrap_or_default(),
        chain: pem.chain.into_bytes(),
        ca: pem.ca.map(String::into_bytes),
        facts,
    }
}

/// A status in the making, and what to tell about it.
struct Change<'a> {
    ctx: &'a Context,
    request: &'a CertificateRequest,
    status: CertificateRequestStatus,
    now: Timestamp,
    events: Vec<(bool, &'static str, String)>,
    issued: Option<Pem>,
}

impl<'a> Change<'a> {
    fn new(ctx: &'a Context, request: &'a CertificateRequest) -> Self {
        let status = request.status.clone().unwrap_or_default();
        Self {
            ctx,
            request,
            status,
            now: ctx.rt.clock.now(),
            events: vec![],
            issued: None,
        }
    }

    fn approve(&mut self) {
        let message = "Certificate request has been approved by cert-manager.io";
        let wanted = Wanted::new(APPROVED, ConditionStatus::True, reasons::APPROVED_BY, message);
        conditions::set(&mut self.status.conditions, wanted, self.now);
    }

    fn outcome(&mut self, outcome: Outcome) -> Next {
        match outcome {
            Outcome::Leave | Outcome::Sign(_) => Next::Done,
            Outcome::AwaitApproval => {
                let message = "Not signing CertificateRequest until it is Approved";
                self.events
                    .push((false, reasons::WAITING_FOR_APPROVAL, message.to_owned()));
                Next::Done
            }
            Outcome::Deny => {
                self.ready(
                    ConditionStatus::False,
                    reasons::DENIED,
                    "The CertificateRequest was denied by an approval controller",
                );
                self.status.failure_time = Some(Time(whole_second(self.now)));
                Next::Done
            }
            Outcome::Wait { event, message } => {
                self.pending(Some(event), &message, &message, false);
                Next::Done
            }
            Outcome::Refuse(message) => self.failed(reasons::DECODE_ERROR, message, true),
        }
    }

    fn signed(&mut self, signed: Signed) -> Next {
        match signed {
            Signed::Issued(pem) => {
                self.issue(&pem.chain, pem.ca.as_deref());
                self.issued = Some(pem);
                Next::Done
            }
            Signed::Wait(event, message) => {
                self.pending(Some(event), &message, &message, true);
                Next::Done
            }
            Signed::Never(event, message) => self.failed(event, message, false),
        }
    }

    fn issue(&mut self, chain: &str, ca: Option<&str>) {
        self.status.certificate = Some(ByteString(chain.as_bytes().to_vec()));
        self.status.ca = ca.map(|ca| ByteString(ca.as_bytes().to_vec()));
        self.ready(
            ConditionStatus::True,
            reasons::ISSUED,
            "Certificate fetched from issuer successfully",
        );
        let ours = crate::stores::owner(&self.request.metadata).is_some();
        if !ours {
            let message = "Certificate fetched from issuer successfully".to_owned();
            self.events.push((false, reasons::CERTIFICATE_ISSUED, message));
        }
    }

    /// Puts an ACME answer in order; `status.ca` stays empty, as upstream's.
    fn acme_chain(&mut self, pem: &[u8]) {
        use evercert_pki::certificate::{Certificate, to_pem_chain};
        let chain =
            Certificate::bundle_from_pem(pem, evercert_pki::limits::CHAIN).and_then(evercert_pki::chain::normalise);
        match chain {
            Ok(normalised) => self.issue(&to_pem_chain(&normalised.chain), None),
            Err(error) => {
                _ = self.failed(
                    "OrderBadCertificate",
                    format!("The ACME server returned no usable certificate: {error}"),
                    false,
                );
            }
        }
    }

    /// The event is told when the message is new.
    fn pending(&mut self, event: Option<&'static str>, message: &str, note: &str, warning: bool) {
        let before = conditions::find(&self.status.conditions, READY);
        let news = before.is_none_or(|before| before.message != message);
        self.ready(ConditionStatus::False, reasons::PENDING, message);
        self.events
            .extend(event.filter(|_| news).map(|event| (warning, event, note.to_owned())));
    }

    fn failed(&mut self, event: &'static str, message: String, invalid: bool) -> Next {
        if invalid {
            let wanted = Wanted::new(INVALID_REQUEST, ConditionStatus::True, event, message.clone());
            conditions::set(&mut self.status.conditions, wanted, self.now);
        }
        self.ready(ConditionStatus::False, reasons::FAILED, &message);
        self.status.failure_time = Some(Time(whole_second(self.now)));
        self.events.push((true, event, message));
        Next::Done
    }

    fn ready(&mut self, status: ConditionStatus, reason: &str, message: &str) {
        conditions::set(
            &mut self.status.conditions,
            Wanted::new(READY, status, reason, message),
            self.now,
        );
    }

    /// Writes the status if it changed, and tells what there is to tell.
    async fn write(self, type_: Option<IssuerType>) -> Result<Arc<CertificateRequest>, Error> {
        let request = if self.request.status.as_ref() == Some(&self.status)
            || self.status == CertificateRequestStatus::default()
        {
            Arc::new(self.request.clone())
        } else {
            let request = CertificateRequest {
                status: Some(self.status),
                ..self.request.clone()
            };
            let written: CertificateRequest = self.ctx.writer.replace_status(&request).await?;
            self.ctx.requests.written(written.clone());
            Arc::new(written)
        };
        let events = self.ctx.rt.events.reporting_as(component(type_));
        for (warning, reason, message) in self.events {
            let on = reference(&*request);
            if warning {
                events.warning(&on, reason, message);
            } else {
                events.normal(&on, reason, message);
            }
        }
        Ok(request)
    }
}

/// Event source, as upstream names it.
fn component(type_: Option<IssuerType>) -> &'static str {
    match type_ {
        Some(IssuerType::SelfSigned) => "cert-manager-certificaterequests-issuer-selfsigned",
        Some(IssuerType::Acme) => "cert-manager-certificaterequests-issuer-acme",
        Some(IssuerType::Ca) => "cert-manager-certificaterequests-issuer-ca",
        _ => "cert-manager-certificaterequests-approver",
    }
}
