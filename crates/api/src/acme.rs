//! Group `acme.cert-manager.io`, and the ACME part of issuers.

pub mod v1;
