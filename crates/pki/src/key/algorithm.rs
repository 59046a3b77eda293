//! Which keys we make, and what we call those we meet.

use std::fmt;

use openssl::ec::EcGroupRef;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKeyRef};

use crate::error::During;
use crate::{Error, limits};

/// A named curve of the NIST family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// secp256r1
    P256,
    /// secp384r1
    P384,
    /// secp521r1
    P521,
}

/// Algorithm and size of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// RSA with a modulus of this many bits.
    Rsa(u32),
    /// ECDSA on a curve.
    Ecdsa(Curve),
    /// Ed25519, RFC 8410.
    Ed25519,
}

impl KeyAlgorithm {
    /// RSA as a Certificate may ask for it: 2048 to 8192 bits.
    pub fn rsa(bits: u32) -> Result<Self, Error> {
        if (2048..=8192).contains(&bits) {
            Ok(Self::Rsa(bits))
        } else {
            Err(Error::Unsupported(format!(
                "RSA key size {bits} is not between 2048 and 8192"
            )))
        }
    }

    /// ECDSA as a Certificate may ask for it: size 256, 384 or 521.
    pub fn ecdsa(bits: u32) -> Result<Self, Error> {
        match bits {
            256 => Ok(Self::Ecdsa(Curve::P256)),
            384 => Ok(Self::Ecdsa(Curve::P384)),
            521 => Ok(Self::Ecdsa(Curve::P521)),
            _ => Err(Error::Unsupported(format!(
                "ECDSA key size {bits} is not 256, 384 or 521"
            ))),
        }
    }

    /// The algorithm of a key that somebody gave us. RSA below 1024 and above 16384 bits or with an impossible modulus or
    /// exponent, and curves other than the three by name, are refused before any arithmetic is done with them.
    pub(super) fn of<T: HasPublic>(key: &PKeyRef<T>) -> Result<Self, Error> {
        match key.id() {
            Id::ED25519 => Ok(Self::Ed25519),
            Id::EC => Curve::of(key.ec_key().during("read the EC key")?.group()).map(Self::Ecdsa),
            Id::RSA => {
                let rsa = key.rsa().during("read the RSA key")?;
                let bits = u32::try_from(rsa.n().num_bits()).unwrap_or(u32::MAX);
                if !(1024..=limits::RSA_BITS).contains(&bits) {
                    return Err(Error::Unsupported(format!(
                        "RSA key of {bits} bits is not between 1024 and 16384"
                    )));
                }
                if !rsa.n().is_bit_set(0) || !rsa.e().is_bit_set(0) || rsa.e().num_bits() < 2 || rsa.e().num_bits() > 64
                {
                    return Err(Error::BadKey("RSA modulus or exponent is impossible"));
                }
                Ok(Self::Rsa(bits))
            }
            _ => Err(Error::Unsupported(
                "key algorithm is none of RSA, ECDSA and Ed25519".into(),
            )),
        }
    }
}

impl Curve {
    pub(super) fn nid(self) -> Nid {
        match self {
            Self::P256 => Nid::X9_62_PRIME256V1,
            Self::P384 => Nid::SECP384R1,
            Self::P521 => Nid::SECP521R1,
        }
    }

    fn of(group: &EcGroupRef) -> Result<Self, Error> {
        match group.curve_name() {
            Some(Nid::X9_62_PRIME256V1) => Ok(Self::P256),
            Some(Nid::SECP384R1) => Ok(Self::P384),
            Some(Nid::SECP521R1) => Ok(Self::P521),
            _ => Err(Error::Unsupported(
                "EC curve is none of P-256, P-384 and P-521 by name".into(),
            )),
        }
    }

    /// Size as a Certificate names it.
    pub fn bits(self) -> u32 {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::Ecdsa(curve) => write!(f, "ECDSA {}", curve.bits()),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}
