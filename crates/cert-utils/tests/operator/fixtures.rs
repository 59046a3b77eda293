//! A small PKI.

use evercert_pki::certificate::{Certificate, to_pem_chain};
use evercert_pki::csr::{self, Csr, CsrTemplate};
use evercert_pki::key::{Curve, KeyAlgorithm, KeyEncoding, PrivateKey};
use evercert_pki::name::Name;
use evercert_pki::sign::{Signer, SigningTemplate, sign};
use evercert_pki::usage::Usages;

pub const P256: KeyAlgorithm = KeyAlgorithm::Ecdsa(Curve::P256);
/// First second of every certificate.
pub const NOT_BEFORE: &str = "2026-01-01T00:00:00Z";

pub struct Authority {
    pub certificate: Certificate,
    pub key: PrivateKey,
}

/// As it stands in a Secret.
#[derive(Clone)]
pub struct Leaf {
    pub certificate: Certificate,
    pub crt: String,
    pub key: String,
}

pub fn authority(name: &str) -> Authority {
    let key = PrivateKey::generate(P256).unwrap();
    Authority {
        certificate: issue(name, true, &key, None),
        key,
    }
}

impl Authority {
    pub fn pem(&self) -> String {
        self.certificate.to_pem()
    }

    pub fn authority(&self, name: &str) -> Self {
        let key = PrivateKey::generate(P256).unwrap();
        Self {
            certificate: issue(name, true, &key, Some(self)),
            key,
        }
    }

    pub fn leaf(&self, name: &str) -> Leaf {
        self.leaf_with(name, P256)
    }

    pub fn leaf_with(&self, name: &str, algorithm: KeyAlgorithm) -> Leaf {
        let key = PrivateKey::generate(algorithm).unwrap();
        let certificate = issue(name, false, &key, Some(self));
        Leaf {
            crt: certificate.to_pem(),
            certificate,
            key: key.to_pem(KeyEncoding::Pkcs1).unwrap(),
        }
    }
}

impl Leaf {
    pub fn with_chain(&self, rest: &[&Authority]) -> Self {
        let rest: Vec<_> = rest.iter().map(|authority| authority.certificate.clone()).collect();
        Self {
            crt: self.crt.clone() + &to_pem_chain(&rest),
            ..self.clone()
        }
    }
}

fn issue(name: &str, is_ca: bool, key: &PrivateKey, issuer: Option<&Authority>) -> Certificate {
    let subject = Name::from_literal(&format!("CN={name}")).unwrap();
    let request = csr::build(
        &CsrTemplate {
            subject,
            ..CsrTemplate::default()
        },
        key,
    )
    .unwrap();
    let template = SigningTemplate {
        csr: &Csr::from_pem(request.as_bytes()).unwrap(),
        usages: &Usages::from_names::<&str>(&[], is_ca).unwrap(),
        is_ca,
        serial: [7; 16],
        not_before: NOT_BEFORE.parse().unwrap(),
        not_after: "2036-01-01T00:00:00Z".parse().unwrap(),
        crl_distribution_points: &[],
        ocsp_servers: &[],
        issuing_certificate_urls: &[],
    };
    let signer = match issuer {
        Some(issuer) => Signer::Ca {
            certificate: &issuer.certificate,
            key: &issuer.key,
        },
        None => Signer::SelfSigned(key),
    };
    sign(&template, &signer).unwrap()
}
