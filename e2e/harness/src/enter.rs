//! The usual `main` of a program that works in a cluster: starts one outside, then runs itself again inside.

use std::process::{Command, ExitCode};

use crate::cluster::{Cluster, is_inside};
use crate::error::{During, Result};
use crate::reexec;
use crate::sandbox::options::UpOptions;

/// Does a helper's work; or, outside, starts a cluster, runs this program inside it with the same arguments and ends the
/// cluster (unless it is to be kept); or, inside, calls `work`. To be called first thing in `main`, before any thread.
pub fn enter(options: &UpOptions, work: impl FnOnce(Cluster) -> ExitCode) -> ExitCode {
    reexec::intercept();
    let result = if is_inside() {
        Cluster::inside().map(work)
    } else {
        outside(options)
    };
    result.unwrap_or_else(|error| {
        crate::say(&crate::chain(&error));
        ExitCode::FAILURE
    })
}

fn outside(options: &UpOptions) -> Result<ExitCode> {
    let cluster = Cluster::up(options)?;
    let code = run_self(&cluster);
    if !options.keep {
        cluster.down()?;
    }
    code
}

/// This program again, inside, with the same arguments; its exit code.
fn run_self(cluster: &Cluster) -> Result<ExitCode> {
    let mut command: Command = cluster.command(reexec::program()?)?;
    let status = command
        .args(std::env::args_os().skip(1))
        .status()
        .during("run this program inside the cluster")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
