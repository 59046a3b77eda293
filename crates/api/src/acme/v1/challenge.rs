//! Challenge: one proof of control, from presenting to cleaning up.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Time;
use crate::acme::v1::{AcmeChallengeSolver, State};
use crate::meta::v1::IssuerReference;
use crate::string_enum::string_enum;

/// What is to be proven, and how. Immutable.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "acme.cert-manager.io",
    version = "v1",
    kind = "Challenge",
    namespaced,
    status = "ChallengeStatus",
    derive = "Default",
    derive = "PartialEq",
    category = "cert-manager",
    category = "cert-manager-acme",
    selectable = ".spec.issuerRef.group",
    selectable = ".spec.issuerRef.kind",
    selectable = ".spec.issuerRef.name",
    printcolumn = r#"{"name":"State","type":"string","jsonPath":".status.state"}"#,
    printcolumn = r#"{"name":"Domain","type":"string","jsonPath":".spec.dnsName"}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.reason","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeSpec {
    /// URL of the challenge.
    pub url: String,
    /// URL of the authorization it belongs to.
    #[serde(rename = "authorizationURL")]
    pub authorization_url: String,
    /// DNS name (without `*.`) or IP address.
    pub dns_name: String,
    /// Whether it is for the wildcard of the name.
    #[serde(default)]
    pub wildcard: bool,
    /// Which way of proof.
    #[serde(rename = "type")]
    pub type_: AcmeChallengeType,
    /// Token of the server.
    pub token: String,
    /// What is to be presented: the key authorization (HTTP-01) or its digest (DNS-01).
    pub key: String,
    /// How it is solved; copied from the issuer.
    pub solver: AcmeChallengeSolver,
    /// ACME issuer it belongs to.
    pub issuer_ref: IssuerReference,
}

string_enum! {
    /// A way of proof.
    pub enum AcmeChallengeType {
        /// By HTTP.
        Http01 = "HTTP-01",
        /// By DNS.
        Dns01 = "DNS-01",
    }
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeStatus {
    /// Whether it is being worked on.
    #[serde(default)]
    pub processing: bool,
    /// Whether the record or path is in place.
    #[serde(default)]
    pub presented: bool,
    /// Since when it is in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presented_at: Option<Time>,
    /// Why it is in its state.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// State of the challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}
