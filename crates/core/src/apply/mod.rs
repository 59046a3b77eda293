//! Thin write helpers with a fixed field manager, and what a failed call means.
//!
//! Requests are built from the type alone, so one [`Writer`] serves namespaced and cluster-scoped kinds. Errors never
//! carry object content, and neither do the logs: kube's own helpers log a whole response that they cannot parse.

mod error;
mod writer;

pub use error::{ErrorClass, Operation, WriteError};
pub use writer::Writer;
