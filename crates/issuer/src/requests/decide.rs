//! What to do about a CertificateRequest: pure.
//!
//! An approval and a result that is known at once go out in one write. Requests to issuers of other groups are only approved.

use crate::issuers::object::IssuerType;
use crate::names::reasons;

/// Everything a decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// There is a result already.
    pub terminal: bool,
    /// Somebody approved it.
    pub approved: bool,
    /// Somebody denied it.
    pub denied: bool,
    /// We approve whatever comes.
    pub may_approve: bool,
    /// Why it can never be signed.
    pub invalid: Option<String>,
    /// The issuer it names.
    pub issuer: Issuer,
}

/// The issuer that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuer {
    /// Of another group: somebody else signs.
    External,
    /// Not there: its kind and name.
    Missing(String),
    /// There, but of no type or several.
    Untyped,
    /// There, but its condition Ready is not True.
    NotReady(String),
    /// Ready.
    Ready(IssuerType),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Add the condition Approved.
    pub approve: bool,
    /// And this.
    pub outcome: Outcome,
}

/// What becomes of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing more for us to do now.
    Leave,
    /// Nothing may be signed before somebody approves: told once.
    AwaitApproval,
    /// Ready=False/Denied.
    Deny,
    /// Ready=False/Pending; the event is told when the message is new.
    Wait {
        /// Reason of the event.
        event: &'static str,
        /// Message of the condition.
        message: String,
    },
    /// Ready=False/Failed and InvalidRequest=True.
    Refuse(String),
    /// Have it signed.
    Sign(IssuerType),
}

/// The next thing to do.
pub fn decide(observed: &Observed) -> Plan {
    let external = observed.issuer == Issuer::External;
    let leave = |outcome| Plan {
        approve: false,
        outcome,
    };
    if observed.terminal {
        return leave(Outcome::Leave);
    }
    if observed.denied {
        return leave(if external { Outcome::Leave } else { Outcome::Deny });
    }
    if !observed.approved && !observed.may_approve {
        return leave(if external {
            Outcome::Leave
        } else {
            Outcome::AwaitApproval
        });
    }
    Plan {
        approve: !observed.approved,
        outcome: outcome(observed),
    }
}

fn outcome(observed: &Observed) -> Outcome {
    let wait = |event, message: String| Outcome::Wait { event, message };
    if let Some(why) = observed
        .invalid
        .as_ref()
        .filter(|_| observed.issuer != Issuer::External)
    {
        return Outcome::Refuse(why.clone());
    }
    match &observed.issuer {
        Issuer::External => Outcome::Leave,
        Issuer::Missing(reference) => wait(
            reasons::ISSUER_NOT_FOUND,
            format!("Referenced issuer not found: {reference}; create it or change spec.issuerRef"),
        ),
        Issuer::Untyped => wait(
            reasons::ISSUER_TYPE_MISSING,
            "Referenced issuer names no type, or more than one".to_owned(),
        ),
        Issuer::NotReady(why) => wait(
            reasons::ISSUER_NOT_READY,
            format!("Referenced issuer does not have a Ready status condition: {why}"),
        ),
        Issuer::Ready(type_) => Outcome::Sign(*type_),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Observed {
        Observed {
            terminal: false,
            approved: true,
            denied: false,
            may_approve: true,
            invalid: None,
            issuer: Issuer::Ready(IssuerType::Ca),
        }
    }

    #[test]
    fn a_request_is_approved_signed_denied_or_left() {
        let sign = Outcome::Sign(IssuerType::Ca);
        let wait = |event, message: &str| Outcome::Wait {
            event,
            message: message.to_owned(),
        };
        let bad = Some("no CSR".to_owned());
        let table = [
            ("approved", base(), false, sign.clone()),
            (
                "approved by us, in the same write",
                Observed {
                    approved: false,
                    ..base()
                },
                true,
                sign,
            ),
            (
                "answered",
                Observed {
                    terminal: true,
                    ..base()
                },
                false,
                Outcome::Leave,
            ),
            ("denied", Observed { denied: true, ..base() }, false, Outcome::Deny),
            (
                "denied, external",
                Observed {
                    denied: true,
                    issuer: Issuer::External,
                    ..base()
                },
                false,
                Outcome::Leave,
            ),
            (
                "approval by others",
                Observed {
                    approved: false,
                    may_approve: false,
                    ..base()
                },
                false,
                Outcome::AwaitApproval,
            ),
            (
                "approved by others",
                Observed {
                    may_approve: false,
                    ..base()
                },
                false,
                Outcome::Sign(IssuerType::Ca),
            ),
            (
                "external is only approved",
                Observed {
                    approved: false,
                    issuer: Issuer::External,
                    ..base()
                },
                true,
                Outcome::Leave,
            ),
            (
                "external CSRs are not ours to judge",
                Observed {
                    invalid: bad.clone(),
                    issuer: Issuer::External,
                    ..base()
                },
                false,
                Outcome::Leave,
            ),
            (
                "bad CSR",
                Observed { invalid: bad, ..base() },
                false,
                Outcome::Refuse("no CSR".to_owned()),
            ),
            (
                "no issuer",
                Observed {
                    issuer: Issuer::Missing("Issuer ns/x".into()),
                    ..base()
                },
                false,
                wait(
                    "IssuerNotFound",
                    "Referenced issuer not found: Issuer ns/x; create it or change spec.issuerRef",
                ),
            ),
            (
                "issuer not ready",
                Observed {
                    issuer: Issuer::NotReady("no key".into()),
                    ..base()
                },
                false,
                wait(
                    "IssuerNotReady",
                    "Referenced issuer does not have a Ready status condition: no key",
                ),
            ),
        ];
        for (case, observed, approve, outcome) in table {
            assert_eq!(decide(&observed), Plan { approve, outcome }, "{case}");
        }
    }
}
