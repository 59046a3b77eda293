//! ACME account keys: RSA as upstream stores them, and P-256, P-384, P-521. Bytes in, signatures out; no I/O.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use openssl::sign::Signer;

use crate::error::Error;

/// Largest PEM that is looked at, in bytes.
const PEM_LIMIT: usize = 13_000;

/// JWS algorithm of an account key (RFC 7518 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// P-256 with SHA-256.
    Es256,
    /// P-384 with SHA-384.
    Es384,
    /// P-521 with SHA-512.
    Es512,
}

impl Algorithm {
    /// Name in a JWS header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
        }
    }

    fn digest(self) -> MessageDigest {
        match self {
            Self::Rs256 | Self::Es256 => MessageDigest::sha256(),
            Self::Es384 => MessageDigest::sha384(),
            Self::Es512 => MessageDigest::sha512(),
        }
    }

    /// Name of the curve in a JWK, and the length of a coordinate in bytes.
    fn curve(self) -> Option<(&'static str, i32)> {
        match self {
            Self::Rs256 => None,
            Self::Es256 => Some(("P-256", 32)),
            Self::Es384 => Some(("P-384", 48)),
            Self::Es512 => Some(("P-521", 66)),
        }
    }
}

/// A private key that identifies an ACME account. Debug shows its thumbprint only.
#[derive(Clone)]
pub struct AccountKey {
    key: PKey<Private>,
    algorithm: Algorithm,
    jwk: String,
    thumbprint: String,
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountKey")
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

impl AccountKey {
    /// A new RSA-2048 key, what upstream makes and can read. Takes tens to hundreds of milliseconds of CPU.
    pub fn generate_rsa() -> Result<Self, Error> {
        let made = Rsa::generate(2048)
            .and_then(PKey::from_rsa)
            .map_err(crypto("generating an RSA key"))?;
        Self::from_pkey(made)
    }

    /// A new P-256 key.
    pub fn generate_p256() -> Result<Self, Error> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1);
        let made = group
            .and_then(|group| EcKey::generate(&group))
            .and_then(PKey::from_ec_key);
        Self::from_pkey(made.map_err(crypto("generating a P-256 key"))?)
    }

    /// Reads PKCS#1, SEC1 or PKCS#8 PEM.
    ///
    /// # Errors
    /// [`Error::Config`] where it is no private key or of a kind that no ACME server takes; it says what to change.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        if pem.len() > PEM_LIMIT {
            return Err(config(format!("is larger than {PEM_LIMIT} bytes")));
        }
        // An empty passphrase keeps the library from asking for one on a terminal.
        let key = PKey::private_key_from_pem_passphrase(pem, &[])
            .map_err(|_| config("is not an unencrypted PEM private key"))?;
        Self::from_pkey(key)
    }

    fn from_pkey(key: PKey<Private>) -> Result<Self, Error> {
        let algorithm = algorithm_of(&key)?;
        let jwk = jwk(&key, algorithm).map_err(crypto("encoding the public part"))?;
        let thumbprint = URL_SAFE_NO_PAD.encode(sha256(jwk.as_bytes()));
        Ok(Self {
            key,
            algorithm,
            jwk,
            thumbprint,
        })
    }

    /// The key as upstream stores it: PKCS#1 for RSA, SEC1 for EC.
    pub fn to_pem(&self) -> Result<Vec<u8>, Error> {
        let pem = match self.key.id() {
            Id::RSA => self.key.rsa().and_then(|rsa| rsa.private_key_to_pem()),
            _ => self.key.ec_key().and_then(|ec| ec.private_key_to_pem()),
        };
        pem.map_err(crypto("encoding"))
    }

    /// Base64 SHA-256 of the DER form, what upstream keeps as `status.acme.lastPrivateKeyHash`.
    pub fn checksum(&self) -> Result<String, Error> {
        let der = match self.key.id() {
            Id::RSA => self.key.rsa().and_then(|rsa| rsa.private_key_to_der()),
            _ => self.key.ec_key().and_then(|ec| ec.private_key_to_der()),
        };
        der.map(|der| STANDARD.encode(sha256(&der))).map_err(crypto("hashing"))
    }

    /// Its JWS algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as canonical JWK JSON (RFC 7638 section 3: members sorted, no white space).
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// RFC 7638 thumbprint, base64url.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// RFC 8555 section 8.1: `token.thumbprint`.
    pub fn key_authorization(&self, token: &str) -> String {
        format!("{token}.{}", self.thumbprint)
    }

    /// Signature of `input` in JWS form: PKCS#1 v1.5 for RSA, `r || s` of fixed length for EC.
    pub fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        self.signature(input).map_err(crypto("signing"))
    }

    fn signature(&self, input: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let Some((_, length)) = self.algorithm.curve() else {
            let mut signer = Signer::new(self.algorithm.digest(), &self.key)?;
            return signer.sign_oneshot_to_vec(input);
        };
        let digest = hash(self.algorithm.digest(), input)?;
        let ecdsa = self.key.ec_key()?;
        let signature = EcdsaSig::sign(&digest, &ecdsa)?;
        let mut out = signature.r().to_vec_padded(length)?;
        out.extend(signature.s().to_vec_padded(length)?);
        Ok(out)
    }
}

/// RFC 8555 section 8.4: the TXT value that answers a dns-01 challenge, from its key authorization.
pub fn dns01_value(key_authorization: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(key_authorization.as_bytes()))
}

fn algorithm_of(key: &PKey<Private>) -> Result<Algorithm, Error> {
    match key.id() {
        Id::RSA if (2048..=8192).contains(&key.bits()) => Ok(Algorithm::Rs256),
        Id::RSA => Err(config(format!(
            "is an RSA key of {} bits, use 2048 to 8192",
            key.bits()
        ))),
        Id::EC => match key.ec_key().ok().and_then(|ec| ec.group().curve_name()) {
            Some(Nid::X9_62_PRIME256V1) => Ok(Algorithm::Es256),
            Some(Nid::SECP384R1) => Ok(Algorithm::Es384),
            Some(Nid::SECP521R1) => Ok(Algorithm::Es512),
            _ => Err(config(
                "lies on a curve that ACME does not use, use P-256, P-384 or P-521",
            )),
        },
        _ => Err(config("is neither an RSA nor an EC key")),
    }
}

fn jwk(key: &PKey<Private>, algorithm: Algorithm) -> Result<String, ErrorStack> {
    let Some((curve, length)) = algorithm.curve() else {
        let rsa = key.rsa()?;
        let (e, n) = (
            URL_SAFE_NO_PAD.encode(rsa.e().to_vec()),
            URL_SAFE_NO_PAD.encode(rsa.n().to_vec()),
        );
        return Ok(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
    };
    let ec = key.ec_key()?;
    let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
    ec.public_key()
        .affine_coordinates(ec.group(), &mut x, &mut y, &mut context)?;
    let (x, y) = (
        URL_SAFE_NO_PAD.encode(x.to_vec_padded(length)?),
        URL_SAFE_NO_PAD.encode(y.to_vec_padded(length)?),
    );
    Ok(format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#))
}

fn config(what: impl std::fmt::Display) -> Error {
    Error::Config {
        what: format!("the ACME account key {what}"),
    }
}

fn crypto(operation: &'static str) -> impl Fn(ErrorStack) -> Error {
    move |source| Error::Crypto { operation, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key of RFC 7638 section 3.1 gives a known thumbprint; public members only, so it is built by hand.
    #[test]
    fn thumbprint_is_sha256_of_the_canonical_jwk() {
        let jwk = concat!(
            r#"{"e":"AQAB","kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi"#,
            r#"FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI"#,
            r#"SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#
        );
        assert_eq!(
            URL_SAFE_NO_PAD.encode(sha256(jwk.as_bytes())),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn every_kind_of_key_signs_and_survives_its_pem() {
        let ec = |nid| {
            let group = EcGroup::from_curve_name(nid).unwrap();
            AccountKey::from_pkey(PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()).unwrap()
        };
        let table = [
            (AccountKey::generate_rsa().unwrap(), Algorithm::Rs256, 256),
            (ec(Nid::X9_62_PRIME256V1), Algorithm::Es256, 64),
            (ec(Nid::SECP384R1), Algorithm::Es384, 96),
            (ec(Nid::SECP521R1), Algorithm::Es512, 132),
        ];
        for (key, algorithm, length) in table {
            assert_eq!(key.algorithm(), algorithm);
            let signature = key.sign(b"header.payload").unwrap();
            assert_eq!(signature.len(), length);
            assert!(verifies(&key, b"header.payload", &signature), "{algorithm:?}");
            assert!(!verifies(&key, b"header.payloaD", &signature), "{algorithm:?}");
            let again = AccountKey::from_pem(&key.to_pem().unwrap()).unwrap();
            assert_eq!(again.jwk(), key.jwk());
            assert_eq!(again.checksum().unwrap(), key.checksum().unwrap());
            let pkcs8 = AccountKey::from_pem(&key.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
            assert_eq!(pkcs8.thumbprint(), key.thumbprint());
            assert!(!format!("{key:?}").contains("PRIVATE"));
        }
    }

    fn verifies(key: &AccountKey, input: &[u8], signature: &[u8]) -> bool {
        let digest = hash(key.algorithm.digest(), input).unwrap();
        if key.algorithm == Algorithm::Rs256 {
            let mut verifier = openssl::sign::Verifier::new(MessageDigest::sha256(), &key.key).unwrap();
            return verifier.verify_oneshot(signature, input).unwrap();
        }
        let (r, s) = signature.split_at(signature.len() / 2);
        let sig =
            EcdsaSig::from_private_components(BigNum::from_slice(r).unwrap(), BigNum::from_slice(s).unwrap()).unwrap();
        sig.verify(&digest, &key.key.ec_key().unwrap()).unwrap()
    }

    #[test]
    fn unusable_keys_are_refused_with_what_to_change() {
        let pem = |key: PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
        let small = pem(PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap());
        let koblitz = EcGroup::from_curve_name(Nid::SECP256K1).unwrap();
        let koblitz = pem(PKey::from_ec_key(EcKey::generate(&koblitz).unwrap()).unwrap());
        let table = [
            (small, "RSA key of 1024 bits"),
            (koblitz, "curve"),
            (pem(PKey::generate_ed25519().unwrap()), "neither an RSA nor an EC key"),
            (
                b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n".to_vec(),
                "not an unencrypted PEM",
            ),
            (Vec::new(), "not an unencrypted PEM"),
            (vec![b'-'; PEM_LIMIT + 1], "larger than"),
        ];
        for (pem, words) in table {
            let error = AccountKey::from_pem(&pem).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn dns01_value_is_the_digest_of_the_key_authorization() {
        // echo -n 'token.thumb' | openssl dgst -sha256 -binary | base64url
        assert_eq!(dns01_value("token.thumb").len(), 43);
        assert_eq!(dns01_value(""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
