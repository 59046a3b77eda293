//! Certificate: one controller, a pure state machine over {Certificate, its Secret, its next key, its CertificateRequests}.
//!
//! `gather` reads, `decide` decides, `act` writes; everything else here is a noun or a verb that one of them uses.

pub mod backoff;
pub mod decide;
mod issue;
pub mod metadata;
pub mod observed;
pub mod plan;
pub mod policies;
mod ready;
pub mod renewal;
pub mod revision;
mod settle;

#[cfg(test)]
mod decide_tests;
