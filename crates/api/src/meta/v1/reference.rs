//! References to issuers, Secrets and ServiceAccounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names an issuer; kind and group may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IssuerReference {
    /// Name of the issuer.
    pub name: String,
    /// Kind of the issuer; Issuer when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// API group of the issuer; cert-manager.io when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
}

/// One key of a Secret. An empty name means that no Secret is meant, as upstream writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeySelector {
    /// Name of the Secret.
    pub name: String,
    /// Key in its data; some fields have a default for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// An object in the same namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalObjectReference {
    /// Its name.
    pub name: String,
}

/// A ServiceAccount to request a token for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountReference {
    /// Its name.
    pub name: String,
    /// Audiences of the token besides the usual one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}
