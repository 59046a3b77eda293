//! Order of chains: shuffled, doubled, broken, circular and too long.
#![allow(clippy::too_many_lines, reason = "tables are long")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail loudly"
)]

use evercert_pki::Error;
use evercert_pki::certificate::{Certificate, to_pem_chain};
use evercert_pki::chain::{normalise, verify_links};
use evercert_pki::csr::{self, Csr, CsrTemplate};
use evercert_pki::key::{KeyAlgorithm, PrivateKey};
use evercert_pki::limits;
use evercert_pki::name::Name;
use evercert_pki::sign::{Signer, SigningTemplate, sign};
use evercert_pki::usage::Usages;

/// Everyone in a chain has the one key: what counts here is who names whom.
struct World {
    key: PrivateKey,
}

impl World {
    fn new() -> Self {
        Self {
            key: PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap(),
        }
    }

    fn signed(&self, name: &str, is_ca: bool, serial: u8, issuer: Option<&Certificate>) -> Certificate {
        let subject = Name::from_literal(&format!("CN={name}")).unwrap();
        let text = csr::build(
            &CsrTemplate {
                subject,
                ..CsrTemplate::default()
            },
            &self.key,
        )
        .unwrap();
        let template = SigningTemplate {
            csr: &Csr::from_pem(text.as_bytes()).unwrap(),
            usages: &Usages::from_names::<&str>(&[], is_ca).unwrap(),
            is_ca,
            serial: [serial; 16],
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
            crl_distribution_points: &[],
            ocsp_servers: &[],
            issuing_certificate_urls: &[],
        };
        let signer = match issuer {
            Some(certificate) => Signer::Ca {
                certificate,
                key: &self.key,
            },
            None => Signer::SelfSigned(&self.key),
        };
        sign(&template, &signer).unwrap()
    }
}

#[test]
fn chains_are_put_in_order_and_the_root_apart() {
    let world = World::new();
    let root = world.signed("root", true, 1, None);
    let upper = world.signed("upper", true, 2, Some(&root));
    let lower = world.signed("lower", true, 3, Some(&upper));
    let leaf = world.signed("leaf", false, 4, Some(&lower));
    let lone = world.signed("lone", false, 5, None);
    let stranger = world.signed("stranger", false, 6, Some(&root));

    let broken = |reason: &str| Err(format!("malformed or broken certificate chain: {reason}"));
    let not_one_line = || broken("the certificates do not form one line");
    #[allow(clippy::type_complexity, reason = "one table row")]
    let table: [(
        &str,
        Vec<&Certificate>,
        Result<(Vec<&Certificate>, Option<&Certificate>), String>,
    ); 11] = [
        (
            "in order",
            vec![&leaf, &lower, &upper, &root],
            Ok((vec![&leaf, &lower, &upper], Some(&root))),
        ),
        (
            "shuffled",
            vec![&upper, &root, &leaf, &lower],
            Ok((vec![&leaf, &lower, &upper], Some(&root))),
        ),
        (
            "doubled",
            vec![&leaf, &lower, &leaf, &upper, &lower],
            Ok((vec![&leaf, &lower, &upper], Some(&upper))),
        ),
        (
            "without root",
            vec![&leaf, &lower],
            Ok((vec![&leaf, &lower], Some(&lower))),
        ),
        ("leaf alone", vec![&leaf], Ok((vec![&leaf], None))),
        ("root alone", vec![&root], Ok((vec![&root], Some(&root)))),
        ("self-signed leaf alone: not a CA", vec![&lone], Ok((vec![&lone], None))),
        ("gap", vec![&leaf, &upper], not_one_line()),
        (
            "two leaves",
            vec![&leaf, &lower, &upper, &root, &stranger],
            not_one_line(),
        ),
        ("unrelated", vec![&leaf, &lone], not_one_line()),
        ("none", vec![], broken("no certificate")),
    ];
    for (case, input, expected) in table {
        let found = normalise(input.into_iter().cloned().collect());
        let found = found
            .map(|found| (found.chain, found.ca))
            .map_err(|err| err.to_string());
        let expected = expected.map(|(chain, ca)| (chain.into_iter().cloned().collect::<Vec<_>>(), ca.cloned()));
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn links_are_checked_in_the_order_given() {
    let world = World::new();
    let root = world.signed("root", true, 1, None);
    let leaf = world.signed("leaf", false, 2, Some(&root));
    assert!(verify_links(&[leaf.clone(), root.clone()]).is_ok() && verify_links(&[]).is_ok());
    let message = verify_links(&[root, leaf]).unwrap_err().to_string();
    assert_eq!(
        message,
        "malformed or broken certificate chain: the certificate of Name(CN=root) is not signed by the next one, Name(CN=leaf)"
    );
}

#[test]
fn circles_and_crowds_of_one_name_come_to_an_end() {
    let world = World::new();
    let a = world.signed("a", true, 1, None);
    let b = world.signed("b", true, 2, Some(&a));
    let a_by_b = world.signed("a", true, 3, Some(&b));
    let b_by_a = world.signed("b", true, 4, Some(&a_by_b));
    assert!(matches!(normalise(vec![a_by_b, b_by_a]), Err(Error::BrokenChain(_))));

    let other = World::new();
    let crowd: Vec<_> = (1..=60)
        .map(|serial| if serial % 2 == 0 { &world } else { &other }.signed("same", true, serial, None))
        .collect();
    assert!(matches!(normalise(crowd), Err(Error::BrokenChain(_))));
}

#[test]
fn sizes_are_checked_before_anything_is_parsed() {
    let world = World::new();
    let root = world.signed("root", true, 1, None);
    let table = [
        (
            limits::CERTIFICATE,
            "certificates is 36501 bytes, more than the 36500 allowed",
        ),
        (
            limits::CHAIN,
            "certificates is 95001 bytes, more than the 95000 allowed",
        ),
    ];
    for (limit, expected) in table {
        let message = Certificate::bundle_from_pem(&vec![b'-'; limit + 1], limit)
            .unwrap_err()
            .to_string();
        assert_eq!(message, expected);
    }
    let two = to_pem_chain(&[root.clone(), root.clone()]);
    assert_eq!(
        Certificate::bundle_from_pem(two.as_bytes(), limits::CHAIN).unwrap(),
        vec![root.clone(), root]
    );
    assert!(Certificate::from_pem(two.as_bytes()).is_err());
    let with_key = two + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let message = Certificate::bundle_from_pem(with_key.as_bytes(), limits::CHAIN)
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "PEM block \"PRIVATE KEY\" found where a certificate is expected"
    );
}
