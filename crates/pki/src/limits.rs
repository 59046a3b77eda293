//! How large PEM input may be, in bytes, checked before anything is parsed. The numbers are upstream's defaults.

use crate::Error;

/// One certificate.
pub const CERTIFICATE: usize = 36_500;
/// One private key.
pub const PRIVATE_KEY: usize = 13_000;
/// A leaf with its intermediates.
pub const CHAIN: usize = 95_000;
/// A set of CA certificates.
pub const BUNDLE: usize = 330_000;
/// Distinct certificates in one chain.
pub const CERTIFICATES_IN_CHAIN: usize = 1000;
/// RSA modulus in bits that we are willing to compute with, whoever made the key.
pub const RSA_BITS: u32 = 16_384;

/// Refuses `bytes` above `limit`.
pub fn check(what: &'static str, bytes: &[u8], limit: usize) -> Result<(), Error> {
    if bytes.len() > limit {
        Err(Error::TooLarge {
            what,
            size: bytes.len(),
            limit,
        })
    } else {
        Ok(())
    }
}
