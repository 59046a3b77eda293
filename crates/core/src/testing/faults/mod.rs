//! A tower layer for our kube client that fails on demand, in front of the real API server.
//!
//! The server stays real, so semantics stay true; only the way there is broken: an error before a write, an error after
//! it took effect, a slow call, 409, 410, 429, 500, a cut or silent watch, the death of the process at write N.

mod body;
mod call;
mod layer;
mod plan;

pub use body::FaultyBody;
pub use call::{Call, Verb};
pub use layer::{FaultLayer, FaultService};
pub use plan::{Fault, FaultPlan, When};
