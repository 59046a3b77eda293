//! Secrets → the certificate fields of OpenShift Routes, wished for by annotations on the Route.
//!
//! A Route that its router refuses is an outage, so `validate` judges as the router would before anything is written. Of a
//! Route only four fields of `spec.tls` are ever written, and only those that were written here are ever cleared.

mod act;
mod controller;
mod decide;
mod field;
mod gather;
mod validate;

pub(crate) use controller::{run, watch};
pub use decide::{Observed, Plan, SecretData, Source, Write, decide};
pub use field::Field;
