//! The next step of a Challenge. Pure.

use std::time::Duration;

use evercert_api::acme::v1::{Challenge, ChallengeStatus, State};
use jiff::Timestamp;

use super::claim::Claim;
use crate::acme::names::FINALIZER;

/// How long a valid Challenge waits for its Order to delete it before it removes its record by itself.
const GRACE: Duration = Duration::from_secs(5);
/// How long a record that cannot be removed may hold up the deletion of its Challenge.
const CLEAN_UP_LIMIT: Duration = Duration::from_mins(10);

/// All that counts.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The Challenge, with the status as it is known in this pass.
    pub challenge: Challenge,
    /// Whether its Order wants it; `Err` where its issuer cannot be used now, in words why.
    pub claim: Result<Claim, String>,
    /// Challenges that are being worked on, this one aside.
    pub active: usize,
    /// Most that may be.
    pub limit: usize,
    /// Nothing is tried before this.
    pub hold: Option<Timestamp>,
    /// When the last failure was.
    pub failed_at: Option<Timestamp>,
    /// When the server was told to validate.
    pub accepted: Option<Timestamp>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing until something changes.
    Rest,
    /// Nothing before that.
    HoldUntil(Timestamp),
    /// Not now; in words why.
    WaitFor(String),
    /// Too many are at work: look again soon.
    Queue,
    /// Say in the status that work begins.
    Begin,
    /// Put the record in place.
    Present,
    /// See whether the record is visible; then tell the server.
    Check,
    /// Ask the server how far it is.
    Poll,
    /// A valid one: its Order will delete it; look again a little later.
    Linger(Duration),
    /// Remove the record.
    CleanUp {
        /// A failure no longer keeps the Challenge.
        give_up: bool,
    },
    /// Take the finalizer off.
    Release,
}

/// The first thing to do.
pub fn decide(observed: &Observed, now: Timestamp) -> Step {
    let status = observed.challenge.status.clone().unwrap_or_default();
    // Only what was checked before is cleaned up: `processing` is set by us alone, after the check, and the spec is immutable.
    let dirty = status.processing || status.presented;
    if let Some(deleted) = &observed.challenge.metadata.deletion_timestamp {
        return deletion(observed, dirty, deleted.0, now);
    }
    if let Some(until) = observed.hold.filter(|until| now < *until) {
        return Step::HoldUntil(until);
    }
    if status.state.as_ref().is_some_and(State::is_final) {
        return end(observed, &status, dirty, now);
    }
    match (&observed.claim, status.processing) {
        (Err(why), _) | (Ok(Claim::Refused(why)), false) => Step::WaitFor(why.clone()),
        (Ok(Claim::Sound), false) if observed.active >= observed.limit => Step::Queue,
        (Ok(Claim::Sound), false) => Step::Begin,
        (Ok(_), true) if !status.presented => Step::Present,
        (Ok(_), true) if observed.accepted.is_none() => Step::Check,
        (Ok(_), true) => Step::Poll,
    }
}

fn deletion(observed: &Observed, dirty: bool, deleted: Timestamp, now: Timestamp) -> Step {
    let finalizers = observed.challenge.metadata.finalizers.as_deref().unwrap_or_default();
    if !finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
        return Step::Rest;
    }
    if !dirty {
        return Step::Release;
    }
    let give_up = waited(deleted, now) >= CLEAN_UP_LIMIT;
    // A failure to present is no reason to wait with the clean-up.
    let cleaning = observed.failed_at.is_some_and(|failed| failed >= deleted);
    match observed.hold.filter(|until| cleaning && now < *until && !give_up) {
        Some(until) => Step::HoldUntil(until),
        None => Step::CleanUp { give_up },
    }
}

fn end(observed: &Observed, status: &ChallengeStatus, dirty: bool, now: Timestamp) -> Step {
    if !dirty {
        return Step::Rest;
    }
    let since = observed
        .accepted
        .or(status.presented_at.as_ref().map(|time| time.0))
        .unwrap_or(now);
    match GRACE.checked_sub(waited(since, now)) {
        Some(left) if status.state == Some(State::Valid) && !left.is_zero() => Step::Linger(left),
        _ => Step::CleanUp { give_up: false },
    }
}

fn waited(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_api::Time;
    use evercert_api::acme::v1::ChallengeSpec;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }
    fn ago(seconds: u64) -> Timestamp {
        now() - Duration::from_secs(seconds)
    }
    fn fresh() -> Observed {
        let mut challenge = Challenge::new("c", ChallengeSpec::default());
        challenge.metadata.finalizers = Some(vec![FINALIZER.into()]);
        Observed {
            challenge,
            claim: Ok(Claim::Sound),
            active: 0,
            limit: 60,
            hold: None,
            failed_at: None,
            accepted: None,
        }
    }
    fn with(processing: bool, presented: bool, state: Option<State>) -> Observed {
        let mut observed = fresh();
        let presented_at = presented.then(|| Time(ago(60)));
        observed.challenge.status = Some(ChallengeStatus {
            processing,
            presented,
            presented_at,
            state,
            ..ChallengeStatus::default()
        });
        observed
    }
    fn accepted(at: Timestamp, observed: Observed) -> Observed {
        Observed {
            accepted: Some(at),
            ..observed
        }
    }
    fn held(observed: Observed) -> Observed {
        Observed {
            hold: Some(now() + Duration::from_secs(7)),
            failed_at: Some(ago(1)),
            ..observed
        }
    }
    fn refused(observed: Observed) -> Observed {
        Observed {
            claim: Ok(Claim::Refused("no".into())),
            ..observed
        }
    }
    fn deleted(seconds: u64, mut observed: Observed) -> Observed {
        observed.challenge.metadata.deletion_timestamp = Some(Time(ago(seconds)));
        observed
    }
    fn bare(mut observed: Observed) -> Observed {
        observed.challenge.metadata.finalizers = None;
        observed
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn proves_step_by_step_and_cleans_up_what_it_made() {
        let pending = || Some(State::Pending);
        let hold = Step::HoldUntil(now() + Duration::from_secs(7));
        let table = vec![
            ("new", fresh(), Step::Begin),
            ("too many at work", Observed { active: 60, ..fresh() }, Step::Queue),
            (
                "too many, but this one is among them",
                Observed {
                    active: 60,
                    ..with(true, false, None)
                },
                Step::Present,
            ),
            ("not wanted by its Order", refused(fresh()), Step::WaitFor("no".into())),
            (
                "issuer not usable",
                Observed {
                    claim: Err("not ready".into()),
                    ..with(true, false, None)
                },
                Step::WaitFor("not ready".into()),
            ),
            ("begun", with(true, false, None), Step::Present),
            (
                "begun, solver of the issuer edited since",
                refused(with(true, false, None)),
                Step::Present,
            ),
            ("presented", with(true, true, pending()), Step::Check),
            ("accepted", accepted(ago(1), with(true, true, pending())), Step::Poll),
            ("held back", held(with(true, false, None)), hold.clone()),
            (
                "valid a moment ago",
                accepted(ago(2), with(true, true, Some(State::Valid))),
                Step::Linger(Duration::from_secs(3)),
            ),
            (
                "valid, and its Order leaves it there",
                accepted(ago(9), with(true, true, Some(State::Valid))),
                Step::CleanUp { give_up: false },
            ),
            (
                "invalid",
                with(true, true, Some(State::Invalid)),
                Step::CleanUp { give_up: false },
            ),
            ("done and clean", with(false, false, Some(State::Valid)), Step::Rest),
            ("deleted before it began", deleted(1, fresh()), Step::Release),
            ("deleted, never checked", deleted(1, refused(fresh())), Step::Release),
            (
                "deleted at work",
                deleted(1, with(true, false, None)),
                Step::CleanUp { give_up: false },
            ),
            (
                "deleted, clean-up failed",
                held(deleted(1, with(true, true, None))),
                hold,
            ),
            (
                "deleted, clean-up fails for long",
                held(deleted(600, with(true, true, None))),
                Step::CleanUp { give_up: true },
            ),
            (
                "deleted, finalizer gone",
                bare(deleted(1, with(true, true, None))),
                Step::Rest,
            ),
        ];
        for (case, observed, expected) in table {
            assert_eq!(decide(&observed, now()), expected, "{case}");
        }
    }
}
