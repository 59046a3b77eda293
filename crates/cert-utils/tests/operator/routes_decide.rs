//! Which Route gets which certificates.

use std::collections::BTreeSet;

use evercert_api::Sensitive;
use evercert_api::route::v1::{ExternalCertificate, RouteTls, Termination};
use evercert_cert_utils::routes::{Field, Observed, Plan, SecretData, Source, decide};
use evercert_pki::key::KeyAlgorithm;

use crate::fixtures::{Authority, Leaf, authority};

use Field::{CaCertificate, Certificate, DestinationCaCertificate, Key};

fn found(name: &str, leaf: &Leaf, ca: Option<&str>) -> Source {
    Source::Found(SecretData {
        name: name.into(),
        tls_crt: Some(leaf.crt.clone().into()),
        tls_key: Some(leaf.key.clone().into()),
        ca_crt: ca.map(|ca| ca.as_bytes().to_vec()),
    })
}

fn tls(termination: Termination) -> RouteTls {
    RouteTls {
        termination: Some(termination),
        ..RouteTls::default()
    }
}

fn reencrypt(certs: Source, destination: Source) -> Observed {
    Observed {
        tls: Some(tls(Termination::Reencrypt)),
        certs,
        destination,
        ..Observed::default()
    }
}

/// The Route after the plan was carried out.
fn after(observed: &Observed, plan: &Plan) -> Observed {
    let mut next = observed.clone();
    let (write, tls) = (plan.write.clone().unwrap(), next.tls.as_mut().unwrap());
    for field in Field::ALL {
        let value = write.hold.get(&field).map(|value| value.expose().to_owned());
        if value.is_none() && !write.clear.contains(&field) {
            continue;
        }
        next.owned.remove(&field);
        next.owned.extend(value.as_ref().map(|_| field));
        match field {
            Key => tls.key = value.map(Sensitive::from),
            Certificate => tls.certificate = value,
            CaCertificate => tls.ca_certificate = value,
            DestinationCaCertificate => tls.destination_ca_certificate = value,
        }
    }
    next
}

/// Carries the plan out and checks that nothing is left to do.
fn done(observed: &Observed) -> Observed {
    let plan = decide(observed);
    let next = after(observed, &plan);
    assert_eq!(
        decide(&next),
        Plan {
            write: None,
            warnings: plan.warnings
        },
        "one pass is enough"
    );
    next
}

fn fields(observed: &Observed) -> Vec<Option<String>> {
    let tls = observed.tls.as_ref().unwrap();
    Field::ALL
        .iter()
        .map(|field| field.of(tls).map(|value| value.expose().to_owned()))
        .collect()
}

#[allow(clippy::unnecessary_wraps, reason = "it stands beside None in the tables")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

struct World {
    root: Authority,
    middle: Authority,
    leaf: Leaf,
}

fn world() -> World {
    let root = authority("root");
    let middle = root.authority("middle");
    let leaf = middle.leaf("leaf").with_chain(&[&middle]);
    World { root, middle, leaf }
}

#[test]
fn all_fields_are_written_at_once_and_then_no_more() {
    let World { root, leaf, .. } = world();
    let mut route = reencrypt(
        found("public", &leaf, None),
        found("internal", &leaf, Some(&root.pem())),
    );
    let written = done(&route);
    assert_eq!(
        fields(&written),
        [text(&leaf.key), text(&leaf.crt), None, text(&root.pem())]
    );
    assert_eq!(
        written.owned,
        BTreeSet::from([Key, Certificate, DestinationCaCertificate])
    );

    route.tls = Some(tls(Termination::Edge));
    route.destination = Source::Unwanted;
    assert_eq!(fields(&done(&route)), [text(&leaf.key), text(&leaf.crt), None, None]);
}

#[test]
fn a_renewal_and_a_tampered_field_are_followed() {
    let World { root, middle, leaf } = world();
    let start = done(&reencrypt(
        found("tls", &leaf, Some(&root.pem())),
        found("tls", &leaf, Some(&root.pem())),
    ));
    let mut tampered = start.clone();
    tampered.tls.as_mut().unwrap().certificate = Some(root.pem());
    assert_eq!(fields(&done(&tampered)), fields(&start));
    let renewed = middle.leaf("leaf");
    let next = Observed {
        certs: found("tls", &renewed, Some(&root.pem())),
        ..start
    };
    assert_eq!(fields(&done(&next))[..2], [text(&renewed.key), text(&renewed.crt)]);
}

#[test]
fn only_what_was_written_here_is_cleared() {
    let World { root, leaf, .. } = world();
    let start = done(&reencrypt(
        found("tls", &leaf, None),
        found("tls", &leaf, Some(&root.pem())),
    ));
    let no_certs = Observed {
        certs: Source::Unwanted,
        ..start.clone()
    };
    assert_eq!(fields(&done(&no_certs)), [None, None, None, text(&root.pem())]);
    let no_destination = Observed {
        destination: Source::Unwanted,
        ..start.clone()
    };
    assert_eq!(
        fields(&done(&no_destination)),
        [text(&leaf.key), text(&leaf.crt), None, None]
    );
    let by_hand = Observed {
        certs: Source::Unwanted,
        destination: Source::Unwanted,
        owned: BTreeSet::new(),
        ..start
    };
    assert_eq!(
        decide(&by_hand),
        Plan::default(),
        "the wiping of hand-written fields is not copied"
    );
}

#[test]
fn a_ca_certificate_is_injected_only_where_the_router_will_verify_with_it() {
    let World { root, middle, leaf } = world();
    let route = |ca: Option<&str>, inject_ca| Observed {
        inject_ca,
        ..reencrypt(found("tls", &leaf, ca), Source::Unwanted)
    };
    let both = middle.pem() + &root.pem();
    assert_eq!(fields(&done(&route(Some(&both), true)))[2], text(&both));
    assert_eq!(
        fields(&done(&route(Some(&both), false)))[2],
        None,
        "without the annotation there is no injection"
    );

    for (ca, reason) in [
        (
            Some(root.pem()),
            "ca.crt of Secret tls does not hold the issuer of its certificate",
        ),
        (None, "Secret tls has no ca.crt"),
        (Some("garbage".into()), "ca.crt of Secret tls: no PEM block"),
    ] {
        let observed = route(ca.as_deref(), true);
        assert!(
            decide(&observed).warnings[0].starts_with(reason),
            "{:?}",
            decide(&observed).warnings
        );
        assert_eq!(
            fields(&done(&observed)),
            [text(&leaf.key), text(&leaf.crt), None, None],
            "the certificate goes on"
        );
    }

    let injected = done(&route(Some(&both), true));
    let withdrawn = Observed {
        inject_ca: false,
        ..injected.clone()
    };
    assert_eq!(fields(&done(&withdrawn))[2], None);
    let stranger = authority("stranger").leaf("leaf");
    let other = Observed {
        certs: found("tls", &stranger, None),
        ..injected.clone()
    };
    assert_eq!(
        fields(&done(&other)),
        [text(&stranger.key), text(&stranger.crt), None, None],
        "an old pool would be an outage"
    );
    let lost = Observed {
        certs: found("tls", &leaf, None),
        ..injected.clone()
    };
    let plan = decide(&lost);
    assert_eq!(
        (plan.write, plan.warnings.len()),
        (None, 1),
        "a pool that still fits stays"
    );

    let mut by_hand = Observed {
        inject_ca: false,
        ..other
    };
    by_hand.owned = [Key, Certificate].into();
    let plan = decide(&by_hand);
    assert!(plan.warnings[0].starts_with("spec.tls.caCertificate does not hold the issuer of the new certificate"));
    assert_eq!(plan.write, None);
}

#[test]
fn what_a_router_would_refuse_is_not_written_and_the_other_part_goes_on() {
    let World { root, middle, leaf } = world();
    let stranger = middle.leaf("stranger");
    let mismatch = Leaf {
        key: stranger.key.clone(),
        ..leaf.clone()
    };
    let backwards = Leaf {
        crt: middle.pem() + &leaf.crt,
        ..leaf.clone()
    };
    let ed25519 = middle.leaf_with("leaf", KeyAlgorithm::Ed25519);
    let garbage = Leaf {
        crt: "garbage".into(),
        ..leaf.clone()
    };
    let empty = Leaf {
        key: String::new(),
        ..leaf.clone()
    };
    let with_key = Leaf {
        crt: leaf.crt.clone() + &leaf.key,
        ..leaf.clone()
    };
    let table = [
        (
            mismatch,
            "Secret tls: tls.key does not belong to the certificate in tls.crt",
        ),
        (
            backwards,
            "tls.crt of Secret tls: the certificate of tls.key stands in place 2, it must be first",
        ),
        (
            ed25519,
            "tls.key of Secret tls is an Ed25519 key, routers take only RSA and ECDSA keys",
        ),
        (garbage, "tls.crt of Secret tls: no PEM block with a certificate found"),
        (empty, "Secret tls has no tls.key"),
        (
            with_key,
            "tls.crt of Secret tls: PEM block \"EC PRIVATE KEY\" found where a certificate is expected",
        ),
    ];
    let start = done(&reencrypt(found("tls", &leaf, None), Source::Unwanted));
    for (bad, reason) in table {
        let next = Observed {
            certs: found("tls", &bad, None),
            destination: found("ca", &leaf, Some(&root.pem())),
            ..start.clone()
        };
        let plan = decide(&next);
        assert_eq!(
            plan.warnings,
            [format!("{reason}; the Route keeps its present certificate")]
        );
        assert_eq!(
            fields(&after(&next, &plan)),
            [text(&leaf.key), text(&leaf.crt), None, text(&root.pem())]
        );
    }
    let next = Observed {
        destination: found("ca", &leaf, Some("garbage")),
        certs: found("tls", &stranger, None),
        ..start
    };
    let plan = decide(&next);
    assert_eq!(
        plan.warnings,
        ["ca.crt of Secret ca: no PEM block with a certificate found; the Route keeps its present destination CA"]
    );
    assert_eq!(
        fields(&after(&next, &plan))[..2],
        [text(&stranger.key), text(&stranger.crt)]
    );
}

#[test]
fn a_broken_chain_is_written_with_a_remark() {
    let World { root, middle, .. } = world();
    let broken = middle.leaf("leaf").with_chain(&[&root]);
    let plan = decide(&reencrypt(found("tls", &broken, None), Source::Unwanted));
    assert!(plan.write.is_some());
    assert!(
        plan.warnings[0].contains("is not signed by the next one"),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn a_missing_secret_is_said_and_the_route_keeps_what_it_has() {
    let World { root, leaf, .. } = world();
    let start = done(&reencrypt(
        found("tls", &leaf, None),
        found("tls", &leaf, Some(&root.pem())),
    ));
    let gone = Observed {
        certs: Source::Missing("tls".into()),
        destination: Source::Missing("tls".into()),
        ..start
    };
    let plan = decide(&gone);
    assert_eq!((plan.write, plan.warnings.len()), (None, 2));
    assert!(
        plan.warnings[0].contains("certs-from-secret names Secret \"tls\", which does not exist"),
        "{:?}",
        plan.warnings
    );
}

#[test]
fn routes_that_take_no_certificates_say_so() {
    let World { root, leaf, .. } = world();
    let both = |tls: Option<RouteTls>| Observed {
        tls,
        ..reencrypt(found("tls", &leaf, None), found("ca", &leaf, Some(&root.pem())))
    };
    let refused = |tls, reason: &str| {
        let plan = decide(&both(tls));
        assert_eq!((plan.write, plan.warnings.len()), (None, 1));
        assert!(plan.warnings[0].starts_with(reason), "{:?}", plan.warnings);
    };
    refused(None, "spec.tls is not set: set its termination");
    refused(
        Some(tls(Termination::Passthrough)),
        "termination passthrough takes no certificates",
    );
    assert_eq!(decide(&Observed::default()), Plan::default());

    let edge = both(Some(tls(Termination::Edge)));
    assert!(decide(&edge).warnings[0].starts_with("only termination reencrypt takes a destination CA"));
    assert_eq!(fields(&done(&edge)), [text(&leaf.key), text(&leaf.crt), None, None]);

    let external = RouteTls {
        external_certificate: Some(ExternalCertificate { name: "x".into() }),
        ..tls(Termination::Reencrypt)
    };
    let external = both(Some(external));
    assert!(decide(&external).warnings[0].starts_with("spec.tls.externalCertificate excludes annotation"));
    assert_eq!(fields(&done(&external)), [None, None, None, text(&root.pem())]);
}

#[test]
fn nothing_secret_is_shown() {
    let World { root, leaf, .. } = world();
    let observed = reencrypt(found("tls", &leaf, Some(&root.pem())), Source::Unwanted);
    let text = format!("{observed:?} {:?}", decide(&observed));
    assert!(!text.contains("BEGIN"), "{text}");
}

proptest::proptest! {
    #[test]
    fn arbitrary_secrets_never_panic_and_never_reach_a_route(
        blobs in proptest::collection::vec(proptest::option::of(proptest::collection::vec(proptest::num::u8::ANY, 0..60)), 3)
    ) {
        let [tls_crt, tls_key, ca_crt] = blobs.try_into().unwrap();
        let secret = Source::Found(SecretData { name: "x".into(), tls_crt, tls_key, ca_crt });
        let observed = Observed { inject_ca: true, ..reencrypt(secret.clone(), secret) };
        proptest::prop_assert_eq!(decide(&observed).write, None);
    }
}
