//! Keys inside Secrets that more than one operator reads or writes.

/// Certificate chain as PEM, leaf first.
pub const TLS_CRT: &str = "tls.crt";
/// Private key as PEM.
pub const TLS_KEY: &str = "tls.key";
/// Certificate of the authority as PEM.
pub const CA_CRT: &str = "ca.crt";
/// Java keystore with the key and the chain.
pub const KEYSTORE_JKS: &str = "keystore.jks";
/// Java keystore with the authority only.
pub const TRUSTSTORE_JKS: &str = "truststore.jks";
