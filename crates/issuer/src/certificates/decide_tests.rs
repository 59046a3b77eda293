//! The state machine's tables: each policy row, each failure, each moment at which the process may have died.

use std::sync::Arc;

use evercert_pki::key::{Curve, KeyAlgorithm};
use jiff::Timestamp;

use super::decide::{Config, decide};
use super::metadata::{Section, Sum};
use super::observed::{
    Answer, Condition, Digest, IssuerRef, KeyFacts, Leaf, LeafFacts, NextKey, Observed, RequestFacts, SecretFacts,
    Status, Wish,
};
use super::plan::{Event, Plan, Step};
use super::renewal::{Rule, Validity};

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

#[test]
fn a_settled_certificate_writes_nothing_and_wakes_when_due() {
    assert_eq!(
        run(&at_rest()),
        Plan {
            wake: Some(at(NOW + 50 * HOUR)),
            ..Plan::default()
        }
    );
}

#[test]
fn each_policy_row_issues_with_upstreams_reason() {
    let mut unreadable = request(1, OLD, Answer::Issued);
    unreadable.public = None;
    let mut changed = request(1, OLD, Answer::Issued);
    changed.mismatch = vec!["spec.dnsNames"];
    let due = LeafFacts::Readable(Leaf {
        validity: Validity {
            not_before: at(NOW - 60 * HOUR),
            not_after: at(NOW + 30 * HOUR),
        },
        fingerprint: OLD,
        public: OLD,
        metadata: Sum::default(),
    });
    let table = [
        (
            "row 1",
            Observed {
                secret: None,
                ..at_rest()
            },
            "DoesNotExist",
        ),
        ("row 2, key", with_secret(|s| s.key = KeyFacts::Missing), "MissingData"),
        (
            "row 2, certificate",
            with_secret(|s| s.leaf = LeafFacts::Missing),
            "MissingData",
        ),
        (
            "row 3, key",
            with_secret(|s| s.key = KeyFacts::Unreadable("garbage".into())),
            "InvalidKeyPair",
        ),
        (
            "row 3, certificate",
            with_secret(|s| s.leaf = LeafFacts::Unreadable("garbage".into())),
            "InvalidCertificate",
        ),
        ("row 3, pair", with_secret(|s| s.leaf = leaf(NEW)), "InvalidKeyPair"),
        (
            "row 4",
            with_secret(|s| s.issuer = Some(issuer("other"))),
            "IncorrectIssuer",
        ),
        (
            "row 5",
            with_secret(|s| s.certificate_name = Some("other".into())),
            "IncorrectCertificate",
        ),
        (
            "row 6",
            with_secret(|s| {
                s.key = KeyFacts::Readable {
                    algorithm: KeyAlgorithm::Ed25519,
                    public: OLD,
                }
            }),
            "SecretMismatch",
        ),
        (
            "row 7, key",
            Observed {
                requests: vec![request(1, NEW, Answer::Issued)],
                ..at_rest()
            },
            "SecretMismatch",
        ),
        (
            "row 7, CSR",
            Observed {
                requests: vec![unreadable],
                ..at_rest()
            },
            "InvalidCertificateRequest",
        ),
        (
            "row 8, request",
            Observed {
                requests: vec![changed],
                ..at_rest()
            },
            "RequestChanged",
        ),
        (
            "row 8, no request left",
            Observed {
                requests: vec![],
                secret_mismatch: vec!["spec.dnsNames"],
                ..at_rest()
            },
            "SecretMismatch",
        ),
        ("row 9", with_secret(|s| s.leaf = due), "Renewing"),
    ];
    for (case, observed, reason) in table {
        let slow = run(&Observed {
            instant: false,
            ..observed.clone()
        });
        assert_eq!(
            status_of(&slow).unwrap().issuing.as_ref().unwrap().reason,
            reason,
            "{case}"
        );
        let expected = Plan {
            steps: vec![new_key(), asking(2)],
            again: true,
            ..Plan::default()
        };
        assert_eq!(
            Plan {
                events: vec![],
                ..run(&observed)
            },
            expected,
            "{case}"
        );
    }
}

#[test]
fn without_issuer_annotations_only_default_kind_and_group_match() {
    let bare = with_secret(|s| s.issuer = None);
    assert_eq!(run(&bare).steps, vec![]);
    let cluster = IssuerRef {
        kind: "ClusterIssuer".into(),
        ..issuer("ca")
    };
    let wish = Wish {
        issuer: cluster,
        ..bare.wish.clone()
    };
    assert_eq!(run(&Observed { wish, ..bare }).steps.first(), Some(&new_key()));
}

#[test]
fn the_fast_path_takes_four_writes_and_two_events() {
    let first = run(&new());
    assert_eq!(first.steps, vec![new_key(), asking(1)]);
    assert_eq!(
        first.events,
        vec![Event::normal("Issuing", "Issuing certificate as Secret does not exist")]
    );

    let asked = Observed {
        next_key: Some(next_key(false)),
        requests: vec![request(1, NEW, waiting())],
        ..new()
    };
    assert_eq!(
        run(&asked),
        Plan {
            steps: vec![Step::Answer("web-1".into())],
            again: true,
            ..Plan::default()
        }
    );

    let answered = Observed {
        requests: vec![request(1, NEW, issued(NEW))],
        ..asked
    };
    assert_eq!(
        run(&answered),
        Plan {
            steps: vec![Step::WriteSecret {
                request: "web-1".into()
            }],
            again: true,
            ..Plan::default()
        }
    );

    let written = Observed {
        secret: Some(Arc::new(secret(NEW))),
        ..answered
    };
    let last = run(&written);
    let status = Status {
        ready: Some(Condition {
            since: Some(now()),
            ..ready()
        }),
        revision: Some(1),
        validity: Some(validity()),
        renewal_time: Some(at(NOW + 50 * HOUR)),
        ..Status::default()
    };
    let steps = vec![Step::ForgetKey, Step::Status(Box::new(status))];
    assert_eq!(
        last,
        Plan {
            steps,
            events: vec![success()],
            wake: Some(at(NOW + 50 * HOUR)),
            again: false
        }
    );
}

#[test]
fn a_slow_issuer_gets_a_stored_key_named_in_the_status_before_the_request_exists() {
    let plan = run(&Observed {
        instant: false,
        ..new()
    });
    let status = Status {
        ready: Some(absent()),
        issuing: Some(condition(
            true,
            "DoesNotExist",
            "Issuing certificate as Secret does not exist",
            NOW,
        )),
        next_key_secret: Some("web-fresh".into()),
        ..Status::default()
    };
    let steps = vec![
        Step::Status(Box::new(status.clone())),
        new_key(),
        Step::StoreKey,
        Step::Request {
            revision: 1,
            answer: false,
        },
    ];
    assert_eq!(plan.steps, steps);
    let reasons: Vec<_> = plan.events.iter().map(|event| event.reason.as_str()).collect();
    assert_eq!(reasons, ["Issuing", "Generated", "Requested"]);

    let asked = Observed {
        status,
        next_key: Some(next_key(true)),
        requests: vec![request(1, NEW, waiting())],
        instant: false,
        ..new()
    };
    assert_eq!(run(&asked), Plan::default(), "waits without a write");
}

#[test]
fn an_issuer_that_is_slow_after_all_gets_the_key_stored() {
    let late = RequestFacts {
        created: at(NOW - 61),
        ..request(1, NEW, waiting())
    };
    let plan = run(&Observed {
        next_key: Some(next_key(false)),
        requests: vec![late],
        ..new()
    });
    assert!(
        matches!(&plan.steps[..], [Step::Status(status), Step::StoreKey] if status.next_key_secret.as_deref() == Some("web-fresh"))
    );
}

#[test]
fn a_crash_between_any_two_writes_converges_without_a_second_certificate() {
    let written = Observed {
        secret: Some(Arc::new(secret(NEW))),
        requests: vec![request(2, NEW, issued(NEW))],
        ..at_rest()
    };
    let named = Status {
        next_key_secret: Some("web-abc".into()),
        issuing: Some(condition(true, "Renewing", "due", 7)),
        ..at_rest().status
    };
    let abc = |steps: Vec<Step>| {
        Observed {
            status: named.clone(),
            instant: false,
            ..at_rest()
        }
        .next_with(steps)
    };
    let table = [
        (
            "key in memory lost before the request was answered",
            Observed {
                requests: vec![request(1, NEW, waiting())],
                ..new()
            },
            vec![deletion(1), new_key(), asking(1)],
        ),
        (
            "key in memory lost after the request was answered",
            Observed {
                requests: vec![request(1, NEW, issued(NEW))],
                ..new()
            },
            vec![deletion(1), new_key(), asking(1)],
        ),
        (
            "Secret written, status not, history kept",
            Observed {
                requests: vec![request(1, OLD, Answer::Issued), request(2, NEW, issued(NEW))],
                ..written.clone()
            },
            vec![
                Step::Status(Box::new(Status {
                    ready: Some(ready()),
                    revision: Some(2),
                    validity: Some(validity()),
                    renewal_time: Some(at(NOW + 50 * HOUR)),
                    ..Status::default()
                })),
                deletion(1),
            ],
        ),
        abc(vec![]),
    ];
    for (case, observed, steps) in table {
        assert_eq!(run(&observed).steps, steps, "{case}");
    }
}

impl Observed {
    /// Named key Secret that is not there: the key is made anew under the same name, so that nothing is left over.
    fn next_with(self, mut steps: Vec<Step>) -> (&'static str, Observed, Vec<Step>) {
        steps.extend([
            Step::NewKey {
                secret: "web-abc".into(),
                algorithm: ALGORITHM,
            },
            Step::StoreKey,
            Step::Request {
                revision: 2,
                answer: false,
            },
        ]);
        ("status names a key Secret that was not written", self, steps)
    }
}

#[test]
fn a_request_that_cannot_serve_is_replaced() {
    let base = || Observed {
        next_key: Some(next_key(false)),
        ..new()
    };
    let other = |change: fn(&mut RequestFacts)| {
        let mut request = request(1, NEW, waiting());
        change(&mut request);
        request
    };
    let table = [
        ("other key", other(|r| r.public = Some(OLD))),
        ("unreadable CSR", other(|r| r.public = None)),
        ("other wish", other(|r| r.mismatch = vec!["spec.dnsNames"])),
        ("no revision", other(|r| r.revision = None)),
        ("revision from the future", other(|r| r.revision = Some(9))),
    ];
    for (case, stale) in table {
        let steps = run(&Observed {
            requests: vec![stale],
            ..base()
        })
        .steps;
        assert_eq!(steps, vec![deletion(1), asking(1)], "{case}");
    }
}

#[test]
fn each_failure_is_told_once_and_backs_off() {
    let expired = Answer::Certificate {
        fingerprint: NEW,
        public: NEW,
        not_after: at(NOW - 1),
    };
    let foreign = Answer::Certificate {
        fingerprint: NEW,
        public: OLD,
        not_after: at(NOW + HOUR),
    };
    let table = [
        ("failed", failed(NOW), "Failed"),
        (
            "denied",
            Answer::Failed {
                reason: "Denied".into(),
                message: "no".into(),
                at: now(),
            },
            "Denied",
        ),
        ("garbage", Answer::Garbage("not PEM".into()), "InvalidCertificate"),
        ("already expired", expired, "InvalidCertificate"),
        ("for another key", foreign, "InvalidCertificate"),
    ];
    for (case, answer, reason) in table {
        let observed = Observed {
            next_key: Some(next_key(false)),
            requests: vec![request(1, NEW, answer)],
            ..new()
        };
        let plan = run(&observed);
        let status = status_of(&plan).unwrap().clone();
        let issuing = status.issuing.as_ref().unwrap();
        assert_eq!(
            (
                issuing.status,
                issuing.reason.as_str(),
                status.last_failure,
                status.attempts
            ),
            (false, reason, Some(now()), Some(1)),
            "{case}"
        );
        assert_eq!(plan.steps.last(), Some(&Step::Account("r1".into())), "{case}");
        assert_eq!(
            plan.events,
            vec![Event::warning(reason, issuing.message.clone())],
            "{case}"
        );

        let told = Observed {
            status,
            next_key: None,
            accounted: Some("r1".into()),
            ..observed
        };
        assert_eq!(
            run(&told),
            Plan {
                wake: Some(at(NOW + HOUR)),
                ..Plan::default()
            },
            "{case}: rests"
        );
        let later = decide(&told, Config::default(), at(NOW + HOUR));
        assert_eq!(
            later.steps,
            vec![deletion(1), new_key(), asking(1)],
            "{case}: tries again"
        );
        let restarted = Observed {
            accounted: None,
            ..told
        };
        assert_eq!(
            run(&restarted).steps,
            vec![],
            "{case}: a restart does not shorten the rest"
        );
        assert_eq!(
            decide(&restarted, Config::default(), at(NOW + HOUR)).steps,
            later.steps,
            "{case}: nor lengthen it"
        );
    }
}

#[test]
fn rest_ends_early_when_the_wish_changes_or_somebody_asks() {
    let status = Status {
        last_failure: Some(now()),
        attempts: Some(3),
        issuing: Some(condition(false, "Failed", "no", NOW)),
        ..Status::default()
    };
    let mut changed = request(1, NEW, failed(NOW));
    changed.mismatch = vec!["spec.dnsNames"];
    let expected = vec![deletion(1), new_key(), asking(1)];
    assert_eq!(
        run(&Observed {
            status: status.clone(),
            requests: vec![changed],
            ..new()
        })
        .steps,
        expected
    );

    let asked = Status {
        issuing: Some(condition(true, "ManuallyTriggered", "please", NOW)),
        ..status
    };
    let requests = vec![request(1, NEW, failed(NOW - 1))];
    assert_eq!(
        run(&Observed {
            status: asked,
            requests,
            accounted: Some("r1".into()),
            ..new()
        })
        .steps,
        expected
    );
}

#[test]
fn rotation_policy_never_keeps_the_key_or_says_why_it_cannot() {
    let mut base = Observed {
        requests: vec![],
        secret_mismatch: vec!["spec.dnsNames"],
        ..at_rest()
    };
    base.wish.keep_key = true;
    let kept = Plan {
        steps: vec![Step::KeepKey {
            secret: "web-fresh".into(),
        }],
        again: true,
        ..Plan::default()
    };
    assert_eq!(run(&base), kept);

    base.wish.key = KeyAlgorithm::Ed25519;
    let plan = run(&base);
    let status = status_of(&plan).unwrap();
    assert_eq!(status.issuing.as_ref().unwrap().reason, "CannotRegenerateKey");
    assert_eq!(plan.events.len(), 1);
    let told = Observed {
        status: status.clone(),
        ..base.clone()
    };
    assert_eq!(
        run(&told),
        Plan {
            wake: plan.wake,
            ..Plan::default()
        },
        "said once"
    );

    base.secret = None;
    assert_eq!(
        run(&base).steps.first(),
        Some(&Step::NewKey {
            secret: "web-fresh".into(),
            algorithm: KeyAlgorithm::Ed25519
        })
    );
}

#[test]
fn a_wish_that_cannot_be_requested_is_told_once_and_leaves_what_works() {
    let mut observed = Observed {
        secret_mismatch: vec!["spec.ipAddresses"],
        requests: vec![],
        ..at_rest()
    };
    observed.wish.problem = Some("spec.ipAddresses: not an IP address".into());
    let plan = run(&observed);
    let issuing = condition(false, "RequestFailed", "spec.ipAddresses: not an IP address", NOW);
    assert_eq!(status_of(&plan).unwrap().issuing, Some(issuing));
    let told = Observed {
        status: status_of(&plan).unwrap().clone(),
        ..observed
    };
    assert_eq!(run(&told).steps, vec![]);
}

#[test]
fn the_second_certificate_for_a_secret_stands_back() {
    let plan = run(&Observed {
        rival: Some("first".into()),
        ..new()
    });
    let ready = status_of(&plan).unwrap().ready.clone().unwrap();
    assert_eq!(
        (ready.status, ready.reason.as_str(), plan.steps.len()),
        (false, "IncorrectCertificate", 1)
    );
    assert!(ready.message.contains("first"));
}

#[test]
fn a_clock_set_back_issues_nothing() {
    let early = at(NOW - 11 * HOUR);
    assert_eq!(
        decide(&at_rest(), Config::default(), early),
        Plan {
            wake: Some(at(NOW + 50 * HOUR)),
            ..Plan::default()
        }
    );
    // A failure dated in the future neither blocks nor makes a good answer look like an old failure.
    let status = Status {
        last_failure: Some(at(NOW + HOUR)),
        attempts: Some(1),
        ..Status::default()
    };
    let observed = Observed {
        status,
        next_key: Some(next_key(false)),
        requests: vec![request(1, NEW, issued(NEW))],
        ..new()
    };
    assert_eq!(
        run(&observed).steps,
        vec![Step::WriteSecret {
            request: "web-1".into()
        }]
    );
}

#[test]
fn metadata_that_is_not_ours_any_more_is_repaired_without_issuing() {
    let mut observed = at_rest();
    observed.wish.metadata.add(Section::Label, "team", "red");
    assert_eq!(run(&observed).steps, vec![Step::RepairSecret]);
}

#[test]
fn leftovers_are_removed_when_nothing_is_to_be_issued() {
    let status = Status {
        next_key_secret: Some("web-abc".into()),
        ..at_rest().status
    };
    let requests = vec![request(1, OLD, Answer::Issued), request(2, NEW, waiting())];
    let observed = Observed {
        status,
        requests,
        next_key: Some(next_key(false)),
        ..at_rest()
    };
    let steps = vec![
        Step::DropKeySecret("web-abc".into()),
        Step::ForgetKey,
        Step::Status(Box::new(at_rest().status)),
        deletion(2),
    ];
    assert_eq!(run(&observed).steps, steps);
}

#[test]
fn an_expired_certificate_that_may_not_be_renewed_says_so() {
    let mut observed = at_rest();
    observed.wish.renewal.disabled = true;
    let plan = decide(&observed, Config::default(), at(NOW + 80 * HOUR));
    assert_eq!(status_of(&plan).unwrap().ready.as_ref().unwrap().reason, "Expired");
}
