//! A public key as certificates and requests carry it.

use openssl::pkey::{HasPublic, PKey, PKeyRef, Public};
use openssl::sha::sha256;
use openssl::sign::Verifier;

use super::KeyAlgorithm;
use crate::Error;
use crate::asn1::{self, Reader};
use crate::error::During;
use crate::signature::SignatureAlgorithm;

/// A public key; equal if its SubjectPublicKeyInfo is.
#[derive(Clone)]
pub struct PublicKey {
    key: PKey<Public>,
    spki: Vec<u8>,
    algorithm: KeyAlgorithm,
}

impl PublicKey {
    /// From a DER SubjectPublicKeyInfo.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        let key = PKey::public_key_from_der(der).map_err(|_| Error::BadKey("unreadable public key"))?;
        Self::of(&key)
    }

    pub(super) fn of<T: HasPublic>(key: &PKeyRef<T>) -> Result<Self, Error> {
        let algorithm = KeyAlgorithm::of(key)?;
        // Encoded anew, so that two spellings of one key compare equal.
        let spki = key.public_key_to_der().during("encode the public key")?;
        if matches!(algorithm, KeyAlgorithm::Ecdsa(_)) && !names_its_curve(&spki) {
            return Err(Error::BadKey("EC curve is written out by its parameters"));
        }
        let key = PKey::public_key_from_der(&spki).during("read the public key")?;
        Ok(Self { key, spki, algorithm })
    }

    /// DER SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.spki)
    }

    /// Algorithm and size.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// True where `signature` over `message` was made by this key.
    pub fn verifies(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if !algorithm.fits(self.algorithm) {
            return false;
        }
        let verifier = match algorithm.digest() {
            Some(digest) => Verifier::new(digest, &self.key),
            None => Verifier::new_without_digest(&self.key),
        };
        verifier
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
            .unwrap_or(false)
    }
}

/// A group written out by its parameters must not pass for the named one it imitates.
fn names_its_curve(spki: &[u8]) -> bool {
    let parameters = || {
        let mut algorithm = Reader::whole_sequence(spki, "public key")?.inside(asn1::SEQUENCE)?;
        algorithm.oid()?;
        algorithm.any()
    };
    parameters().is_ok_and(|value| value.tag == asn1::OBJECT_ID)
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
