//! Signature algorithms of requests and certificates, and which one a key uses by itself.

use std::fmt;
use std::str::FromStr;

use openssl::hash::MessageDigest;

use crate::Error;
use crate::asn1::{object_id, sequence};
use crate::key::{Curve, KeyAlgorithm};
use crate::oids::{self, Oid};

/// A signature algorithm by the name a Certificate gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSA PKCS #1 v1.5 with SHA-256
    Sha256WithRsa,
    /// RSA PKCS #1 v1.5 with SHA-384
    Sha384WithRsa,
    /// RSA PKCS #1 v1.5 with SHA-512
    Sha512WithRsa,
    /// ECDSA with SHA-256
    EcdsaWithSha256,
    /// ECDSA with SHA-384
    EcdsaWithSha384,
    /// ECDSA with SHA-512
    EcdsaWithSha512,
    /// Ed25519, which hashes by itself
    PureEd25519,
}

use SignatureAlgorithm::{
    EcdsaWithSha256, EcdsaWithSha384, EcdsaWithSha512, PureEd25519, Sha256WithRsa, Sha384WithRsa, Sha512WithRsa,
};

const ALL: [(SignatureAlgorithm, &str, Oid); 7] = [
    (Sha256WithRsa, "SHA256WithRSA", oids::SHA256_WITH_RSA),
    (Sha384WithRsa, "SHA384WithRSA", oids::SHA384_WITH_RSA),
    (Sha512WithRsa, "SHA512WithRSA", oids::SHA512_WITH_RSA),
    (EcdsaWithSha256, "ECDSAWithSHA256", oids::ECDSA_WITH_SHA256),
    (EcdsaWithSha384, "ECDSAWithSHA384", oids::ECDSA_WITH_SHA384),
    (EcdsaWithSha512, "ECDSAWithSHA512", oids::ECDSA_WITH_SHA512),
    (PureEd25519, "PureEd25519", oids::ED25519),
];

impl SignatureAlgorithm {
    /// The hash grows with the key, as upstream's does: RSA from 3072 bits SHA-384, from 4096 SHA-512; curves by their size.
    pub fn default_for(key: KeyAlgorithm) -> Self {
        match key {
            KeyAlgorithm::Rsa(4096..) => Sha512WithRsa,
            KeyAlgorithm::Rsa(3072..) => Sha384WithRsa,
            KeyAlgorithm::Rsa(_) => Sha256WithRsa,
            KeyAlgorithm::Ecdsa(Curve::P256) => EcdsaWithSha256,
            KeyAlgorithm::Ecdsa(Curve::P384) => EcdsaWithSha384,
            KeyAlgorithm::Ecdsa(Curve::P521) => EcdsaWithSha512,
            KeyAlgorithm::Ed25519 => PureEd25519,
        }
    }

    /// True where a key of this type can sign so.
    pub fn fits(self, key: KeyAlgorithm) -> bool {
        match self {
            Sha256WithRsa | Sha384WithRsa | Sha512WithRsa => matches!(key, KeyAlgorithm::Rsa(_)),
            EcdsaWithSha256 | EcdsaWithSha384 | EcdsaWithSha512 => matches!(key, KeyAlgorithm::Ecdsa(_)),
            PureEd25519 => key == KeyAlgorithm::Ed25519,
        }
    }

    /// The name in a Certificate's `signatureAlgorithm`.
    pub fn name(self) -> &'static str {
        ALL.iter()
            .find(|(algorithm, ..)| *algorithm == self)
            .map_or("", |(_, name, _)| name)
    }

    pub(crate) fn digest(self) -> Option<MessageDigest> {
        match self {
            Sha256WithRsa | EcdsaWithSha256 => Some(MessageDigest::sha256()),
            Sha384WithRsa | EcdsaWithSha384 => Some(MessageDigest::sha384()),
            Sha512WithRsa | EcdsaWithSha512 => Some(MessageDigest::sha512()),
            PureEd25519 => None,
        }
    }

    /// DER AlgorithmIdentifier: RSA has NULL parameters (RFC 4055), the others none (RFC 5758, RFC 8410).
    pub(crate) fn identifier(self) -> Vec<u8> {
        let oid = ALL
            .iter()
            .find(|(algorithm, ..)| *algorithm == self)
            .map_or(oids::ED25519, |(.., oid)| *oid);
        let parameters: &[u8] = if self.fits(KeyAlgorithm::Rsa(2048)) {
            &[5, 0]
        } else {
            &[]
        };
        sequence(&[&object_id(&oid), parameters])
    }

    pub(crate) fn of_oid(oid: &Oid) -> Option<Self> {
        ALL.iter()
            .find(|(.., known)| known == oid)
            .map(|(algorithm, ..)| *algorithm)
    }
}

impl FromStr for SignatureAlgorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = ALL
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(algorithm, ..)| *algorithm);
        found.ok_or_else(|| Error::Unsupported(format!("unknown signature algorithm {name:?}")))
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
