//! The runtime that all Evercert operators share: everything between a Kubernetes API and a `reconcile` function.
//!
//! It knows no operator; what the operators have in common as a contract is [`contract`].

pub mod apply;
pub mod backoff;
pub mod client;
pub mod clock;
pub mod conditions;
pub mod contract;
pub mod controller;
pub mod election;
pub mod events;
pub mod flags;
pub mod log;
pub mod metrics;
pub mod operator;
pub mod readiness;
pub mod runtime;
pub mod server;
pub mod shutdown;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod watch;
