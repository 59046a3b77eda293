//! Certificate: one controller, a pure state machine over {Certificate, its Secret, its next key, its CertificateRequests}.
//!
//! `gather` reads, `decide` decides, `act` writes; everything else here is a noun or a verb that one of them uses.

pub mod act;
mod act_request;
mod act_secret;
pub mod backoff;
pub mod csr;
pub mod decide;
pub mod facts;
mod fail;
pub mod gather;
mod gather_requests;
mod issue;
pub mod metadata;
pub mod observed;
pub mod owner;
pub mod plan;
pub mod policies;
mod ready;
pub mod reconcile;
pub mod renewal;
pub mod request_match;
pub mod revision;
pub mod secret;
mod settle;
pub mod status;

#[cfg(test)]
mod decide_tests;
