//! A real Kubernetes cluster in a sealed sandbox, with DNS, an ACME CA and a router.
//!
//! * [`plane`]: only a control plane on loopback, for integration tests; needs no privileges.
//! * [`cluster`]: with a real node, inside namespaces of its own; [`enter`] is the usual `main` of what works in it.
//! * [`api_server`]: what can be done with either: clients, namespaces, YAML, [`audit`].
//! * [`oci`], [`image`]: images without a container engine. [`dns`]: cluster DNS.
//! * [`needs`]: what the machine must have. [`cluster_binary`], [`tools_binary`]: what is built from Go modules.

pub mod api_server;
pub mod audit;
pub mod bind;
pub mod certificates;
mod cgroup;
pub mod cluster;
pub mod cluster_binary;
pub mod command;
pub mod control_plane;
pub mod dns;
pub mod enter;
pub mod error;
pub mod go_module;
pub mod host;
pub mod image;
pub mod kubeconfig;
pub mod needs;
pub mod node;
pub mod objects;
pub mod oci;
pub mod paths;
pub mod pebble;
pub mod plane;
pub mod probe;
pub mod process;
pub mod reexec;
pub mod router;
pub mod sandbox;
pub mod tools_binary;
pub mod users;

pub use cluster::Cluster;
pub use enter::enter;
pub use error::{Error, Result};
pub use plane::Plane;
pub use sandbox::options::UpOptions;

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

/// A line on stderr; nobody may be reading any more, which is no reason to stop.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
