//! Kubernetes API types: cert-manager.io, acme.cert-manager.io and OpenShift Route.
//!
//! Owns what stands on the wire: names, types, what is left out when empty. Decides nothing and calls nobody.
//! As in Go, an empty string, list or map counts as unset and is not written; `Option` stands where unset and empty differ.

pub mod acme;
mod bytes_schema;
pub mod certmanager;
pub mod crd;
mod duration;
pub mod meta;
pub mod route;
mod sensitive;
mod string_enum;

pub use duration::{GoDuration, ParseDurationError};
pub use k8s_openapi::ByteString;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
pub use sensitive::Sensitive;
