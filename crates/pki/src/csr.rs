//! Certificate signing requests, PKCS #10 (RFC 2986).

mod build;
mod parse;

pub use build::{CsrTemplate, build};
pub use parse::Csr;

/// PEM type.
const LABEL: &str = "CERTIFICATE REQUEST";
