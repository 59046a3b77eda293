//! The sealed sandbox: network, mount and process namespaces that nothing leaves and that one SIGKILL ends.
//!
//! * [`keeper`] runs outside: it makes directory, certificates and cgroups, starts the namespaces, and cleans up when
//!   they or the program that asked for them are gone.
//! * [`holder`] is process 1 inside: it only reaps.
//! * [`init`] starts and controls the components inside, by requests on a socket ([`control`]).
//! * [`network`], [`options`], [`state`]: parts of these.

pub mod control;
pub mod holder;
pub mod init;
pub mod keeper;
pub mod network;
pub mod options;
pub mod state;

use std::fs;

use crate::reexec::MARK;

/// True where this process exists and is one of our helpers: a number is used again by strangers.
pub fn is_ours(pid: u32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0).any(|word| word == MARK.as_bytes())
}
