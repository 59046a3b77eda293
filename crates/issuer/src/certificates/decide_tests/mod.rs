//! The state machine's tables: each policy row, each failure, each moment at which the process may have died.

use std::sync::Arc;

use evercert_pki::key::{Curve, KeyAlgorithm};
use jiff::Timestamp;

use crate::certificates::decide::{Config, decide};
use crate::certificates::metadata::{Section, Sum};
use crate::certificates::observed::{
    Answer, Condition, Digest, IssuerRef, KeyFacts, Leaf, LeafFacts, NextKey, Observed, RequestFacts, SecretFacts,
    Status, Wish,
};
use crate::certificates::plan::{Event, Plan, Step};
use crate::certificates::renewal::{Rule, Validity};

mod failures;
mod path;
mod policies;

const HOUR: i64 = 3_600;
const NOW: i64 = 1_000 * HOUR;
const OLD: Digest = [1; 32];
const NEW: Digest = [2; 32];
const ALGORITHM: KeyAlgorithm = KeyAlgorithm::Ecdsa(Curve::P256);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
fn now() -> Timestamp {
    at(NOW)
}
fn issuer(name: &str) -> IssuerRef {
    IssuerRef {
        name: name.into(),
        kind: "Issuer".into(),
        group: "cert-manager.io".into(),
    }
}
fn validity() -> Validity {
    Validity {
        not_before: at(NOW - 10 * HOUR),
        not_after: at(NOW + 80 * HOUR),
    }
}
fn leaf(public: Digest) -> LeafFacts {
    LeafFacts::Readable(Leaf {
        fingerprint: public,
        public,
        validity: validity(),
        metadata: Sum::default(),
    })
}
fn secret(public: Digest) -> SecretFacts {
    SecretFacts {
        uid: "s".into(),
        version: "1".into(),
        certificate_name: Some("web".into()),
        issuer: Some(issuer("ca")),
        key: KeyFacts::Readable {
            algorithm: ALGORITHM,
            public,
        },
        leaf: leaf(public),
        other_type: None,
        owned: Sum::default(),
    }
}
fn request(revision: i64, public: Digest, answer: Answer) -> RequestFacts {
    RequestFacts {
        name: format!("web-{revision}"),
        uid: format!("r{revision}"),
        revision: Some(revision),
        created: at(NOW - 20),
        public: Some(public),
        mismatch: vec![],
        answer,
    }
}
fn waiting() -> Answer {
    Answer::Waiting
}
fn issued(public: Digest) -> Answer {
    Answer::Certificate {
        fingerprint: public,
        public,
        not_after: validity().not_after,
    }
}
fn failed(second: i64) -> Answer {
    Answer::Failed {
        reason: "Failed".into(),
        message: "no".into(),
        at: at(second),
    }
}
fn next_key(stored: bool) -> NextKey {
    NextKey {
        secret: "web-fresh".into(),
        algorithm: ALGORITHM,
        public: NEW,
        stored,
    }
}
fn condition(status: bool, reason: &str, message: &str, since: i64) -> Condition {
    Condition {
        status,
        reason: reason.into(),
        message: message.into(),
        generation: Some(1),
        since: Some(at(since)),
    }
}
fn ready() -> Condition {
    condition(true, "Ready", "Certificate is up to date and has not expired", 5)
}
fn absent() -> Condition {
    condition(
        false,
        "DoesNotExist",
        "Issuing certificate as Secret does not exist",
        NOW,
    )
}

/// A Certificate at rest: revision 1, ten hours old, due in fifty.
fn at_rest() -> Observed {
    Observed {
        wish: Wish {
            name: "web".into(),
            generation: 1,
            problem: None,
            key: ALGORITHM,
            keep_key: false,
            issuer: issuer("ca"),
            renewal: Rule::default(),
            history: 1,
            metadata: Sum::default(),
            unsupported: None,
        },
        status: Status {
            ready: Some(ready()),
            revision: Some(1),
            validity: Some(validity()),
            renewal_time: Some(at(NOW + 50 * HOUR)),
            ..Status::default()
        },
        secret: Some(Arc::new(secret(OLD))),
        secret_mismatch: vec![],
        rival: None,
        requests: vec![RequestFacts {
            created: at(NOW - 10 * HOUR),
            ..request(1, OLD, Answer::Issued)
        }],
        next_key: None,
        key_secret_taken: false,
        accounted: None,
        instant: true,
        fresh_name: "web-fresh".into(),
    }
}
/// A Certificate just made.
fn new() -> Observed {
    Observed {
        status: Status::default(),
        secret: None,
        requests: vec![],
        ..at_rest()
    }
}
fn with_secret(change: impl FnOnce(&mut SecretFacts)) -> Observed {
    let mut facts = secret(OLD);
    change(&mut facts);
    Observed {
        secret: Some(Arc::new(facts)),
        ..at_rest()
    }
}
fn run(observed: &Observed) -> Plan {
    decide(observed, Config::default(), now())
}
fn status_of(plan: &Plan) -> Option<&Status> {
    plan.steps.iter().find_map(|step| match step {
        Step::Status(status) => Some(&**status),
        _ => None,
    })
}
fn new_key() -> Step {
    Step::NewKey {
        secret: "web-fresh".into(),
        algorithm: ALGORITHM,
    }
}
fn asking(revision: i64) -> Step {
    Step::Request { revision, answer: true }
}
fn deletion(revision: i64) -> Step {
    Step::DeleteRequest {
        name: format!("web-{revision}"),
        uid: format!("r{revision}"),
    }
}
fn success() -> Event {
    Event::normal("Issuing", "The certificate has been successfully issued")
}
