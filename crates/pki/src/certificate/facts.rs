//! What a certificate says, and what can be proved about it.

use std::fmt::{self, Write};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use openssl::sha::sha256;
use openssl::x509::X509;

use super::parse::{self, LABEL};
use crate::extension::Extension;
use crate::key::{PrivateKey, PublicKey};
use crate::name::Name;
use crate::oids::{self, Oid};
use crate::san::SubjectAltNames;
use crate::usage::Usages;
use crate::{Error, limits, pem};

/// A parsed certificate. Cheap to clone; equal if its bytes are.
#[derive(Clone)]
pub struct Certificate(Arc<Facts>);

pub(super) struct Facts {
    pub(super) der: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) signature_algorithm: Oid,
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) spki: Vec<u8>,
    pub(super) sans: SubjectAltNames,
    pub(super) is_ca: bool,
    /// `None` where it says nothing about usages.
    pub(super) usages: Option<Usages>,
    pub(super) extensions: Vec<Extension>,
    pub(super) public_key: OnceLock<Option<PublicKey>>,
}

impl Certificate {
    /// From DER, nothing after it.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Ok(Self(Arc::new(parse::facts(der)?)))
    }

    /// The one certificate in a PEM text of at most [`limits::CERTIFICATE`] bytes.
    pub fn from_pem(input: &[u8]) -> Result<Self, Error> {
        limits::check("certificate", input, limits::CERTIFICATE)?;
        let mut all = Self::bundle_from_pem(input, limits::CERTIFICATE)?.into_iter();
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Error::BrokenChain("more than the one certificate expected".into())),
        }
    }

    /// All certificates in a PEM text of at most `limit` bytes, in the order of the text; at least one.
    pub fn bundle_from_pem(input: &[u8], limit: usize) -> Result<Vec<Self>, Error> {
        limits::check("certificates", input, limit)?;
        let what = "certificate";
        let read = |block: pem::Block| match block.label.as_str() {
            LABEL | "X509 CERTIFICATE" => Self::from_der(&block.der),
            _ => Err(Error::WrongPem {
                what,
                label: block.label,
            }),
        };
        let all = pem::blocks(input)?
            .into_iter()
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() {
            Err(Error::NoPem { what })
        } else {
            Ok(all)
        }
    }

    /// DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM, ending with a newline.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.0.der)
    }

    /// Serial number in lower-case hex without leading zeros.
    pub fn serial_hex(&self) -> String {
        let hex = hex(&self.0.serial);
        let trimmed = hex.trim_start_matches('0');
        if trimmed.is_empty() { "0".into() } else { trimmed.into() }
    }

    /// First second of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// Last second of validity.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// Subject.
    pub fn subject(&self) -> &Name {
        &self.0.subject
    }

    /// Issuer.
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// Alternative names, those of known kinds.
    pub fn sans(&self) -> &SubjectAltNames {
        &self.0.sans
    }

    /// Usages; empty where it says nothing about them.
    pub fn usages(&self) -> Usages {
        self.0.usages.clone().unwrap_or_default()
    }

    /// The CA flag of basicConstraints.
    pub fn is_ca(&self) -> bool {
        self.0.is_ca
    }

    /// True where keyUsage is absent or names certificate signing.
    pub fn may_sign_certificates(&self) -> bool {
        let limited = self.extension(&oids::KEY_USAGE).is_some();
        !limited || self.0.usages.as_ref().is_some_and(Usages::may_sign_certificates)
    }

    /// Its public key; `None` for a kind or size that this crate does not work with.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.0
            .public_key
            .get_or_init(|| PublicKey::from_spki_der(&self.0.spki).ok())
            .as_ref()
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.0.der)
    }

    /// True where the signature algorithm uses MD5 or SHA-1, which routers and browsers refuse.
    pub fn has_weak_signature(&self) -> bool {
        [oids::MD5_WITH_RSA, oids::SHA1_WITH_RSA, oids::ECDSA_WITH_SHA1].contains(&self.0.signature_algorithm)
    }

    /// True where `key` belongs to it.
    pub fn matches(&self, key: &PrivateKey) -> bool {
        self.public_key() == Some(key.public_key())
    }

    /// True where `issuer` is a CA by name and right to sign, and its key made the signature.
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let entitled = self.0.issuer == issuer.0.subject && issuer.is_ca() && issuer.may_sign_certificates();
        entitled && self.signature_is_by(issuer)
    }

    /// True where it is a CA that signed itself: a root.
    pub fn is_root(&self) -> bool {
        self.is_signed_by(self)
    }

    /// True where subject and issuer are equal and its own key made the signature, CA or not.
    pub fn is_self_signed(&self) -> bool {
        self.0.issuer == self.0.subject && self.signature_is_by(self)
    }

    /// The signature alone. Keys that this crate does not work with are never computed with.
    fn signature_is_by(&self, issuer: &Self) -> bool {
        if issuer.public_key().is_none() {
            return false;
        }
        let key = X509::from_der(&issuer.0.der).and_then(|issuer| issuer.public_key());
        let verified = key.and_then(|key| X509::from_der(&self.0.der)?.verify(&key));
        verified.unwrap_or(false)
    }

    pub(crate) fn extension(&self, oid: &Oid) -> Option<&Extension> {
        Extension::find(&self.0.extensions, oid)
    }
}

/// Lower-case hex, two digits a byte.
fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Certificates one after the other as PEM.
pub fn to_pem_chain(certificates: &[Certificate]) -> String {
    certificates.iter().map(Certificate::to_pem).collect()
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.0.subject, self.serial_hex())
    }
}
