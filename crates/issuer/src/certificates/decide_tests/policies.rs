//! Whether to issue: each policy row, the clock, rivals.

use super::*;

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
fn an_expired_certificate_that_may_not_be_renewed_says_so() {
    let mut observed = at_rest();
    observed.wish.renewal.disabled = true;
    let plan = decide(&observed, Config::default(), at(NOW + 80 * HOUR));
    assert_eq!(status_of(&plan).unwrap().ready.as_ref().unwrap().reason, "Expired");
}
