//! Order: one order at an ACME server.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::acme::v1::State;
use crate::meta::v1::IssuerReference;
use crate::{ByteString, GoDuration, Time};

/// What is ordered. Immutable.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "acme.cert-manager.io",
    version = "v1",
    kind = "Order",
    namespaced,
    status = "OrderStatus",
    derive = "Default",
    derive = "PartialEq",
    category = "cert-manager",
    category = "cert-manager-acme",
    selectable = ".spec.issuerRef.group",
    selectable = ".spec.issuerRef.kind",
    selectable = ".spec.issuerRef.name",
    printcolumn = r#"{"name":"State","type":"string","jsonPath":".status.state"}"#,
    printcolumn = r#"{"name":"Issuer","type":"string","jsonPath":".spec.issuerRef.name","priority":1}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.reason","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct OrderSpec {
    /// Certificate signing request in DER.
    #[schemars(with = "crate::bytes_schema::BytesSchema")]
    pub request: ByteString,
    /// ACME issuer whose account orders.
    pub issuer_ref: IssuerReference,
    /// Common name in the CSR; it must be among the names below.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub common_name: String,
    /// DNS names in the CSR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_names: Vec<String>,
    /// IP addresses in the CSR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<String>,
    /// Wanted lifetime, where the server accepts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<GoDuration>,
    /// Certificate profile to ask for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// ARI identifier of the certificate that this one replaces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub replaces: String,
}

/// State of the order at the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderStatus {
    /// URL of the order.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// URL that the CSR is sent to.
    #[serde(rename = "finalizeURL", default, skip_serializing_if = "String::is_empty")]
    pub finalize_url: String,
    /// Authorizations that the server asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<AcmeAuthorization>,
    /// PEM-encoded certificate chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::bytes_schema::BytesSchema>")]
    pub certificate: Option<ByteString>,
    /// State of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Why it is in that state.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_time: Option<Time>,
}

/// Proof of control over one identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeAuthorization {
    /// URL of the authorization.
    pub url: String,
    /// DNS name (without `*.`) or IP address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identifier: String,
    /// Whether it is for the wildcard of the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wildcard: Option<bool>,
    /// State when first fetched; a valid one needs no Challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_state: Option<State>,
    /// Challenges on offer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub challenges: Vec<AcmeChallenge>,
}

/// A challenge on offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeChallenge {
    /// URL of the challenge.
    pub url: String,
    /// Token.
    pub token: String,
    /// Type as the server names it, such as dns-01.
    #[serde(rename = "type")]
    pub type_: String,
}
