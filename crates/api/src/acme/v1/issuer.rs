//! ACME issuer: server, account, solvers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ByteString;
use crate::acme::v1::AcmeChallengeSolver;
use crate::meta::v1::SecretKeySelector;
use crate::string_enum::string_enum;

/// An account at an ACME server (RFC 8555).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeIssuer {
    /// Contact of the account; a change is sent to the server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// URL of the directory, such as https://acme-v02.api.letsencrypt.org/directory.
    pub server: String,
    /// Common name of the issuer of the topmost certificate of the wanted chain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub preferred_chain: String,
    /// PEM CA certificates that the server's own certificate must chain to. Not together with `skipTLSVerify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::bytes_schema::BytesSchema>")]
    pub ca_bundle: Option<ByteString>,
    /// Whether the server's certificate goes unchecked. For tests only.
    #[serde(rename = "skipTLSVerify", default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_tls_verify: bool,
    /// Account at the CA that the ACME account is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_account_binding: Option<AcmeExternalAccountBinding>,
    /// Secret key with the account key, made when absent; key `tls.key` when unset.
    pub private_key_secret_ref: SecretKeySelector,
    /// How challenges are solved; the most specific match wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub solvers: Vec<AcmeChallengeSolver>,
    /// Whether the account key must exist already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disable_account_key_generation: bool,
    /// Whether orders ask for the wanted duration; few servers accept that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enable_duration_feature: bool,
    /// Certificate profile that orders ask for; the server must offer it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// Whether the server's renewal information is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_information_source: Option<RenewalInformationSource>,
}

string_enum! {
    /// Where the time of renewal comes from.
    pub enum RenewalInformationSource {
        /// From the server, where it offers ACME Renewal Information.
        Ari = "ARI",
        /// From the Certificate alone.
        None = "None",
    }
}

/// An account at the CA and the MAC key that proves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeExternalAccountBinding {
    /// ID of the account or key at the CA.
    #[serde(rename = "keyID")]
    pub key_id: String,
    /// Secret key with the MAC key, base64url without padding.
    pub key_secret_ref: SecretKeySelector,
    /// Deprecated and ignored: always HS256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_algorithm: Option<HmacKeyAlgorithm>,
}

string_enum! {
    /// A MAC algorithm.
    pub enum HmacKeyAlgorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// HMAC with SHA-384.
        Hs384 = "HS384",
        /// HMAC with SHA-512.
        Hs512 = "HS512",
    }
}

/// The registered account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcmeIssuerStatus {
    /// URL of the account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// Contact that the server knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_registered_email: String,
    /// Hash of the account key that was registered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_private_key_hash: String,
}
