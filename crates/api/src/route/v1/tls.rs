//! TLS part of a Route.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Sensitive;
use crate::string_enum::string_enum;

/// How the router treats TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteTls {
    /// Where TLS ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<Termination>,
    /// PEM certificate chain that the router serves, leaf first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// PEM private key of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Sensitive>,
    /// PEM CA certificates: served after the chain, and the only pool that `certificate` is verified against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_certificate: Option<String>,
    /// PEM CA certificates that the backend's certificate must chain to; re-encrypt only.
    #[serde(
        rename = "destinationCACertificate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub destination_ca_certificate: Option<String>,
    /// What happens to plain HTTP: None, Allow or Redirect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure_edge_termination_policy: Option<String>,
    /// TLS Secret that the router reads itself, instead of `certificate` and `key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_certificate: Option<ExternalCertificate>,
}

string_enum! {
    /// Where TLS ends.
    pub enum Termination {
        /// At the router.
        Edge = "edge",
        /// At the backend.
        Passthrough = "passthrough",
        /// At the router, and again at the backend.
        Reencrypt = "reencrypt",
    }
}

/// A TLS Secret in the same namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalCertificate {
    /// Its name.
    pub name: String,
}
