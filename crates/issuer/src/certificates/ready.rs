//! The part of a Certificate's status that follows from its Secret alone: Ready, validity, renewal time.

use jiff::Timestamp;

use super::observed::{Condition, Observed, Status};
use super::policies::{Violation, due_at};
use crate::names::reasons;

/// The stored status with Ready, validity and renewal time as they should be now.
pub fn status(observed: &Observed, violation: Option<&Violation>, now: Timestamp) -> Status {
    let validity = observed.leaf().map(|leaf| leaf.validity);
    let expired = validity.filter(|validity| validity.not_after <= now);
    let (ready, reason, message) = match (violation, expired) {
        (Some(violation), _) => (false, violation.reason, violation.message.clone()),
        (None, Some(validity)) => (
            false,
            reasons::EXPIRED,
            format!("Certificate expired on {}", validity.not_after),
        ),
        (None, None) => (
            true,
            reasons::READY,
            "Certificate is up to date and has not expired".to_owned(),
        ),
    };
    let before = observed.status.ready.as_ref();
    Status {
        ready: Some(condition(
            before,
            Says(ready, reason, &message),
            observed.wish.generation,
            now,
        )),
        validity,
        renewal_time: due_at(observed),
        ..observed.status.clone()
    }
}

/// What a condition is to say.
#[derive(Debug, Clone, Copy)]
pub struct Says<'a>(pub bool, pub &'a str, pub &'a str);

/// A condition with that status, reason and message; it keeps the time of its last transition unless its status changes.
pub fn condition(before: Option<&Condition>, says: Says<'_>, generation: i64, now: Timestamp) -> Condition {
    let Says(status, reason, message) = says;
    let kept = before
        .filter(|before| before.status == status)
        .and_then(|before| before.since);
    Condition {
        status,
        reason: reason.to_owned(),
        message: message.to_owned(),
        generation: Some(generation),
        since: Some(kept.unwrap_or(now)),
    }
}

/// When time alone will change the status again: renewal, then the end.
pub fn next_change(status: &Status, now: Timestamp) -> Option<Timestamp> {
    let end = status.validity.map(|validity| validity.not_after);
    [status.renewal_time, end]
        .into_iter()
        .flatten()
        .filter(|at| *at > now)
        .min()
}
