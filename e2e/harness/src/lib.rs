//! A real Kubernetes cluster in a sealed sandbox, with DNS, an ACME CA and a router.
//!
//! * [`plane`]: only a control plane on loopback, for integration tests; needs no privileges.

pub mod audit;
pub mod certificates;
pub mod cluster_binary;
pub mod command;
pub mod control_plane;
pub mod error;
pub mod go_module;
pub mod kubeconfig;
pub mod objects;
pub mod paths;
pub mod plane;
pub mod probe;
pub mod process;
pub mod tools_binary;
pub mod users;

pub use error::{Error, Result};
pub use plane::Plane;

/// An error and its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
