//! Ends of an issuance without a certificate: a failed attempt, a wish that cannot be fulfilled, a Secret that may not be written.

use jiff::Timestamp;

use super::observed::{Observed, RequestFacts, Status};
use super::plan::{Event, Plan, Step};
use super::policies;
use super::ready::{self, Says, condition};
use super::settle::{drop_key, write};
use crate::names::reasons;

/// What every failure's message begins with.
const FAILURE: &str = "The certificate request has failed to complete and will be retried: ";

/// Ends the attempt, and says why.
pub fn fail(observed: &Observed, request: &RequestFacts, reason: &str, message: &str, now: Timestamp) -> Plan {
    let message = format!("{FAILURE}{message}");
    let generation = observed.wish.generation;
    let status = Status {
        issuing: Some(condition(
            observed.status.issuing.as_ref(),
            Says(false, reason, &message),
            generation,
            now,
        )),
        next_key_secret: None,
        last_failure: Some(now),
        attempts: Some(observed.status.attempts.unwrap_or(0).max(0).saturating_add(1)),
        ..ready::status(observed, policies::violation(observed).as_ref(), now)
    };
    let mut steps = drop_key(observed);
    steps.extend(write(observed, status));
    steps.push(Step::Account(request.uid.clone()));
    Plan {
        steps,
        events: vec![Event::warning(reason, message)],
        wake: None,
        again: true,
    }
}

/// Nothing can be done before somebody changes the Certificate: said once, what worked stays.
pub fn blocked(observed: &Observed, reason: &str, message: &str, now: Timestamp) -> Plan {
    let generation = observed.wish.generation;
    let issuing = condition(
        observed.status.issuing.as_ref(),
        Says(false, reason, message),
        generation,
        now,
    );
    let news = observed
        .status
        .issuing
        .as_ref()
        .is_none_or(|before| before.message != message);
    let status = ready::status(observed, policies::violation(observed).as_ref(), now);
    let wake = ready::next_change(
        &Status {
            renewal_time: None,
            ..status.clone()
        },
        now,
    );
    let mut steps = drop_key(observed);
    steps.extend(write(
        observed,
        Status {
            issuing: Some(issuing),
            next_key_secret: None,
            ..status
        },
    ));
    let events = news.then(|| Event::warning(reason, message));
    Plan {
        steps,
        events: events.into_iter().collect(),
        wake,
        again: false,
    }
}

/// The API server refuses the target Secret: said once, tried again with the queue's back-off; the answer is kept for then.
pub fn refused(observed: &Observed, message: &str, now: Timestamp) -> Plan {
    let hint = "is it immutable, too large, or forbidden by a policy?";
    let message = format!("The Secret cannot be written: {message}; {hint}");
    let before = observed.status.issuing.as_ref();
    if before.is_some_and(|before| before.message == message) || observed.candidate().is_none() {
        return Plan::default();
    }
    let reason = before
        .filter(|before| before.status)
        .map_or(reasons::SECRET_NOT_WRITTEN, |before| &before.reason);
    let generation = observed.wish.generation;
    let status = Status {
        issuing: Some(condition(before, Says(true, reason, &message), generation, now)),
        ..ready::status(observed, policies::violation(observed).as_ref(), now)
    };
    let events = vec![Event::warning(reasons::SECRET_NOT_WRITTEN, message)];
    Plan {
        steps: write(observed, status).into_iter().collect(),
        events,
        wake: None,
        again: false,
    }
}
