//! Secret → `keystore.jks` and `truststore.jks`, wished for by the annotation `generate-java-keystores`.
//!
//! `decide` says what a Secret should hold; `stores` renders it. It does nothing else with Secrets: no other key of
//! theirs is ever written or removed here.

mod act;
mod controller;
mod decide;
mod gather;
mod stores;

pub(crate) use controller::run;
pub use decide::{Observed, Plan, Write, decide};
