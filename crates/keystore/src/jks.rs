//! Sun's JKS format, version 2: what `keytool` and every Java since 1.2 read.
//!
//! The key inside is only scrambled (SHA-1 stream), which is what the format offers; the Secret around it is its protection.

mod entry;
mod protect;
mod read;
mod text;
mod write;

pub use entry::{Entry, KeyEntry, Keystore, TrustedEntry};
pub use read::parse;
pub use write::render;

/// First four bytes of a file.
const MAGIC: u32 = 0xfeed_feed;
/// Version that has the certificate type in each certificate.
const VERSION: u32 = 2;
/// Tags of entries.
const KEY_TAG: u32 = 1;
const TRUSTED_TAG: u32 = 2;
/// Only type of certificate that Java knows here.
const CERTIFICATE_TYPE: &str = "X.509";
