//! The table of an Order's steps.

use super::*;
use evercert_api::ByteString;
use evercert_api::acme::v1::{
    AcmeAuthorization, AcmeChallenge, AcmeChallengeSolver, AcmeChallengeSolverDns01, AcmeChallengeSolverHttp01,
    ChallengeStatus, OrderSpec, Rfc2136,
};

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn solver() -> AcmeChallengeSolver {
    let rfc2136 = Some(Rfc2136 {
        nameserver: "192.0.2.53".into(),
        ..Rfc2136::default()
    });
    AcmeChallengeSolver {
        dns01: Some(AcmeChallengeSolverDns01 {
            rfc2136,
            ..AcmeChallengeSolverDns01::default()
        }),
        ..AcmeChallengeSolver::default()
    }
}

fn issuer() -> AcmeIssuer {
    AcmeIssuer {
        solvers: vec![solver()],
        ..AcmeIssuer::default()
    }
}

fn authorization(name: &str, wildcard: bool) -> AcmeAuthorization {
    let offered = AcmeChallenge {
        url: format!("https://ca/challenge/{name}{wildcard}"),
        token: "t".into(),
        type_: "dns-01".into(),
    };
    AcmeAuthorization {
        url: format!("https://ca/authz/{name}{wildcard}"),
        identifier: name.into(),
        wildcard: Some(wildcard),
        initial_state: Some(State::Pending),
        challenges: vec![offered],
    }
}

/// A pending order for a.example and its wildcard, authorizations read.
fn observed() -> Observed {
    let mut order = Order::new("web-1", OrderSpec::default());
    order.status = Some(OrderStatus {
        url: "https://ca/order/1".into(),
        finalize_url: "https://ca/finalize/1".into(),
        authorizations: vec![authorization("a.example", false), authorization("a.example", true)],
        state: Some(State::Pending),
        ..OrderStatus::default()
    });
    Observed {
        order,
        issuer: IssuerFacts::Ready(Box::new(issuer())),
        challenges: vec![],
        hold: None,
    }
}

fn challenge(observed: &Observed, index: usize, state: Option<State>) -> Arc<Challenge> {
    let mut challenge = Challenge::new(
        &format!("c{index}"),
        wanted(&observed.order, &issuer()).unwrap()[index].clone(),
    );
    challenge.spec.key = "key".into();
    challenge.metadata.uid = Some(format!("u{index}"));
    challenge.status = Some(ChallengeStatus {
        state,
        ..ChallengeStatus::default()
    });
    Arc::new(challenge)
}

fn with_challenges(first: Option<State>, second: Option<State>) -> Observed {
    let mut observed = observed();
    observed.challenges = vec![challenge(&observed, 0, first), challenge(&observed, 1, second)];
    observed
}

fn status(mut observed: Observed, edit: impl Fn(&mut OrderStatus)) -> Observed {
    edit(observed.order.status.as_mut().unwrap());
    observed
}

fn id(index: usize) -> (String, String) {
    (format!("c{index}"), format!("u{index}"))
}

fn both() -> Vec<ChallengeSpec> {
    wanted(&observed().order, &issuer()).unwrap()
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn goes_the_way_to_the_certificate_step_by_step() {
    let pending = || Some(State::Pending);
    let valid = || Some(State::Valid);
    let unread = |s: &mut OrderStatus| s.authorizations[1].identifier.clear();
    let table = [
        ("new", status(observed(), |s| *s = OrderStatus::default()), Step::Create),
        (
            "created by an older version",
            status(observed(), |s| s.finalize_url.clear()),
            Step::Read,
        ),
        (
            "authorizations unread",
            status(observed(), unread),
            Step::ReadAuthorizations,
        ),
        (
            "no challenges yet",
            observed(),
            Step::Challenges {
                create: both(),
                delete: vec![],
            },
        ),
        (
            "both at work, the wildcard beside its base name",
            with_challenges(None, pending()),
            Step::Challenging,
        ),
        ("one done", with_challenges(valid(), pending()), Step::Challenging),
        ("all done", with_challenges(valid(), valid()), Step::Read),
        (
            "one failed",
            with_challenges(Some(State::Invalid), pending()),
            Step::Read,
        ),
        (
            "ready",
            status(with_challenges(valid(), valid()), |s| s.state = Some(State::Ready)),
            Step::Finalize,
        ),
        (
            "processing",
            status(with_challenges(valid(), valid()), |s| s.state = Some(State::Processing)),
            Step::Read,
        ),
        (
            "valid without certificate",
            status(observed(), |s| s.state = Some(State::Valid)),
            Step::Read,
        ),
        (
            "complete",
            status(with_challenges(valid(), valid()), |s| {
                (s.state, s.certificate) = (Some(State::Valid), Some(ByteString(vec![1])));
            }),
            Step::CleanUp(vec![id(0), id(1)]),
        ),
        (
            "complete and clean",
            status(observed(), |s| {
                (s.state, s.certificate) = (Some(State::Valid), Some(ByteString(vec![1])));
            }),
            Step::Rest,
        ),
        (
            "failed: what failed stays to be looked at",
            status(with_challenges(Some(State::Invalid), pending()), |s| {
                s.state = Some(State::Invalid);
            }),
            Step::CleanUp(vec![id(1)]),
        ),
        (
            "all valid already at the server",
            status(observed(), |s| {
                s.authorizations
                    .iter_mut()
                    .for_each(|a| a.initial_state = Some(State::Valid));
            }),
            Step::Read,
        ),
    ];
    for (case, observed, expected) in table {
        assert_eq!(decide(&observed, now()), expected, "{case}");
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn waits_with_a_reason_where_it_cannot_go_on() {
    let hold = now() + std::time::Duration::from_secs(7);
    let unusable = |mut o: Observed| {
        o.issuer = IssuerFacts::Unusable("issuer is not ready".into());
        o
    };
    let solvers = |mut o: Observed, solvers: Vec<AcmeChallengeSolver>| {
        o.issuer = IssuerFacts::Ready(Box::new(AcmeIssuer {
            solvers,
            ..AcmeIssuer::default()
        }));
        o
    };
    let http = AcmeChallengeSolver {
        http01: Some(AcmeChallengeSolverHttp01::default()),
        ..AcmeChallengeSolver::default()
    };
    let mut offering_http = observed();
    for authorization in &mut offering_http.order.status.as_mut().unwrap().authorizations {
        authorization.wildcard = None;
        authorization.challenges[0].type_ = "http-01".into();
    }
    let mut deleted = observed();
    deleted.order.metadata.deletion_timestamp = Some(evercert_api::Time(now()));
    let table = [
        (
            "held",
            Observed {
                hold: Some(hold),
                ..observed()
            },
            Step::HoldUntil(hold),
        ),
        (
            "hold is over",
            Observed {
                hold: Some(now()),
                ..observed()
            },
            Step::Challenges {
                create: both(),
                delete: vec![],
            },
        ),
        (
            "issuer not usable",
            unusable(observed()),
            Step::WaitFor("issuer is not ready".into()),
        ),
        ("being deleted", deleted, Step::Rest),
    ];
    for (case, observed, expected) in table {
        assert_eq!(decide(&observed, now()), expected, "{case}");
    }
    for (observed, words) in [
        (solvers(observed(), vec![]), "no solvers"),
        (solvers(offering_http, vec![http]), "not supported yet"),
    ] {
        assert!(
            matches!(decide(&observed, now()), Step::NoSolver(why) if why.contains(words)),
            "{words}"
        );
    }
}

#[test]
fn a_solver_that_was_changed_replaces_its_challenge_only() {
    let mut observed = with_challenges(Some(State::Pending), Some(State::Pending));
    let mut edited = (*observed.challenges[1]).clone();
    edited
        .spec
        .solver
        .dns01
        .as_mut()
        .unwrap()
        .rfc2136
        .as_mut()
        .unwrap()
        .nameserver = "198.51.100.53".into();
    observed.challenges[1] = Arc::new(edited);
    let expected = Step::Challenges {
        create: vec![both()[1].clone()],
        delete: vec![id(1)],
    };
    assert_eq!(decide(&observed, now()), expected);
}
