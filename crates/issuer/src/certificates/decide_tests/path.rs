//! The way to a certificate, fast and slow, and each moment at which the process may have died on it.

use std::sync::Arc;

use super::*;

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
