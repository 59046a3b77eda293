//! Cluster DNS: one small UDP and TCP server inside the sandbox, for pods and for processes of the node.
//!
//! * `NAME.NS.svc.cluster.local` → the Service's address, or the ready endpoints where it is headless; HOST.NAME.NS… too.
//! * Zones of tests ([`Zones`]) are answered from fixed records or forwarded to BIND.
//! * AAAA and other types of an existing name: no error, no records. Everything else: no such name; nobody outside is asked.

mod directory;
mod install;
mod probe;
mod server;
mod wire;
mod zones;

use std::path::Path;

use crate::error::{During, Result};
use crate::reexec::{self, Role};

pub use install::install;
pub use probe::{Kind, answers};
pub use zones::Zones;

/// Runs until it is killed; the helper of that name.
pub fn main(dir: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.during("start a runtime")?.block_on(server::serve(dir))
}

/// The command of the component `dns`.
pub fn argv(dir: &Path) -> Result<Vec<String>> {
    let program = reexec::program()?.display().to_string();
    Ok(std::iter::once(program).chain(Role::Dns.arguments(dir)).collect())
}
