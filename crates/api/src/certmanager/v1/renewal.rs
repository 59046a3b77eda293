//! When a Certificate is renewed: policy, time windows, and what the ACME server suggested.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Time;
use crate::string_enum::string_enum;

/// Whether and when renewal takes place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateRenewal {
    /// Whether time renews the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<RenewalPolicy>,
    /// Renewal starts inside one of these windows where possible.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<RenewalWindow>,
}

string_enum! {
    /// Whether time renews the certificate.
    pub enum RenewalPolicy {
        /// Renewed before it expires.
        RenewBefore = "RenewBefore",
        /// Never renewed by time; other triggers still work.
        Disabled = "Disabled",
    }
}

/// A recurring span of time in which renewal may start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenewalWindow {
    /// Starts of the window: five cron fields (minute hour day-of-month month day-of-week).
    pub cron: String,
    /// IANA name of the time zone of `cron`; UTC when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timezone: String,
    /// Length of the window in hours, minutes and seconds, such as 2h30m.
    pub window_duration: String,
}

/// What the ACME server said about the certificate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateAcmeStatus {
    /// ACME Renewal Information (RFC 9773).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ari: Option<AcmeRenewalInformation>,
}

/// Renewal information as last fetched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeRenewalInformation {
    /// When the CA would like the renewal to happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_window: Option<AriWindow>,
    /// Page of the CA that explains the window.
    #[serde(rename = "explanationURL", default, skip_serializing_if = "String::is_empty")]
    pub explanation_url: String,
    /// When it was last fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_checked: Option<Time>,
    /// When it will be fetched next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check: Option<Time>,
    /// Why the last fetch failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_error: String,
}

/// A span of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AriWindow {
    /// First moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Time>,
    /// Last moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Time>,
}
