//! Processes of pods, as this sandbox sees them.

use std::fs;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// SIGKILL to every process of that kernel name; says how many there were. `/proc` is that of the sandbox, so nothing
/// outside of it can be hit.
pub fn kill_all(name: &str) -> Result<usize> {
    let mut killed = 0;
    for entry in fs::read_dir("/proc").context("list processes")? {
        let file = entry.context("list processes")?.file_name();
        let Some(pid) = file.to_str().and_then(|text| text.parse::<i32>().ok()) else {
            continue;
        };
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if comm.trim_end() == name {
            // It may end by itself in between.
            killed += usize::from(kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok());
        }
    }
    Ok(killed)
}
