//! Vault issuer: address, trust and the ways of logging in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ByteString;
use crate::meta::v1::{SecretKeySelector, ServiceAccountReference};

/// Certificates signed by the PKI engine of HashiCorp Vault.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultIssuer {
    /// How to log in: exactly one way.
    pub auth: VaultAuth,
    /// URL of Vault, such as https://vault.example.com:8200.
    pub server: String,
    /// TLS server name, where it differs from the host of the URL.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub server_name: String,
    /// Path of the signing endpoint, such as pki/sign/my-role.
    pub path: String,
    /// Vault Enterprise namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// PEM CA certificates that Vault's own certificate must chain to. Not together with `caBundleSecretRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::bytes_schema::BytesSchema>")]
    pub ca_bundle: Option<ByteString>,
    /// Secret key with such a bundle; key `ca.crt` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle_secret_ref: Option<SecretKeySelector>,
    /// Client certificate for mutual TLS; goes with `clientKeySecretRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_cert_secret_ref: Option<SecretKeySelector>,
    /// Key of the client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_secret_ref: Option<SecretKeySelector>,
}

/// How to log in to Vault: exactly one of the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAuth {
    /// Token in a Secret; key `token` when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeySelector>,
    /// AppRole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_role: Option<VaultAppRole>,
    /// TLS client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<VaultClientCertificateAuth>,
    /// Token of a Kubernetes ServiceAccount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<VaultKubernetesAuth>,
    /// AWS IAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<VaultAwsAuth>,
}

/// Login by AppRole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAppRole {
    /// Mount path, such as approle.
    pub path: String,
    /// Role ID.
    pub role_id: String,
    /// Secret key with the secret ID.
    pub secret_ref: SecretKeySelector,
}

/// Login by TLS client certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultClientCertificateAuth {
    /// Mount path; /v1/auth/cert when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mount_path: String,
    /// Secret with `tls.crt` and `tls.key`; the client certificate of the connection when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret_name: String,
    /// Certificate role; any that matches when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// Login by a ServiceAccount token: exactly one of `secretRef` and `serviceAccountRef`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultKubernetesAuth {
    /// Mount path; /v1/auth/kubernetes when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mount_path: String,
    /// Secret key with a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretKeySelector>,
    /// ServiceAccount to request a token for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountReference>,
    /// Vault role.
    pub role: String,
}

/// Login by AWS IAM: web identity with a ServiceAccount, ambient credentials without.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultAwsAuth {
    /// Mount path; /v1/auth/aws when unset.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mount_path: String,
    /// Vault role.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// AWS region.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Value of the header X-Vault-AWS-IAM-Server-ID.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vault_header_value: String,
    /// ServiceAccount whose token is exchanged for AWS credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountReference>,
    /// AWS role to assume with that token.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub iam_role_arn: String,
}
