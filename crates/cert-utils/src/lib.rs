//! Puts certificates where they are used: Java keystores in Secrets, and OpenShift Routes.
//!
//! Two controllers, each gather → decide → act. They share the watch of Secrets, which is of metadata only: content is
//! read when a decision needs it and not kept.

mod contents;
mod error;
pub mod keystores;
pub mod names;
pub mod operator;
pub mod ownership;
mod remembered;
pub mod routes;
mod secrets;

pub use error::Error;
