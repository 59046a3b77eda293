//! TSIG keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

/// The algorithms that RFC 2136 solvers can be set to, in BIND's words.
pub const ALGORITHMS: [&str; 4] = ["hmac-md5", "hmac-sha1", "hmac-sha256", "hmac-sha512"];

/// A shared key for signed updates.
#[derive(Clone, PartialEq, Eq)]
pub struct TsigKey {
    /// Name, as sent with each message.
    pub name: String,
    /// One of [`ALGORITHMS`].
    pub algorithm: String,
    /// The key itself.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TsigKey")
            .field("name", &self.name)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl TsigKey {
    /// A key made from its name and algorithm: always the same, so that manifests can be fixed texts.
    pub fn derived(name: &str, algorithm: &str) -> Self {
        let seed = format!("{name}/{algorithm}");
        let secret = match algorithm {
            "hmac-sha512" => Sha512::digest(seed).to_vec(),
            _ => Sha256::digest(seed).to_vec(),
        };
        Self {
            name: name.to_owned(),
            algorithm: algorithm.to_owned(),
            secret,
        }
    }

    /// One key an algorithm, named `evercert-md5`, `evercert-sha1`, `evercert-sha256`, `evercert-sha512`.
    pub fn all() -> Vec<Self> {
        let name = |algorithm: &str| algorithm.replace("hmac-", "evercert-");
        ALGORITHMS
            .iter()
            .map(|algorithm| Self::derived(&name(algorithm), algorithm))
            .collect()
    }

    /// As it stands in `named.conf`, and (as text) in the Secret of an RFC 2136 solver.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.secret)
    }
}
