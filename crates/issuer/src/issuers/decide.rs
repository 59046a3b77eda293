//! What the condition Ready of an issuer says, from what was found out about it.

use jiff::Timestamp;

use super::ca::Unusable;
use super::object::IssuerType;
use crate::names::reasons;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// A self-signed issuer.
    SelfSigned,
    /// A CA issuer: until when its CA may sign, or why it may not.
    Ca(Result<Timestamp, Unusable>),
    /// A type that is not supported.
    Unsupported(IssuerType),
    /// No type, or several.
    Untyped,
}

/// What to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Condition Ready.
    pub ready: bool,
    /// Its reason.
    pub reason: &'static str,
    /// Its message.
    pub message: String,
    /// When time alone changes it.
    pub wake: Option<Timestamp>,
}

/// The condition.
pub fn decide(observed: &Observed) -> Plan {
    let not_ready = |reason, message: String| Plan {
        ready: false,
        reason,
        message,
        wake: None,
    };
    match observed {
        Observed::SelfSigned => Plan {
            ready: true,
            reason: reasons::IS_READY,
            message: String::new(),
            wake: None,
        },
        Observed::Ca(Ok(until)) => {
            let message = "Signing CA verified".to_owned();
            Plan {
                ready: true,
                reason: reasons::KEY_PAIR_VERIFIED,
                message,
                wake: Some(*until),
            }
        }
        Observed::Ca(Err(unusable)) => Plan {
            wake: unusable.until,
            ..not_ready(unusable.reason, unusable.message.clone())
        },
        Observed::Unsupported(type_) => not_ready(
            reasons::UNSUPPORTED,
            format!("Issuers of type {type_:?} are not supported yet"),
        ),
        Observed::Untyped => {
            let message = "spec must name exactly one of acme, ca, selfSigned, vault, venafi".to_owned();
            not_ready(reasons::ERR_INIT_ISSUER, message)
        }
    }
}
