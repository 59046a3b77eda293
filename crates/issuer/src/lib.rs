//! Issues and renews certificates: Issuer, ClusterIssuer, Certificate, CertificateRequest, Order, Challenge.
//!
//! Start reading at [`certificates::decide`], the state machine of a Certificate; [`operator`] says what runs.

#![cfg_attr(test, allow(clippy::too_many_lines, reason = "tables of tests are long"))]

pub mod acme;
pub mod certificates;
pub mod context;
pub mod error;
pub mod flags;
pub mod issuers;
pub mod memory;
pub mod metrics;
pub mod names;
pub mod operator;
mod random;
pub mod requests;
mod stores;
mod triggers;
