//! DNS-01 challenges: RFC 2136 updates with TSIG, and the propagation check. No Kubernetes, no ACME, no waiting.
//!
//! [`Rfc2136`] puts and removes single TXT values; [`Propagation`] tells whether a value is visible everywhere.

pub mod error;
pub mod exchange;
pub mod lookup;
pub mod propagation;
pub mod resolv_conf;
pub mod rfc2136;
pub mod tsig;
pub mod wire;

pub use error::Error;
pub use exchange::Protocol;
pub use propagation::{Propagation, Visibility};
pub use rfc2136::Rfc2136;
pub use tsig::{Algorithm, TsigKey};

/// Name of the TXT record that proves control over `domain`, which is given without `*.` (RFC 8555 section 8.4).
pub fn challenge_name(domain: &str) -> String {
    format!("_acme-challenge.{}", domain.trim_end_matches('.'))
}
