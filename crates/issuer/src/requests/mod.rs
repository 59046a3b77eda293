//! CertificateRequest: approval, and for issuers of our own group the answer.

pub mod act;
pub mod decide;
pub mod gather;
pub mod sign;
