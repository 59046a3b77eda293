//! Reads a private key by what it is, not by what its PEM label says, as Go's parsers do one after the other.

use openssl::ec::EcKey;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use crate::error::During;
use crate::{Error, limits, pem};

/// The first private key in `input`. Blocks before it (`EC PARAMETERS`, certificates) are passed over.
pub(super) fn private_key(input: &[u8]) -> Result<PKey<Private>, Error> {
    limits::check("private key", input, limits::PRIVATE_KEY)?;
    let mut blocks = pem::blocks(input)?.into_iter();
    let block = blocks
        .find(|block| block.label.ends_with("PRIVATE KEY"))
        .ok_or(Error::NoPem { what: "private key" })?;
    if block.encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
        return Err(Error::EncryptedKey);
    }
    from_der(&block.der)
}

fn from_der(der: &[u8]) -> Result<PKey<Private>, Error> {
    if let Ok(key) = PKey::private_key_from_pkcs8(der) {
        return Ok(key);
    }
    if let Ok(rsa) = Rsa::private_key_from_der(der) {
        return PKey::from_rsa(rsa).during("take the RSA key");
    }
    let ec = EcKey::private_key_from_der(der).map_err(|_| Error::BadKey("neither PKCS#8, PKCS#1 nor SEC1"))?;
    PKey::from_ec_key(ec).during("take the EC key")
}
