//! An issuance under way: key, request, answer, Secret, and the failures of each.
//!
//! While a built-in issuer answers at once nothing is announced and the key stays in memory: a crash loses a request of ours, which
//! is made anew. Otherwise the status says Issuing and names the stored key before the request exists, so that no crash wastes it.

use jiff::Timestamp;

use super::decide::Cause;
use super::fail::{blocked, fail};
use super::observed::{Answer, KeyFacts, NextKey, Observed, RequestFacts, Status};
use super::plan::{Event, Plan, Step};
use super::policies;
use super::ready::{self, Says, condition};
use super::revision::request_name;
use super::settle::{drop_key, history, write};
use crate::names::reasons;

/// Said once more at the end of each issuance.
const SUCCESS: &str = "The certificate has been successfully issued";

/// The Secret holds what the candidate was answered with: only the status is missing.
pub fn is_finished(observed: &Observed, now: Timestamp) -> bool {
    let (Some(candidate), Some(leaf), Some(secret)) = (observed.candidate(), observed.leaf(), observed.secret.as_ref())
    else {
        return false;
    };
    let Answer::Certificate {
        fingerprint, not_after, ..
    } = candidate.answer
    else {
        return false;
    };
    let key_fits = matches!(secret.key, KeyFacts::Readable { public, .. } if public == leaf.public);
    fingerprint == leaf.fingerprint && key_fits && not_after > now && policies::violation(&advanced(observed)).is_none()
}

/// The status of a finished issuance, then the history.
pub fn finish(observed: &Observed, now: Timestamp) -> Plan {
    let advanced = advanced(observed);
    let status = Status {
        issuing: None,
        next_key_secret: None,
        last_failure: None,
        attempts: None,
        ..ready::status(&advanced, policies::violation(&advanced).as_ref(), now)
    };
    let wake = ready::next_change(&status, now);
    let mut steps = drop_key(observed);
    steps.extend(write(observed, status));
    steps.extend(history(observed, advanced.status.revision));
    let unsupported = observed
        .wish
        .unsupported
        .as_ref()
        .map(|what| Event::warning(reasons::UNSUPPORTED, what));
    let events: Vec<_> = std::iter::once(Event::normal(reasons::ISSUING, SUCCESS))
        .chain(unsupported)
        .collect();
    Plan {
        steps,
        events,
        wake,
        again: false,
    }
}

/// What is observed, as it will look once the candidate is the current request.
fn advanced(observed: &Observed) -> Observed {
    let mut advanced = observed.clone();
    advanced.status.revision = Some(observed.next_revision());
    advanced
}

/// The next step towards a certificate.
pub fn issue(observed: &Observed, cause: &Cause, now: Timestamp) -> Plan {
    if let Some(problem) = &observed.wish.problem {
        return blocked(observed, reasons::REQUEST_FAILED, problem, now);
    }
    let key = match key(observed) {
        Key::Have(key) => key,
        Key::Make { secret } => return with_new_key(observed, cause, secret, now),
        Key::Keep { secret } => {
            return Plan {
                steps: vec![Step::KeepKey { secret }],
                again: true,
                ..Plan::default()
            };
        }
        Key::Blocked(message) => return blocked(observed, reasons::CANNOT_REGENERATE_KEY, &message, now),
    };
    let live = observed
        .candidate()
        .filter(|candidate| !is_stale(observed, candidate, key, now));
    let mut steps = stale(observed, live);
    let mut plan = match live {
        None => request(observed, cause, key, now),
        Some(candidate) => follow(observed, cause, key, candidate, now),
    };
    steps.append(&mut plan.steps);
    Plan { steps, ..plan }
}

/// Where the next key comes from.
enum Key<'a> {
    Have(&'a NextKey),
    Make { secret: String },
    Keep { secret: String },
    Blocked(String),
}

fn key(observed: &Observed) -> Key<'_> {
    let wished = observed.wish.key;
    if let Some(key) = observed.next_key.as_ref().filter(|key| key.algorithm == wished) {
        return Key::Have(key);
    }
    let named = observed
        .status
        .next_key_secret
        .clone()
        .filter(|_| observed.next_key.is_none());
    let secret = named
        .filter(|_| !observed.key_secret_taken)
        .unwrap_or_else(|| observed.fresh_name.clone());
    match observed.secret.as_ref().map(|secret| &secret.key) {
        Some(KeyFacts::Readable { algorithm, .. }) if observed.wish.keep_key && *algorithm == wished => {
            Key::Keep { secret }
        }
        Some(KeyFacts::Readable { algorithm, .. }) if observed.wish.keep_key => Key::Blocked(format!(
            "The private key in the Secret is {algorithm} but {wished} is wished, and spec.privateKey.rotationPolicy is Never: \
             set it to Always, delete the Secret, or wish for the key that is there"
        )),
        _ => Key::Make { secret },
    }
}

/// A request of no use for this issuance: other wish, other key, unreadable, or the failure of an earlier attempt.
fn is_stale(observed: &Observed, request: &RequestFacts, key: &NextKey, now: Timestamp) -> bool {
    request.public != Some(key.public) || !request.mismatch.is_empty() || observed.is_accounted(request, now)
}

/// Deletes each request beyond the current revision but `live`, and those without a revision.
fn stale(observed: &Observed, live: Option<&RequestFacts>) -> Vec<Step> {
    let current = observed.status.revision.unwrap_or(0);
    let open = |request: &&RequestFacts| request.revision.is_none_or(|revision| revision > current);
    let is_live = |request: &&RequestFacts| live.is_some_and(|live| live.uid == request.uid);
    observed
        .requests
        .iter()
        .filter(open)
        .filter(|request| !is_live(request))
        .map(RequestFacts::deletion)
        .collect()
}

/// Makes a key, and asks for a certificate for it.
fn with_new_key(observed: &Observed, cause: &Cause, secret: String, now: Timestamp) -> Plan {
    let mut steps = stale(observed, None);
    let instant = observed.instant;
    if !instant {
        steps.extend(announce(observed, cause, &secret, now));
    }
    let old = observed.next_key.as_ref().filter(|key| key.stored);
    steps.extend(old.map(|key| Step::DropKeySecret(key.secret.clone())));
    let mut events = start(observed, cause);
    if !instant {
        events.push(Event::normal(
            reasons::GENERATED,
            format!("Stored new private key in temporary Secret resource {secret:?}"),
        ));
        events.push(requested(observed));
    }
    steps.push(Step::NewKey {
        secret,
        algorithm: observed.wish.key,
    });
    steps.extend((!instant).then_some(Step::StoreKey));
    steps.push(Step::Request {
        revision: observed.next_revision(),
        answer: instant,
    });
    Plan {
        steps,
        events,
        wake: None,
        again: instant,
    }
}

/// Asks for a certificate for the key that is there.
fn request(observed: &Observed, cause: &Cause, key: &NextKey, now: Timestamp) -> Plan {
    // A stale candidate does not make the issuer slow.
    let instant = observed.instant;
    let mut events = start(observed, cause);
    events.extend((!instant).then(|| requested(observed)));
    let mut steps = if instant {
        vec![]
    } else {
        secure(observed, cause, key, now)
    };
    steps.push(Step::Request {
        revision: observed.next_revision(),
        answer: instant,
    });
    Plan {
        steps,
        events,
        wake: None,
        again: instant,
    }
}

/// Acts on what the candidate was answered.
fn follow(observed: &Observed, cause: &Cause, key: &NextKey, candidate: &RequestFacts, now: Timestamp) -> Plan {
    let invalid = |message: String| fail(observed, candidate, reasons::INVALID_CERTIFICATE, &message, now);
    match &candidate.answer {
        Answer::Waiting | Answer::Issued if observed.is_instant(now) => Plan {
            steps: vec![Step::Answer(candidate.name.clone())],
            again: true,
            ..Plan::default()
        },
        Answer::Waiting | Answer::Issued => {
            let steps = secure(observed, cause, key, now);
            let status = ready::status(observed, policies::violation(observed).as_ref(), now);
            Plan {
                steps,
                wake: ready::next_change(
                    &Status {
                        renewal_time: None,
                        ..status
                    },
                    now,
                ),
                ..Plan::default()
            }
        }
        Answer::Failed { reason, message, .. } => fail(observed, candidate, reason, message, now),
        Answer::Garbage(why) => invalid(format!("The issuer's answer is not a certificate: {why}")),
        Answer::Certificate { public, .. } if *public != key.public => {
            invalid("The issuer returned a certificate for another public key than the request's".to_owned())
        }
        Answer::Certificate { not_after, .. } if *not_after <= now => {
            invalid(format!("The issuer returned a certificate that expired on {not_after}"))
        }
        Answer::Certificate { .. } => Plan {
            steps: vec![Step::WriteSecret {
                request: candidate.name.clone(),
            }],
            again: true,
            ..Plan::default()
        },
    }
}

/// Makes a restart harmless: status says Issuing and names the key's Secret, and the key is in it.
fn secure(observed: &Observed, cause: &Cause, key: &NextKey, now: Timestamp) -> Vec<Step> {
    let status = announce(observed, cause, &key.secret, now);
    status
        .into_iter()
        .chain((!key.stored).then_some(Step::StoreKey))
        .collect()
}

/// The status with Issuing=True, if it changed.
fn announce(observed: &Observed, cause: &Cause, key_secret: &str, now: Timestamp) -> Option<Step> {
    let generation = observed.wish.generation;
    let issuing = match observed.status.issuing.as_ref().filter(|issuing| issuing.status) {
        Some(asked) => asked.clone(),
        None => condition(
            observed.status.issuing.as_ref(),
            Says(true, &cause.reason, &cause.message),
            generation,
            now,
        ),
    };
    let status = ready::status(observed, policies::violation(observed).as_ref(), now);
    write(
        observed,
        Status {
            issuing: Some(issuing),
            next_key_secret: Some(key_secret.to_owned()),
            ..status
        },
    )
}

/// The event of the start, unless somebody asked for it in the status.
fn start(observed: &Observed, cause: &Cause) -> Vec<Event> {
    let asked = observed.status.issuing.as_ref().is_some_and(|issuing| issuing.status);
    if asked {
        vec![]
    } else {
        vec![Event::normal(reasons::ISSUING, cause.message.clone())]
    }
}

fn requested(observed: &Observed) -> Event {
    let name = request_name(&observed.wish.name, observed.next_revision());
    Event::normal(
        reasons::REQUESTED,
        format!("Created new CertificateRequest resource {name:?}"),
    )
}
