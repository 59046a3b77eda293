//! A Certificate with nothing to issue now: its status told, its Secret's metadata kept in order, what is no longer needed removed.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::observed::{Observed, RequestFacts, Status};
use super::plan::{Plan, Step};
use super::policies::{self, rival};
use super::ready;

/// The Secret is as wished, and not due.
pub fn settle(observed: &Observed, now: Timestamp) -> Plan {
    let status = Status {
        issuing: None,
        next_key_secret: None,
        last_failure: None,
        attempts: None,
        ..ready::status(observed, policies::violation(observed).as_ref(), now)
    };
    let wake = ready::next_change(&status, now);
    let mut steps = drop_key(observed);
    steps.extend(write(observed, status));
    steps.extend(repair(observed));
    steps.extend(observed.candidate().map(RequestFacts::deletion));
    steps.extend(history(observed, observed.status.revision));
    Plan {
        steps,
        wake,
        ..Plan::default()
    }
}

/// The last attempt failed, and the next one must wait.
pub fn rest(observed: &Observed, until: Timestamp, now: Timestamp) -> Plan {
    let status = ready::status(observed, policies::violation(observed).as_ref(), now);
    let wake = ready::next_change(
        &Status {
            renewal_time: None,
            ..status.clone()
        },
        now,
    )
    .map_or(until, |end| end.min(until));
    let mut steps = drop_key(observed);
    steps.extend(write(
        observed,
        Status {
            next_key_secret: None,
            ..status
        },
    ));
    Plan {
        steps,
        wake: Some(wake),
        ..Plan::default()
    }
}

/// Another Certificate owns the Secret: say so, touch nothing.
pub fn yield_to(observed: &Observed, other: &str, now: Timestamp) -> Plan {
    let status = ready::status(observed, Some(&rival(other)), now);
    let status = Status {
        issuing: None,
        next_key_secret: None,
        validity: None,
        renewal_time: None,
        ..status
    };
    let mut steps = drop_key(observed);
    steps.extend(write(observed, status));
    Plan {
        steps,
        ..Plan::default()
    }
}

/// The status, if it changed.
pub fn write(observed: &Observed, status: Status) -> Option<Step> {
    (status != observed.status).then(|| Step::Status(Box::new(status)))
}

/// Removes the next key, stored or not.
pub fn drop_key(observed: &Observed) -> Vec<Step> {
    let stored = observed
        .next_key
        .as_ref()
        .filter(|key| key.stored)
        .map(|key| &key.secret);
    let named = observed.status.next_key_secret.as_ref();
    let secret = stored.or(named).map(|name| Step::DropKeySecret(name.clone()));
    let forget = observed.next_key.is_some().then_some(Step::ForgetKey);
    secret.into_iter().chain(forget).collect()
}

/// Requests beyond the history limit, oldest first, given the revision that is current.
pub fn history(observed: &Observed, current: Option<i64>) -> Vec<Step> {
    let past = |request: &&RequestFacts| request.revision.is_some() && request.revision <= current;
    let mut past: Vec<_> = observed.requests.iter().filter(past).collect();
    past.sort_by_key(|request| (Reverse(request.revision), Reverse(request.created)));
    past.into_iter()
        .skip(observed.wish.history)
        .rev()
        .map(RequestFacts::deletion)
        .collect()
}

/// Metadata and derived keys of the Secret, where they are not what we would write.
fn repair(observed: &Observed) -> Option<Step> {
    let (secret, leaf) = (observed.secret.as_ref()?, observed.leaf()?);
    (secret.owned != observed.wish.metadata.plus(leaf.metadata)).then_some(Step::RepairSecret)
}

impl RequestFacts {
    /// The step that removes this request and no other.
    pub(super) fn deletion(&self) -> Step {
        Step::DeleteRequest {
            name: self.name.clone(),
            uid: self.uid.clone(),
        }
    }
}
