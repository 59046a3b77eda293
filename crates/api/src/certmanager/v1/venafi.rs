//! CyberArk Certificate Manager issuer (formerly Venafi) in its three flavours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ByteString;
use crate::meta::v1::{LocalObjectReference, SecretKeySelector};

/// Certificates of one policy zone: exactly one of `tpp`, `cloud`, `ngts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VenafiIssuer {
    /// Policy zone.
    pub zone: String,
    /// Self-hosted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpp: Option<VenafiTpp>,
    /// SaaS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<VenafiCloud>,
    /// Next Generation Trust Services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ngts: Option<VenafiNgts>,
}

/// Self-hosted server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VenafiTpp {
    /// Base URL, such as https://tpp.example.com/vedsdk.
    pub url: String,
    /// Secret with `username` and `password`, or `access-token`.
    pub credentials_ref: LocalObjectReference,
    /// PEM CA certificates of the server. Not together with `caBundleSecretRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::bytes_schema::BytesSchema>")]
    pub ca_bundle: Option<ByteString>,
    /// Secret key with such a bundle; key `ca.crt` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle_secret_ref: Option<SecretKeySelector>,
}

/// SaaS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VenafiCloud {
    /// Base URL, where it is not the public one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Secret key with the API key; key `api-key` when unset.
    pub api_token_secret_ref: SecretKeySelector,
}

/// Next Generation Trust Services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VenafiNgts {
    /// Base URL, where it is not the public one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// OAuth token endpoint, where it is not the public one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub token_endpoint: String,
    /// Tenant service group.
    #[serde(rename = "tsgID")]
    pub tsg_id: String,
    /// Secret with `client-id` and `client-secret`.
    pub credentials_ref: LocalObjectReference,
}
