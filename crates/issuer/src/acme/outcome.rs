//! What the ACME part answers to the issuers' and requests' controllers; they write the status.

use evercert_api::acme::v1::AcmeIssuerStatus;
use evercert_core::apply::WriteError;
use evercert_core::controller::Next;

/// Result of the set-up of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Never: the Certificate backs off.
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

/// A pass that ended early; the queue tries again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call to the API server failed.
    #[error(transparent)]
    Call(#[from] WriteError),
    /// A pass did not come to an end of its own.
    #[error("still not settled after {0} rounds")]
    Restless(usize),
}
