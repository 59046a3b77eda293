//! `cert-manager.io/v1`: Certificate, CertificateRequest, Issuer, ClusterIssuer.

mod builtin_issuers;
mod certificate;
mod certificate_request;
mod cluster_issuer;
mod issuer;
mod key_usage;
mod output;
mod private_key;
mod renewal;
mod subject;
mod vault;
mod venafi;

pub use builtin_issuers::{CaIssuer, SelfSignedIssuer};
pub use certificate::{Certificate, CertificateSpec, CertificateStatus};
pub use certificate_request::{CertificateRequest, CertificateRequestSpec, CertificateRequestStatus};
pub use cluster_issuer::ClusterIssuer;
pub use issuer::{Issuer, IssuerSpec, IssuerStatus};
pub use key_usage::KeyUsage;
pub use output::{
    CertificateAdditionalOutputFormat, CertificateKeystores, CertificateOutputFormatType, CertificateSecretTemplate,
    JksKeystore, Pkcs12Keystore, Pkcs12Profile,
};
pub use private_key::{
    CertificatePrivateKey, PrivateKeyAlgorithm, PrivateKeyEncoding, PrivateKeyRotationPolicy, SignatureAlgorithm,
};
pub use renewal::{
    AcmeRenewalInformation, AriWindow, CertificateAcmeStatus, CertificateRenewal, RenewalPolicy, RenewalWindow,
};
pub use subject::{NameConstraintItem, NameConstraints, OtherName, X509Subject};
pub use vault::{VaultAppRole, VaultAuth, VaultAwsAuth, VaultClientCertificateAuth, VaultIssuer, VaultKubernetesAuth};
pub use venafi::{VenafiCloud, VenafiIssuer, VenafiNgts, VenafiTpp};
