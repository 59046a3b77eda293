//! DNS-01 solver: what all providers share, and the choice of one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::acme::v1::dns_providers::{
    AcmeDns, Akamai, AzureDns, CloudDns, Cloudflare, DigitalOcean, Rfc2136, Route53, WebhookProvider,
};
use crate::string_enum::string_enum;

/// Solves by DNS: exactly one provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeChallengeSolverDns01 {
    /// Whether CNAMEs of the challenge name are followed; None when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cname_strategy: Option<CnameStrategy>,
    /// Name servers, host:port or https:// URLs, that the record is looked up at instead of the zone's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nameservers: Vec<String>,
    /// Akamai Edge DNS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub akamai: Option<Akamai>,
    /// Google Cloud DNS.
    #[serde(rename = "cloudDNS", default, skip_serializing_if = "Option::is_none")]
    pub cloud_dns: Option<CloudDns>,
    /// Cloudflare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloudflare: Option<Cloudflare>,
    /// AWS Route 53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route53: Option<Route53>,
    /// Azure DNS.
    #[serde(rename = "azureDNS", default, skip_serializing_if = "Option::is_none")]
    pub azure_dns: Option<AzureDns>,
    /// DigitalOcean.
    #[serde(rename = "digitalocean", default, skip_serializing_if = "Option::is_none")]
    pub digital_ocean: Option<DigitalOcean>,
    /// An acme-dns server.
    #[serde(rename = "acmeDNS", default, skip_serializing_if = "Option::is_none")]
    pub acme_dns: Option<AcmeDns>,
    /// Dynamic update (RFC 2136).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfc2136: Option<Rfc2136>,
    /// A provider behind an aggregated API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookProvider>,
}

string_enum! {
    /// Whether CNAMEs are followed.
    pub enum CnameStrategy {
        /// The record goes to the zone of the name itself.
        None = "None",
        /// The record goes to where the CNAME points.
        Follow = "Follow",
    }
}
