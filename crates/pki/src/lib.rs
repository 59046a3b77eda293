//! Keys, names, certificate requests, certificates and chains: bytes in, bytes out.
//!
//! `openssl` makes keys, signs and verifies. The ASN.1 around it is written and read here ([`asn1`]), because subjects and
//! alternative names have to survive from request to certificate byte for byte, and because what is read comes from
//! strangers and must be bounded. Nothing here is async, reads a clock, draws randomness other than keys, or knows Kubernetes.

mod asn1;
pub mod certificate;
pub mod chain;
pub mod csr;
pub mod error;
pub mod extension;
pub mod key;
pub mod limits;
pub mod name;
pub mod name_constraints;
pub mod oids;
pub mod pem;
pub mod san;
pub mod sign;
pub mod signature;
mod time;
pub mod usage;

pub use error::Error;
