//! Requests and certificates from end to end, with OpenSSL reading what we wrote and rcgen writing what we read.
#![allow(clippy::too_many_lines, reason = "tables are long")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail loudly"
)]

use evercert_pki::certificate::Certificate;
use evercert_pki::csr::{self, Csr, CsrTemplate};
use evercert_pki::key::{Curve, KeyAlgorithm, PrivateKey};
use evercert_pki::name::{Name, Subject};
use evercert_pki::name_constraints::{NameConstraints, Subtrees};
use evercert_pki::san::{OtherName, SubjectAltNames};
use evercert_pki::sign::{Signer, SigningTemplate, sign};
use evercert_pki::signature::SignatureAlgorithm;
use evercert_pki::usage::Usages;
use jiff::Timestamp;
use openssl::x509::{X509, X509Req};

fn p256() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap()
}

fn subject(common_name: &str) -> Name {
    Name::from_subject(&Subject {
        common_name: Some(common_name.into()),
        ..Subject::default()
    })
}

fn sans(dns: &[&str]) -> SubjectAltNames {
    SubjectAltNames {
        dns: dns.iter().map(|name| (*name).to_owned()).collect(),
        ..SubjectAltNames::default()
    }
}

fn usages(names: &[&str]) -> Usages {
    Usages::from_names(names, false).unwrap()
}

fn request(template: &CsrTemplate, key: &PrivateKey) -> Csr {
    Csr::from_pem(csr::build(template, key).unwrap().as_bytes()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn template<'a>(csr: &'a Csr, usages: &'a Usages, is_ca: bool) -> SigningTemplate<'a> {
    SigningTemplate {
        csr,
        usages,
        is_ca,
        serial: [0xff; 16],
        not_before: at("2026-01-01T00:00:00Z"),
        not_after: at("2056-01-01T00:00:00Z"),
        crl_distribution_points: &[],
        ocsp_servers: &[],
        issuing_certificate_urls: &[],
    }
}

fn ca(name: &str, key: &PrivateKey) -> Certificate {
    let csr = request(
        &CsrTemplate {
            subject: subject(name),
            ..CsrTemplate::default()
        },
        key,
    );
    let usages = Usages::from_names::<&str>(&[], true).unwrap();
    sign(&template(&csr, &usages, true), &Signer::SelfSigned(key)).unwrap()
}

fn text_of(certificate: &Certificate) -> String {
    String::from_utf8(X509::from_der(certificate.der()).unwrap().to_text().unwrap()).unwrap()
}

#[test]
fn a_request_says_what_its_template_asks_for_and_openssl_agrees() {
    let key = p256();
    let asked = CsrTemplate {
        subject: subject("a.example.com"),
        sans: sans(&["a.example.com", "b.example.com"]),
        usages: Some(usages(&["digital signature", "server auth"])),
        is_ca: Some(false),
        ..CsrTemplate::default()
    };
    let pem = csr::build(&asked, &key).unwrap();
    let openssl = X509Req::from_pem(pem.as_bytes()).unwrap();
    assert!(openssl.verify(&openssl.public_key().unwrap()).unwrap());
    let text = String::from_utf8(openssl.to_text().unwrap()).unwrap();
    for part in [
        "Subject: CN=a.example.com",
        "DNS:a.example.com, DNS:b.example.com",
        "Key Usage: critical\n                    Digital Signature\n",
        "TLS Web Server Authentication",
        "CA:FALSE",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    let csr = Csr::from_pem(pem.as_bytes()).unwrap();
    assert_eq!(
        (csr.subject.clone(), csr.sans.clone(), csr.is_ca().unwrap()),
        (asked.subject, asked.sans, Some(false))
    );
    assert_eq!(
        (csr.usages().unwrap(), &csr.public_key),
        (asked.usages, key.public_key())
    );
}

#[test]
fn extensions_are_left_out_where_they_are_not_asked_for() {
    let csr = request(
        &CsrTemplate {
            subject: subject("a"),
            ..CsrTemplate::default()
        },
        &p256(),
    );
    assert_eq!(
        (csr.extensions.len(), csr.usages().unwrap(), csr.is_ca().unwrap()),
        (0, None, None)
    );
    let only_key_usage = CsrTemplate {
        usages: Some(usages(&[])),
        ..CsrTemplate::default()
    };
    let oids: Vec<_> = request(&only_key_usage, &p256())
        .extensions
        .iter()
        .map(|e| e.oid.to_string())
        .collect();
    assert_eq!(oids, ["2.5.29.15"]);
}

#[test]
fn alternative_names_are_critical_exactly_where_the_subject_is_empty() {
    for (subject, critical) in [(Name::default(), true), (subject("a"), false)] {
        let csr = request(
            &CsrTemplate {
                subject,
                sans: sans(&["a"]),
                ..CsrTemplate::default()
            },
            &p256(),
        );
        assert_eq!(csr.extensions[0].critical, critical);
        let usages = usages(&[]);
        let key = p256();
        let signed = sign(
            &template(&csr, &usages, false),
            &Signer::Ca {
                certificate: &ca("ca", &key),
                key: &key,
            },
        );
        assert_eq!(
            text_of(&signed.unwrap()).contains("Subject Alternative Name: critical"),
            critical
        );
    }
}

#[test]
fn a_signature_algorithm_is_taken_where_it_fits_and_refused_where_not() {
    let asked = |signature| CsrTemplate {
        subject: subject("a"),
        signature: Some(signature),
        ..CsrTemplate::default()
    };
    assert_eq!(
        request(&asked(SignatureAlgorithm::EcdsaWithSha512), &p256()).signature,
        SignatureAlgorithm::EcdsaWithSha512
    );
    let message = csr::build(&asked(SignatureAlgorithm::Sha256WithRsa), &p256())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "signature algorithm SHA256WithRSA does not fit a key of type ECDSA 256"
    );
}

#[test]
fn a_ca_signs_what_the_request_asks_for_and_openssl_verifies_it() {
    for algorithm in [
        KeyAlgorithm::Rsa(2048),
        KeyAlgorithm::Ecdsa(Curve::P384),
        KeyAlgorithm::Ed25519,
    ] {
        let ca_key = PrivateKey::generate(algorithm).unwrap();
        let root = ca("root", &ca_key);
        let mut names = sans(&["a.example.com"]);
        names.other_names = vec![OtherName {
            oid: "1.3.6.1.4.1.311.20.2.3".into(),
            value: "upn@realm".into(),
        }];
        let literal = Name::from_literal("CN=leaf,OU=b+OU=a,O=x").unwrap();
        let csr = request(
            &CsrTemplate {
                subject: literal.clone(),
                sans: names.clone(),
                ..CsrTemplate::default()
            },
            &p256(),
        );
        let usages = usages(&["digital signature", "server auth", "client auth"]);
        let urls = ["http://ca.example.com/x".to_owned()];
        let template = SigningTemplate {
            crl_distribution_points: &urls,
            ocsp_servers: &urls,
            issuing_certificate_urls: &urls,
            ..template(&csr, &usages, false)
        };
        let leaf = sign(
            &template,
            &Signer::Ca {
                certificate: &root,
                key: &ca_key,
            },
        )
        .unwrap();

        let openssl_root = X509::from_der(root.der()).unwrap();
        assert!(
            X509::from_der(leaf.der())
                .unwrap()
                .verify(&openssl_root.public_key().unwrap())
                .unwrap()
        );
        assert!(leaf.is_signed_by(&root) && root.is_root() && !leaf.is_root());
        assert_eq!(
            (leaf.subject(), leaf.sans(), leaf.issuer()),
            (&literal, &names, root.subject())
        );
        assert_eq!(
            (leaf.usages(), leaf.is_ca(), leaf.public_key()),
            (usages.clone(), false, Some(&csr.public_key))
        );
        assert_eq!(
            (leaf.not_before(), leaf.not_after()),
            (template.not_before, template.not_after)
        );
        assert_eq!(leaf.serial_hex(), "7fffffffffffffffffffffffffffffff");
        let text = text_of(&leaf);
        for part in [
            "OCSP - URI:http://ca.example.com/x",
            "CA Issuers - URI:http://ca.example.com/x",
            "URI:http://ca.example.com/x",
            "Authority Key Identifier",
            "CA:FALSE",
            "Basic Constraints: critical",
        ] {
            assert!(text.contains(part), "{part} not in {text}");
        }
        assert!(
            !text.contains("Subject Key Identifier"),
            "a leaf has none, as with Go's library"
        );
    }
}

#[test]
fn openssl_builds_a_strict_path_over_an_intermediate() {
    let (root_key, middle_key) = (p256(), p256());
    let root = ca("root", &root_key);
    let middle_csr = request(
        &CsrTemplate {
            subject: subject("middle"),
            ..CsrTemplate::default()
        },
        &middle_key,
    );
    let ca_usages = Usages::from_names(&["cert sign", "crl sign"], true).unwrap();
    let middle = sign(
        &template(&middle_csr, &ca_usages, true),
        &Signer::Ca {
            certificate: &root,
            key: &root_key,
        },
    )
    .unwrap();
    let csr = request(
        &CsrTemplate {
            subject: Name::default(),
            sans: sans(&["a"]),
            ..CsrTemplate::default()
        },
        &p256(),
    );
    let leaf_usages = usages(&[]);
    let leaf = sign(
        &template(&csr, &leaf_usages, false),
        &Signer::Ca {
            certificate: &middle,
            key: &middle_key,
        },
    )
    .unwrap();

    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, certificate: &Certificate| {
        let path = directory.path().join(name);
        std::fs::write(&path, certificate.to_pem()).unwrap();
        path
    };
    let (root, middle, leaf) = (write("root", &root), write("middle", &middle), write("leaf", &leaf));
    let mut openssl = std::process::Command::new("openssl");
    openssl
        .args(["verify", "-x509_strict", "-CAfile"])
        .arg(root)
        .arg("-untrusted")
        .arg(middle)
        .arg(leaf);
    // The machine may have no command line tool; the library has been asked above.
    if let Ok(output) = openssl.output() {
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn name_constraints_go_from_the_spec_to_the_ca_certificate() {
    let key = p256();
    let constraints = NameConstraints {
        critical: true,
        permitted: Subtrees {
            dns_domains: vec!["example.com".into()],
            ip_ranges: vec!["10.0.0.0/8".into()],
            ..Subtrees::default()
        },
        excluded: Subtrees {
            email_addresses: vec!["example.org".into()],
            uri_domains: vec![".example.net".into()],
            ..Subtrees::default()
        },
    };
    let csr = request(
        &CsrTemplate {
            subject: subject("ca"),
            name_constraints: Some(constraints),
            ..CsrTemplate::default()
        },
        &key,
    );
    let usages = Usages::from_names::<&str>(&[], true).unwrap();
    let text = text_of(&sign(&template(&csr, &usages, true), &Signer::SelfSigned(&key)).unwrap());
    for part in [
        "Name Constraints: critical",
        "DNS:example.com",
        "IP:10.0.0.0/255.0.0.0",
        "email:example.org",
        "URI:.example.net",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
}

#[test]
fn requests_that_contradict_what_is_to_be_signed_are_refused() {
    let key = p256();
    let build = |usages: Option<Usages>, is_ca| {
        request(
            &CsrTemplate {
                subject: subject("a"),
                usages,
                is_ca,
                ..CsrTemplate::default()
            },
            &key,
        )
    };
    let asked = usages(&["signing", "server auth"]);
    let table: [(Csr, &[&str], bool, Option<&str>); 6] = [
        (build(None, None), &["any"], true, None),
        (
            build(Some(asked.clone()), None),
            &["server auth", "digital signature"],
            false,
            None,
        ),
        (
            build(Some(usages(&["signing"])), None),
            &["digital signature", "server auth"],
            false,
            None,
        ),
        (
            build(Some(asked.clone()), None),
            &["server auth"],
            false,
            Some("key usage is [digital signature, server auth] in the CSR and the request has [server auth]"),
        ),
        (
            build(Some(asked.clone()), None),
            &["digital signature", "client auth"],
            false,
            Some(
                "extended key usage is [digital signature, server auth] in the CSR and the request has [digital signature, client auth]",
            ),
        ),
        (
            build(None, Some(true)),
            &["any"],
            false,
            Some("isCA is true in the CSR and false in the request"),
        ),
    ];
    for (csr, names, is_ca, expected) in table {
        let usages = usages(names);
        let expected = expected.map(|text| format!("the CSR contradicts the request: {text}"));
        assert_eq!(
            csr.check_agrees(&usages, is_ca).err().map(|err| err.to_string()),
            expected
        );
        assert_eq!(
            sign(&template(&csr, &usages, is_ca), &Signer::SelfSigned(&key)).is_err(),
            expected.is_some()
        );
    }
}

#[test]
fn a_foreign_key_signs_nothing() {
    let (key, other) = (p256(), p256());
    let csr = request(
        &CsrTemplate {
            subject: subject("a"),
            ..CsrTemplate::default()
        },
        &key,
    );
    let usages = usages(&[]);
    let root = ca("root", &key);
    for signer in [
        Signer::SelfSigned(&other),
        Signer::Ca {
            certificate: &root,
            key: &other,
        },
    ] {
        let message = sign(&template(&csr, &usages, false), &signer).unwrap_err().to_string();
        assert_eq!(message, "the private key does not match the certificate");
    }
}

#[test]
fn a_request_whose_signature_was_made_over_something_else_is_refused() {
    let key = p256();
    let text = csr::build(
        &CsrTemplate {
            subject: subject("victim"),
            ..CsrTemplate::default()
        },
        &key,
    )
    .unwrap();
    let mut der = evercert_pki::pem::blocks(text.as_bytes()).unwrap().remove(0).der;
    let place = der.windows(6).position(|window| window == b"victim").unwrap();
    der[place] = b'V';
    let forged = evercert_pki::pem::encode("CERTIFICATE REQUEST", &der);
    assert_eq!(
        Csr::from_pem(forged.as_bytes()).unwrap_err().to_string(),
        "the signature of the CSR does not verify"
    );
    let table: [(&[u8], &str); 3] = [
        (b"garbage", "no PEM block with a certificate request found"),
        (
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
            "malformed certificate request",
        ),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "PEM block \"CERTIFICATE\" found where a certificate request is expected",
        ),
    ];
    for (input, expected) in table {
        assert_eq!(Csr::from_pem(input).unwrap_err().to_string(), expected);
    }
}

#[test]
fn what_rcgen_writes_is_read() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["a.example.com".into()]).unwrap();
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "Ö");
    let csr = Csr::from_pem(params.serialize_request(&key).unwrap().pem().unwrap().as_bytes()).unwrap();
    let certificate = Certificate::from_pem(params.self_signed(&key).unwrap().pem().as_bytes()).unwrap();
    for (names, asked) in [
        (&csr.sans, csr.usages().unwrap()),
        (certificate.sans(), Some(certificate.usages())),
    ] {
        assert_eq!(
            (names, asked),
            (
                &sans(&["a.example.com"]),
                Some(usages(&["digital signature", "server auth"]))
            )
        );
    }
    assert_eq!(certificate.subject().subject().organizations, ["Ö"]);
    assert!(certificate.is_self_signed() && !certificate.is_root());
}

#[test]
fn serials_are_positive_and_never_zero() {
    let key = p256();
    let csr = request(
        &CsrTemplate {
            subject: subject("a"),
            ..CsrTemplate::default()
        },
        &key,
    );
    let usages = usages(&[]);
    let serials = [[0; 16], [0x80; 16], [1; 16]].map(|serial| {
        let template = SigningTemplate {
            serial,
            ..template(&csr, &usages, false)
        };
        sign(&template, &Signer::SelfSigned(&key)).unwrap().serial_hex()
    });
    assert_eq!(
        serials,
        ["1".to_owned(), "80".repeat(15), "1".to_owned() + &"01".repeat(15)]
    );
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(der in proptest::collection::vec(proptest::num::u8::ANY, 1..300)) {
        let _ = Certificate::from_der(&der);
        let _ = Csr::from_pem(evercert_pki::pem::encode("CERTIFICATE REQUEST", &der).as_bytes());
    }

    #[test]
    fn a_damaged_certificate_never_panics(place in 0_usize..400, byte in proptest::num::u8::ANY) {
        static DER: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut der = DER.get_or_init(|| ca("root", &p256()).der().to_vec()).clone();
        let place = place % der.len();
        der[place] = byte;
        let _ = Certificate::from_der(&der).map(|certificate| (certificate.is_root(), certificate.sans().clone()));
    }
}
