//! Private keys against OpenSSL's own encoders, and the torture inputs that Secrets hold in practice.
#![allow(clippy::too_many_lines, reason = "tables are long")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail loudly"
)]

use evercert_pki::key::{Curve, KeyAlgorithm, KeyEncoding, PrivateKey};
use evercert_pki::pem;
use evercert_pki::signature::SignatureAlgorithm;
use openssl::bn::BigNum;
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::symm::Cipher;

const ALL: [KeyAlgorithm; 5] = [
    KeyAlgorithm::Rsa(2048),
    KeyAlgorithm::Ecdsa(Curve::P256),
    KeyAlgorithm::Ecdsa(Curve::P384),
    KeyAlgorithm::Ecdsa(Curve::P521),
    KeyAlgorithm::Ed25519,
];

fn refusal(input: &[u8]) -> String {
    PrivateKey::from_pem(input).map_or_else(|err| err.to_string(), |key| format!("accepted {}", key.algorithm()))
}

#[test]
fn each_kind_is_written_in_both_encodings_and_read_back() {
    for algorithm in ALL {
        let key = PrivateKey::generate(algorithm).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let labels = match algorithm {
            KeyAlgorithm::Rsa(_) => ["RSA PRIVATE KEY", "PRIVATE KEY"],
            KeyAlgorithm::Ecdsa(_) => ["EC PRIVATE KEY", "PRIVATE KEY"],
            KeyAlgorithm::Ed25519 => ["PRIVATE KEY"; 2],
        };
        for (encoding, label) in [KeyEncoding::Pkcs1, KeyEncoding::Pkcs8].into_iter().zip(labels) {
            let text = key.to_pem(encoding).unwrap();
            assert!(
                text.starts_with(&format!("-----BEGIN {label}-----\n")),
                "{algorithm} {encoding:?}"
            );
            let again = PrivateKey::from_pem(text.as_bytes()).unwrap();
            assert_eq!(again.public_key(), key.public_key());
            assert!(
                PKey::private_key_from_pem(text.as_bytes())
                    .unwrap()
                    .public_eq(&PKey::public_key_from_der(key.public_key().spki_der()).unwrap())
            );
        }
    }
}

#[test]
fn ed25519_is_pkcs8_version_1_which_everything_reads() {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    assert_eq!(key.to_pkcs8_der().unwrap().len(), 48);
}

#[test]
fn a_key_is_read_by_its_content_whatever_its_label_says() {
    for algorithm in ALL {
        let key = PrivateKey::generate(algorithm).unwrap();
        for encoding in [KeyEncoding::Pkcs1, KeyEncoding::Pkcs8] {
            let der = pem::blocks(key.to_pem(encoding).unwrap().as_bytes())
                .unwrap()
                .remove(0)
                .der;
            for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"] {
                let text = format!("# comment\n{}", pem::encode(label, &der));
                assert_eq!(
                    PrivateKey::from_pem(text.as_bytes()).unwrap().public_key(),
                    key.public_key(),
                    "{label}"
                );
            }
        }
    }
}

#[test]
fn ec_parameters_before_the_key_are_passed_over() {
    let key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
    let parameters = pem::encode("EC PARAMETERS", &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    let text = parameters + &key.to_pem(KeyEncoding::Pkcs1).unwrap();
    assert_eq!(
        PrivateKey::from_pem(text.as_bytes()).unwrap().public_key(),
        key.public_key()
    );
}

#[test]
fn keys_that_must_not_be_used_are_refused_with_the_reason() {
    let rsa = Rsa::generate(2048).unwrap();
    let encrypted = PKey::from_rsa(rsa.clone()).unwrap();
    let encrypted_pkcs8 = encrypted
        .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"secret")
        .unwrap();
    let encrypted_pkcs1 = rsa
        .private_key_to_pem_passphrase(Cipher::aes_256_cbc(), b"secret")
        .unwrap();
    let explicit = ec(Nid::X9_62_PRIME256V1, Asn1Flag::EXPLICIT_CURVE);
    let begins = b"-----BEGIN PRIVATE KEY-----\n".repeat(400);

    let curve = "EC curve is none of P-256, P-384 and P-521 by name";
    let table: [(&str, &[u8], &str); 12] = [
        ("empty", b"", "no PEM block with a private key found"),
        ("not PEM", b"\xff\0\xfe", "no PEM block with a private key found"),
        (
            "only a certificate",
            pem_of("CERTIFICATE").leak(),
            "no PEM block with a private key found",
        ),
        (
            "encrypted PKCS#8",
            &encrypted_pkcs8,
            "the private key is encrypted; encrypted keys are not supported",
        ),
        (
            "encrypted PKCS#1",
            &encrypted_pkcs1,
            "the private key is encrypted; encrypted keys are not supported",
        ),
        (
            "garbage in PEM",
            pem_of("PRIVATE KEY").leak(),
            "invalid key: neither PKCS#8, PKCS#1 nor SEC1",
        ),
        (
            "RSA 512",
            &Rsa::generate(512).unwrap().private_key_to_pem().unwrap(),
            "RSA key of 512 bits is not between 1024 and 16384",
        ),
        ("P-192", &ec(Nid::X9_62_PRIME192V1, Asn1Flag::NAMED_CURVE), curve),
        ("P-224", &ec(Nid::SECP224R1, Asn1Flag::NAMED_CURVE), curve),
        (
            "explicit curve",
            &explicit,
            "invalid key: EC curve is written out by its parameters",
        ),
        ("many BEGINs", &begins, "invalid PEM: BEGIN inside a block"),
        (
            "too large",
            &[b'-'; 13_001],
            "private key is 13001 bytes, more than the 13000 allowed",
        ),
    ];
    for (case, input, expected) in table {
        assert_eq!(refusal(input), expected, "{case}");
    }
}

fn ec(curve: Nid, form: Asn1Flag) -> Vec<u8> {
    let mut group = EcGroup::from_curve_name(curve).unwrap();
    group.set_asn1_flag(form);
    EcKey::generate(&group).unwrap().private_key_to_pem().unwrap()
}

fn pem_of(label: &str) -> Vec<u8> {
    pem::encode(label, &[0x30, 3, 2, 1, 0]).into_bytes()
}

#[test]
fn rsa_with_foreign_factors_or_an_impossible_exponent_is_refused() {
    let (a, b) = (Rsa::generate(2048).unwrap(), Rsa::generate(2048).unwrap());
    let own = |number: &openssl::bn::BigNumRef| number.to_owned().unwrap();
    let build = |n: BigNum, e: BigNum, p: BigNum| {
        let parts = (
            own(a.d()),
            own(a.q().unwrap()),
            own(a.dmp1().unwrap()),
            own(a.dmq1().unwrap()),
            own(a.iqmp().unwrap()),
        );
        let key = Rsa::from_private_components(n, e, parts.0, p, parts.1, parts.2, parts.3, parts.4).unwrap();
        refusal(&key.private_key_to_pem().unwrap())
    };
    let p = || own(a.p().unwrap());
    assert_eq!(build(own(a.n()), own(a.e()), p()), "accepted RSA 2048");
    assert_eq!(
        build(own(a.n()), own(a.e()), own(b.p().unwrap())),
        "invalid key: RSA factors do not match the modulus"
    );
    for exponent in [1, 2, 65_536] {
        let message = build(own(a.n()), BigNum::from_u32(exponent).unwrap(), p());
        assert_eq!(
            message, "invalid key: RSA modulus or exponent is impossible",
            "{exponent}"
        );
    }
    let mut even = own(a.n());
    even.clear_bit(0).unwrap();
    assert_eq!(
        build(even, own(a.e()), p()),
        "invalid key: RSA modulus or exponent is impossible"
    );
}

#[test]
fn sizes_that_a_certificate_may_ask_for_are_bounded() {
    assert_eq!(KeyAlgorithm::rsa(2048).unwrap(), KeyAlgorithm::Rsa(2048));
    assert_eq!(KeyAlgorithm::rsa(8192).unwrap(), KeyAlgorithm::Rsa(8192));
    assert!(
        [0, 1024, 2047, 8193, 16_384]
            .into_iter()
            .all(|bits| KeyAlgorithm::rsa(bits).is_err())
    );
    assert_eq!(KeyAlgorithm::ecdsa(521).unwrap(), KeyAlgorithm::Ecdsa(Curve::P521));
    assert!(
        [0, 224, 255, 512, 999]
            .into_iter()
            .all(|bits| KeyAlgorithm::ecdsa(bits).is_err())
    );
}

#[test]
fn every_signature_algorithm_that_fits_verifies_and_no_other_signs() {
    let names = [
        "SHA256WithRSA",
        "SHA384WithRSA",
        "SHA512WithRSA",
        "ECDSAWithSHA256",
        "ECDSAWithSHA384",
        "ECDSAWithSHA512",
        "PureEd25519",
    ];
    for algorithm in ALL {
        let key = PrivateKey::generate(algorithm).unwrap();
        for name in names {
            let signature: SignatureAlgorithm = name.parse().unwrap();
            let signed = key.sign(signature, b"message");
            assert_eq!(signed.is_ok(), signature.fits(algorithm), "{name} {algorithm}");
            let verifies = |message: &[u8]| {
                signed
                    .as_ref()
                    .is_ok_and(|bytes| key.public_key().verifies(signature, message, bytes))
            };
            assert_eq!(
                (verifies(b"message"), verifies(b"massage")),
                (signature.fits(algorithm), false)
            );
        }
        assert!(SignatureAlgorithm::default_for(algorithm).fits(algorithm));
    }
}

#[test]
fn debug_output_never_shows_the_key() {
    let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey { algorithm: Ed25519, .. }");
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(der in proptest::collection::vec(proptest::num::u8::ANY, 1..300)) {
        let _ = PrivateKey::from_pem(&der);
        let _ = PrivateKey::from_pem(pem::encode("PRIVATE KEY", &der).as_bytes());
    }
}
