//! A private key that is fit for use: known algorithm, sane size, both halves belong together.

use std::fmt;

use openssl::ec::{EcGroup, EcKey};
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;

use super::{KeyAlgorithm, PublicKey, parse};
use crate::error::During;
use crate::signature::SignatureAlgorithm;
use crate::{Error, pem};

/// How a private key is written into a Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyEncoding {
    /// PKCS #1 for RSA, SEC 1 for ECDSA; Ed25519 knows neither and is written as PKCS #8.
    #[default]
    Pkcs1,
    /// PKCS #8 for all.
    Pkcs8,
}

/// A private key and its public half.
#[derive(Clone)]
pub struct PrivateKey {
    key: PKey<Private>,
    public: PublicKey,
}

impl PrivateKey {
    /// A new key. RSA above 4096 bits takes seconds.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, Error> {
        let key = match algorithm {
            KeyAlgorithm::Rsa(bits) => Rsa::generate(bits).and_then(PKey::from_rsa),
            KeyAlgorithm::Ecdsa(curve) => EcGroup::from_curve_name(curve.nid())
                .and_then(|group| EcKey::generate(&group))
                .and_then(PKey::from_ec_key),
            KeyAlgorithm::Ed25519 => PKey::generate_ed25519(),
        };
        Self::new(key.during("generate a key")?)
    }

    /// The first private key in PEM text, in any unencrypted form and under any label.
    pub fn from_pem(input: &[u8]) -> Result<Self, Error> {
        Self::new(parse::private_key(input)?)
    }

    fn new(key: PKey<Private>) -> Result<Self, Error> {
        let public = PublicKey::of(&key)?;
        match public.algorithm() {
            KeyAlgorithm::Ecdsa(_) => {
                let ec = key.ec_key().during("read the EC key")?;
                ec.check_key()
                    .map_err(|_| Error::BadKey("EC point or scalar is not on the curve"))?;
            }
            KeyAlgorithm::Rsa(_) => check_rsa(&key)?,
            KeyAlgorithm::Ed25519 => {}
        }
        Ok(Self { key, public })
    }

    /// PEM text, ending with a newline.
    pub fn to_pem(&self, encoding: KeyEncoding) -> Result<String, Error> {
        let (label, der) = match (encoding, self.algorithm()) {
            (KeyEncoding::Pkcs1, KeyAlgorithm::Rsa(_)) => (
                "RSA PRIVATE KEY",
                self.key.rsa().and_then(|key| key.private_key_to_der()),
            ),
            (KeyEncoding::Pkcs1, KeyAlgorithm::Ecdsa(_)) => (
                "EC PRIVATE KEY",
                self.key.ec_key().and_then(|key| key.private_key_to_der()),
            ),
            _ => ("PRIVATE KEY", self.key.private_key_to_pkcs8()),
        };
        Ok(pem::encode(label, &der.during("encode the private key")?))
    }

    /// PKCS #8 version 1, unencrypted, as Java reads it.
    pub fn to_pkcs8_der(&self) -> Result<Vec<u8>, Error> {
        self.key.private_key_to_pkcs8().during("encode the private key")
    }

    /// Algorithm and size.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.public.algorithm()
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signature over `message`. Error: an algorithm that does not fit the key.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Error> {
        if !algorithm.fits(self.algorithm()) {
            let text = format!(
                "signature algorithm {algorithm} does not fit a key of type {}",
                self.algorithm()
            );
            return Err(Error::Unsupported(text));
        }
        let signer = match algorithm.digest() {
            Some(digest) => Signer::new(digest, &self.key),
            None => Signer::new_without_digest(&self.key),
        };
        signer
            .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
            .during("sign")
    }
}

/// Factors that do not make the modulus would sign garbage; a full check costs as much as making a key.
fn check_rsa(key: &PKey<Private>) -> Result<(), Error> {
    let rsa = key.rsa().during("read the RSA key")?;
    let (Some(p), Some(q)) = (rsa.p(), rsa.q()) else {
        return Ok(());
    };
    let product = openssl::bn::BigNumContext::new().and_then(|mut context| {
        let mut product = openssl::bn::BigNum::new()?;
        product.checked_mul(p, q, &mut context)?;
        Ok(product)
    });
    if &*product.during("multiply")? == rsa.n() {
        Ok(())
    } else {
        Err(Error::BadKey("RSA factors do not match the modulus"))
    }
}

/// Never shows the key.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
