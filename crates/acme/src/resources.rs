//! The objects of RFC 8555 section 7.1, read leniently: unknown members are ignored, missing ones are empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::retry_after::RetryAfter;

/// What a server offers (section 7.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Directory {
    /// Where nonces come from.
    pub new_nonce: String,
    /// Where accounts are made.
    pub new_account: String,
    /// Where orders are made.
    pub new_order: String,
    /// Where certificates are revoked.
    pub revoke_cert: String,
    /// ARI (RFC 9773), if offered.
    pub renewal_info: Option<String>,
    /// What else it says about itself.
    pub meta: Meta,
}

/// Metadata of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Meta {
    /// Terms of service; registration agrees to them.
    pub terms_of_service: Option<String>,
    /// An account needs an external account binding.
    pub external_account_required: bool,
    /// Certificate profiles by name, with their descriptions.
    pub profiles: BTreeMap<String, String>,
}

/// State of an account, order, authorization or challenge; what a server invents later is `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waiting for something from us or, for a challenge, from the server's validation to start.
    Pending,
    /// All authorizations are valid: the order can be finalized.
    Ready,
    /// The server is at work.
    Processing,
    /// Done.
    Valid,
    /// Failed for good.
    Invalid,
    /// Too late.
    Expired,
    /// Given up by us.
    Deactivated,
    /// Taken back by the server.
    Revoked,
    /// Not a status of RFC 8555.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A name to be certified.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Identifier {
    /// `dns` or `ip`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name or address.
    pub value: String,
}

impl Identifier {
    /// A DNS name, possibly with `*.` in front.
    pub fn dns(name: impl Into<String>) -> Self {
        Self {
            kind: "dns".into(),
            value: name.into(),
        }
    }

    /// An IP address (RFC 8738).
    pub fn ip(address: impl Into<String>) -> Self {
        Self {
            kind: "ip".into(),
            value: address.into(),
        }
    }
}

/// An account as registered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Its URL, which signs all further requests.
    pub url: String,
    /// Valid, deactivated or revoked.
    pub status: Status,
    /// `mailto:` addresses, where the server tells them.
    pub contact: Vec<String>,
}

/// What to ask for in a new order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// Names wanted.
    pub identifiers: Vec<Identifier>,
    /// Wished end of validity, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Certificate profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// ARI id of the certificate this one replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// An order as the server has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Its URL.
    pub url: String,
    /// Where it stands.
    pub status: Status,
    /// Authorization URLs.
    pub authorizations: Vec<String>,
    /// Where the CSR goes.
    pub finalize: String,
    /// Where the certificate is, once valid.
    pub certificate: Option<String>,
    /// Why it failed.
    pub error: Option<crate::problem::Problem>,
    /// When the server wants to be asked again.
    pub retry_after: Option<RetryAfter>,
}

/// Proof of control over one identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authorization {
    /// What is to be proven.
    pub identifier: Identifier,
    /// Where it stands.
    pub status: Status,
    /// True for `*.` names; the identifier is then without it.
    pub wildcard: bool,
    /// Ways to prove it.
    pub challenges: Vec<Challenge>,
    /// When the server wants to be asked again.
    pub retry_after: Option<RetryAfter>,
}

/// One way to prove control.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// `dns-01`, `http-01` ...
    pub kind: String,
    /// Where to accept it.
    pub url: String,
    /// Its token.
    pub token: String,
    /// Where it stands.
    pub status: Status,
    /// Why it failed.
    pub error: Option<crate::problem::Problem>,
}

impl Authorization {
    /// The first failure told by one of its challenges.
    pub fn failure(&self) -> Option<&crate::problem::Problem> {
        self.challenges.iter().find_map(|challenge| challenge.error.as_ref())
    }
}

/// A certificate chain as downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// PEM, leaf first.
    pub pem: String,
    /// URLs of other chains for the same certificate (`Link: rel="alternate"`, section 7.4.2).
    pub alternates: Vec<String>,
}
