//! The issuer against a real API server: one server for all, a namespace and an operator for each test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::default_trait_access,
    reason = "tests say what they mean; clippy's test exceptions do not reach helpers of integration tests"
)]

mod acme;
mod acme_crash;
mod bad_input;
mod crash;
mod issuing;
mod load;
mod slow;
mod support;
mod upkeep;
