//! What a Certificate puts into its Secret beside the PEM files: metadata, keystores, further formats.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sensitive;
use crate::meta::v1::SecretKeySelector;
use crate::string_enum::string_enum;

/// Labels and annotations of the Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateSecretTemplate {
    /// Annotations to put on the Secret; keys under `cert-manager.io/` are reserved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Labels to put on the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// Java keystores to store in the Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateKeystores {
    /// `keystore.jks` and `truststore.jks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jks: Option<JksKeystore>,
    /// `keystore.p12` and `truststore.p12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkcs12: Option<Pkcs12Keystore>,
}

/// Options of the JKS files. Exactly one password source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JksKeystore {
    /// Whether the files are made.
    #[serde(default)]
    pub create: bool,
    /// Alias of the key entry; `certificate` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Secret key that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeySelector>,
    /// The password itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
}

/// Options of the PKCS#12 files. Exactly one password source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pkcs12Keystore {
    /// Whether the files are made.
    #[serde(default)]
    pub create: bool,
    /// Algorithms; LegacyRC2 when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Pkcs12Profile>,
    /// Secret key that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_ref: Option<SecretKeySelector>,
    /// The password itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
}

string_enum! {
    /// Algorithms of a PKCS#12 file.
    pub enum Pkcs12Profile {
        /// RC2 and 3DES with SHA-1: readable by anything.
        LegacyRc2 = "LegacyRC2",
        /// 3DES with SHA-1.
        LegacyDes = "LegacyDES",
        /// AES-256-CBC, PBKDF2 and HMAC with SHA-256.
        Modern2023 = "Modern2023",
        /// AES-256-CBC with PBMAC1; fit for FIPS 140-3.
        Modern2026 = "Modern2026",
    }
}

/// One further format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateAdditionalOutputFormat {
    /// Which.
    #[serde(rename = "type")]
    pub type_: CertificateOutputFormatType,
}

string_enum! {
    /// A further form of key and certificate.
    pub enum CertificateOutputFormatType {
        /// Private key in DER, as `key.der`.
        Der = "DER",
        /// Private key and chain in one PEM file, as `tls-combined.pem`.
        CombinedPem = "CombinedPEM",
    }
}
