//! Each failure: told once, backed off, and what ends the rest early.

use super::*;

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
