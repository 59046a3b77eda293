//! Stand-in until the ACME part is here: ACME issuers say that they are not supported yet.

use std::sync::Arc;

use evercert_api::acme::v1::{AcmeIssuer, AcmeIssuerStatus};
use evercert_api::certmanager::v1::CertificateRequest;
use evercert_core::controller::Next;
use evercert_core::runtime::Runtime;
use evercert_core::watch::Key;
use futures::stream::BoxStream;

use crate::context::Context;
use crate::flags::Settings;
use crate::issuers::object::IssuerObject;

/// Nothing.
#[derive(Debug, Clone)]
pub struct State;

impl State {
    /// Nothing to start.
    pub fn start(_: &Runtime, _: &Settings) -> Self {
        Self
    }

    /// At once.
    pub async fn synced(&self) {}

    /// None.
    pub fn request_triggers(&self) -> Vec<BoxStream<'static, Key>> {
        vec![]
    }
}

/// Never happens.
#[derive(Debug, thiserror::Error)]
pub enum Error {}

/// Result of a set-up.
#[derive(Debug)]
pub struct IssuerOutcome {
    /// Condition Ready.
    pub ready: bool,
    /// Its reason.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// `status.acme`.
    pub acme: Option<AcmeIssuerStatus>,
    /// When to look again.
    pub next: Next,
}

/// Result of a look at a request.
#[derive(Debug)]
pub enum RequestOutcome {
    /// Not yet.
    Pending {
        /// Event to tell once.
        reason_event: Option<(&'static str, String)>,
        /// Message of the condition.
        message: String,
        /// When to look again.
        next: Next,
    },
    /// Done.
    Issued {
        /// Leaf first.
        chain_pem: Vec<u8>,
    },
    /// Never.
    Failed {
        /// Reason of the event.
        event: &'static str,
        /// Message.
        message: String,
    },
    /// Never, because of the CSR.
    Invalid {
        /// Reason of the event.
        event: &'static str,
        /// Message.
        message: String,
    },
}

/// None.
pub fn issuer_secrets(_: &AcmeIssuer) -> Vec<String> {
    vec![]
}

/// Nothing to run.
pub async fn run(_: Arc<Context>) {}

/// Not supported.
pub async fn setup_issuer(_: &Context, _: &IssuerObject) -> Result<IssuerOutcome, Error> {
    let message = "ACME issuers are not supported by this build".to_owned();
    Ok(IssuerOutcome {
        ready: false,
        reason: "NotSupported".to_owned(),
        message,
        acme: None,
        next: Next::Done,
    })
}

/// Not supported.
pub async fn request(_: &Context, _: &CertificateRequest, _: &IssuerObject) -> Result<RequestOutcome, Error> {
    Ok(RequestOutcome::Pending {
        reason_event: None,
        message: "ACME is not supported by this build".to_owned(),
        next: Next::Done,
    })
}
