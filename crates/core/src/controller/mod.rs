//! A keyed work queue and the loop that runs `reconcile` for its keys.
//!
//! `docs/decisions/0001-own-work-queue.md` says why kube's `Controller` is not used.

mod queue;
mod run;
mod wake;

pub use run::{ControllerConfig, Next, run};
