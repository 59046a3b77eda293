//! Private key and signature options of a Certificate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::string_enum::string_enum;

/// How the private key is made, encoded and rotated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificatePrivateKey {
    /// Whether each issuance gets a new key; Always when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_policy: Option<PrivateKeyRotationPolicy>,
    /// PEM form of `tls.key`; PKCS1 when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<PrivateKeyEncoding>,
    /// Key algorithm; RSA when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<PrivateKeyAlgorithm>,
    /// Key size in bits: RSA 2048 to 8192 (2048 when unset), ECDSA 256, 384 or 521 (256 when unset), ignored for Ed25519.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i32>,
}

string_enum! {
    /// Whether each issuance gets a new key.
    pub enum PrivateKeyRotationPolicy {
        /// The key in the Secret is used again.
        Never = "Never",
        /// Each issuance makes a new key.
        Always = "Always",
    }
}

string_enum! {
    /// PEM form of the private key.
    pub enum PrivateKeyEncoding {
        /// PKCS#1 for RSA, SEC 1 for ECDSA.
        Pkcs1 = "PKCS1",
        /// PKCS#8.
        Pkcs8 = "PKCS8",
    }
}

string_enum! {
    /// Algorithm of the private key.
    pub enum PrivateKeyAlgorithm {
        /// RSA.
        Rsa = "RSA",
        /// Elliptic curve: P-256, P-384 or P-521.
        Ecdsa = "ECDSA",
        /// Ed25519.
        Ed25519 = "Ed25519",
    }
}

string_enum! {
    /// Algorithm of the signature of the CSR, and of self-signed certificates.
    pub enum SignatureAlgorithm {
        /// RSA with SHA-256.
        Sha256WithRsa = "SHA256WithRSA",
        /// RSA with SHA-384.
        Sha384WithRsa = "SHA384WithRSA",
        /// RSA with SHA-512.
        Sha512WithRsa = "SHA512WithRSA",
        /// ECDSA with SHA-256.
        EcdsaWithSha256 = "ECDSAWithSHA256",
        /// ECDSA with SHA-384.
        EcdsaWithSha384 = "ECDSAWithSHA384",
        /// ECDSA with SHA-512.
        EcdsaWithSha512 = "ECDSAWithSHA512",
        /// Ed25519 over the message itself.
        PureEd25519 = "PureEd25519",
    }
}
