//! The contract between the three operators: annotations on Secrets, the keys in them, and when a Secret is settled.
//!
//! Nothing here is async or knows a client. `docs/contract.md` is the same contract in prose.

pub mod annotations;
mod digest;
pub mod keys;

pub use digest::{derived_digest, is_settled};
