//! Conditions and references.

mod condition;
mod reference;

pub use condition::{Condition, ConditionStatus};
pub use reference::{IssuerReference, LocalObjectReference, SecretKeySelector, ServiceAccountReference};
