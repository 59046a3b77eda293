//! Random bytes, drawn outside of decisions.

use openssl::error::ErrorStack;

/// `N` bytes from the system's generator.
pub fn bytes<const N: usize>() -> Result<[u8; N], ErrorStack> {
    let mut bytes = [0; N];
    openssl::rand::rand_bytes(&mut bytes)?;
    Ok(bytes)
}
