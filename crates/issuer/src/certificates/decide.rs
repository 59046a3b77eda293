//! What to do about a Certificate: the whole state machine, pure.
//!
//! Read [`decide`] for the order of questions, [`super::issue`] for an issuance under way, [`super::settle`] for the rest.

use jiff::{SignedDuration, Timestamp};

use super::backoff::{Bounds, rest_until};
use super::issue::{finish, is_finished, issue};
use super::observed::{Answer, Observed, RequestFacts};
use super::plan::Plan;
use super::policies::{self, Violation, due_at, renewing};
use super::settle::{rest, settle, yield_to};

/// Settings that decisions depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Config {
    /// Rest after failures.
    pub backoff: Bounds,
}

/// Why a certificate is issued: the reason and message of the condition Issuing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

impl From<Violation> for Cause {
    fn from(violation: Violation) -> Self {
        Self {
            reason: violation.reason.to_owned(),
            message: violation.message,
        }
    }
}

/// The next things to do, from what is known now.
pub fn decide(observed: &Observed, config: Config, now: Timestamp) -> Plan {
    if let Some(other) = &observed.rival {
        return yield_to(observed, other, now);
    }
    if is_finished(observed, now) {
        return finish(observed, now);
    }
    let Some(cause) = cause(observed, now) else {
        return settle(observed, now);
    };
    match resting_until(observed, config.backoff, now) {
        Some(until) => rest(observed, until, now),
        None => issue(observed, &cause, now),
    }
}

/// Why there is something to issue: asked for in the status, a policy row, or the time.
fn cause(observed: &Observed, now: Timestamp) -> Option<Cause> {
    if let Some(asked) = observed.status.issuing.as_ref().filter(|issuing| issuing.status) {
        return Some(Cause {
            reason: asked.reason.clone(),
            message: asked.message.clone(),
        });
    }
    let due = || due_at(observed).filter(|due| *due <= now).map(renewing);
    policies::violation(observed).or_else(due).map(Cause::from)
}

/// Until when the last failure forbids another attempt. A manual trigger and a changed wish do not wait.
fn resting_until(observed: &Observed, bounds: Bounds, now: Timestamp) -> Option<Timestamp> {
    let status = &observed.status;
    let asked = status.issuing.as_ref().is_some_and(|issuing| issuing.status);
    let changed = observed
        .candidate()
        .is_some_and(|candidate| !candidate.mismatch.is_empty());
    if asked || changed {
        return None;
    }
    rest_until(status.last_failure, status.attempts, bounds, now)
}

/// How long a built-in issuer may take before the key of a request is stored.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

impl Observed {
    /// The answer is a matter of milliseconds, so the next key need not be stored.
    pub(super) fn is_instant(&self, now: Timestamp) -> bool {
        let overdue = |request: &RequestFacts| now.duration_since(request.created) > PATIENCE;
        self.instant && !self.candidate().is_some_and(overdue)
    }

    /// The failure of this request is in the status already: it belongs to an earlier attempt.
    ///
    /// A last failure in the future says nothing: the clock was set back.
    pub(super) fn is_accounted(&self, request: &RequestFacts, now: Timestamp) -> bool {
        let Some(failed_at) = request.failed_at(now) else {
            return false;
        };
        let asked = self.status.issuing.as_ref().is_none_or(|issuing| issuing.status);
        let told = self
            .status
            .last_failure
            .filter(|last| *last <= now)
            .is_some_and(|last| {
                let newest = failed_at.max(request.created);
                newest < last || newest == last && !asked
            });
        told || self.accounted.as_deref() == Some(request.uid.as_str())
    }
}

impl RequestFacts {
    /// When the request failed, or was made where that is not known; `None` while it may still succeed.
    fn failed_at(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.answer {
            Answer::Failed { at, .. } => Some(*at),
            Answer::Garbage(_) => Some(self.created),
            Answer::Certificate { public, not_after, .. } => {
                (Some(*public) != self.public || *not_after <= now).then_some(self.created)
            }
            Answer::Waiting | Answer::Issued => None,
        }
    }
}
