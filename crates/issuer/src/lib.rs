//! Issues and renews certificates: Issuer, ClusterIssuer, Certificate, CertificateRequest, Order, Challenge.
