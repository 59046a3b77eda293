//! Issues and renews certificates: Issuer, ClusterIssuer, Certificate, CertificateRequest, Order, Challenge.

pub mod certificates;
pub mod names;
