//! Issuers that need no outside service: SelfSigned and CA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Certificates signed by their own key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SelfSignedIssuer {
    /// CRL distribution points to write into certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl_distribution_points: Vec<String>,
}

/// Certificates signed by a CA key pair in a Secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaIssuer {
    /// Secret with `tls.crt` (CA certificate and its chain) and `tls.key`.
    pub secret_name: String,
    /// CRL distribution points to write into certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl_distribution_points: Vec<String>,
    /// OCSP responders to write into certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocsp_servers: Vec<String>,
    /// Where the CA certificate can be fetched; written into certificates.
    #[serde(rename = "issuingCertificateURLs", default, skip_serializing_if = "Vec::is_empty")]
    pub issuing_certificate_urls: Vec<String>,
}
