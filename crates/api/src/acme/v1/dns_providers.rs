//! Options of each DNS-01 provider. A selector with an empty name counts as unset (see `SecretKeySelector`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::meta::v1::{SecretKeySelector, ServiceAccountReference};
use crate::string_enum::string_enum;

/// Akamai Edge DNS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Akamai {
    /// Host of the API.
    pub service_consumer_domain: String,
    /// Client token.
    pub client_token_secret_ref: SecretKeySelector,
    /// Client secret.
    pub client_secret_secret_ref: SecretKeySelector,
    /// Access token.
    pub access_token_secret_ref: SecretKeySelector,
}

/// Google Cloud DNS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloudDns {
    /// Service account key in JSON; ambient credentials when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_secret_ref: Option<SecretKeySelector>,
    /// Project.
    pub project: String,
    /// Managed zone; found by name when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hosted_zone_name: String,
}

/// Cloudflare: exactly one of `apiKeySecretRef` and `apiTokenSecretRef`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cloudflare {
    /// Account; with an API key only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Global API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_secret_ref: Option<SecretKeySelector>,
    /// API token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_token_secret_ref: Option<SecretKeySelector>,
}

/// DigitalOcean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigitalOcean {
    /// API token.
    pub token_secret_ref: SecretKeySelector,
}

/// AWS Route 53.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Route53 {
    /// How credentials are obtained, where not by the fields below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Route53Auth>,
    /// Access key ID. Not together with `accessKeyIDSecretRef`.
    #[serde(rename = "accessKeyID", default, skip_serializing_if = "String::is_empty")]
    pub access_key_id: String,
    /// Secret key with the access key ID.
    #[serde(rename = "accessKeyIDSecretRef", default, skip_serializing_if = "Option::is_none")]
    pub access_key_id_secret_ref: Option<SecretKeySelector>,
    /// Secret key with the secret access key; ambient credentials when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key_secret_ref: Option<SecretKeySelector>,
    /// Role to assume.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Zone; found by name when unset.
    #[serde(rename = "hostedZoneID", default, skip_serializing_if = "String::is_empty")]
    pub hosted_zone_id: String,
    /// Region that requests are signed for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
}

/// How credentials are obtained.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Route53Auth {
    /// By the token of a ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Route53KubernetesAuth>,
}

/// AssumeRoleWithWebIdentity by a ServiceAccount token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Route53KubernetesAuth {
    /// The ServiceAccount.
    pub service_account_ref: ServiceAccountReference,
}

/// Azure DNS. Service principal: `clientID`, `clientSecretSecretRef` and `tenantID`, all three; otherwise a managed identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AzureDns {
    /// Service principal.
    #[serde(rename = "clientID", default, skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// Its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_secret_ref: Option<SecretKeySelector>,
    /// Subscription.
    #[serde(rename = "subscriptionID")]
    pub subscription_id: String,
    /// Tenant of the service principal.
    #[serde(rename = "tenantID", default, skip_serializing_if = "String::is_empty")]
    pub tenant_id: String,
    /// Resource group of the zone.
    pub resource_group_name: String,
    /// Zone; found by name when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hosted_zone_name: String,
    /// Cloud; AzurePublicCloud when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<AzureDnsEnvironment>,
    /// Workload or managed identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_identity: Option<AzureManagedIdentity>,
    /// Public or private zone; AzurePublicZone when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_type: Option<AzureZoneType>,
}

string_enum! {
    /// An Azure cloud.
    pub enum AzureDnsEnvironment {
        /// The public cloud.
        Public = "AzurePublicCloud",
        /// China.
        China = "AzureChinaCloud",
        /// Germany, shut down in 2021.
        German = "AzureGermanCloud",
        /// US government.
        UsGovernment = "AzureUSGovernmentCloud",
    }
}

string_enum! {
    /// Kind of Azure zone.
    pub enum AzureZoneType {
        /// Public zone.
        Public = "AzurePublicZone",
        /// Private zone.
        Private = "AzurePrivateZone",
    }
}

/// Workload or managed identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AzureManagedIdentity {
    /// Client ID. Not together with `resourceID`.
    #[serde(rename = "clientID", default, skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// Resource ID.
    #[serde(rename = "resourceID", default, skip_serializing_if = "String::is_empty")]
    pub resource_id: String,
    /// Tenant; needs `clientID`.
    #[serde(rename = "tenantID", default, skip_serializing_if = "String::is_empty")]
    pub tenant_id: String,
}

/// An acme-dns server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeDns {
    /// URL of the server.
    pub host: String,
    /// Accounts as JSON: domain to account.
    pub account_secret_ref: SecretKeySelector,
}

/// Dynamic update (RFC 2136).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rfc2136 {
    /// Primary server, host or host:port (IPv6 in brackets); port 53 when unset.
    pub nameserver: String,
    /// TSIG key, base64; goes with `tsigKeyName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tsig_secret_secret_ref: Option<SecretKeySelector>,
    /// Name of the TSIG key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tsig_key_name: String,
    /// HMACMD5, HMACSHA1, HMACSHA256 or HMACSHA512 in any case; HMACMD5 when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tsig_algorithm: String,
    /// Transport; UDP when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Rfc2136Protocol>,
}

string_enum! {
    /// Transport of updates.
    pub enum Rfc2136Protocol {
        /// TCP.
        Tcp = "TCP",
        /// UDP.
        Udp = "UDP",
    }
}

/// A provider behind an aggregated API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookProvider {
    /// API group of the provider.
    pub group_name: String,
    /// Name of the solver in it.
    pub solver_name: String,
    /// Options of the provider: any JSON, no secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<serde_json::Value>,
}
