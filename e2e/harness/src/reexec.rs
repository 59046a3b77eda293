//! This program again, in another role.
//!
//! The sandbox needs helpers of ours (its keeper, its process 1, DNS, the router). Instead of separate binaries every
//! program that uses a cluster calls [`intercept`] first thing in `main`; the helpers are the same program with a
//! hidden first argument. It must come before any thread is started.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::error::{During, Result};
use crate::{dns, router, sandbox};

/// First argument of a helper.
pub const MARK: &str = "__evercert";

/// What a helper does. Its only argument is the directory of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Outside: makes the sandbox, waits, cleans up.
    Keeper,
    /// Process 1 inside: starts init and reaps.
    Holder,
    /// Inside: starts and controls the components.
    Init,
    /// Inside: cluster DNS.
    Dns,
    /// Inside: HAProxy from Routes.
    Router,
}

const ROLES: [(Role, &str); 5] = [
    (Role::Keeper, "keeper"),
    (Role::Holder, "holder"),
    (Role::Init, "init"),
    (Role::Dns, "dns"),
    (Role::Router, "router"),
];

impl Role {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        ROLES
            .iter()
            .find(|(role, _)| *role == self)
            .map_or("", |(_, name)| name)
    }

    /// Arguments after the program's name.
    pub fn arguments(self, dir: &Path) -> [String; 3] {
        [MARK.to_owned(), self.name().to_owned(), dir.display().to_string()]
    }
}

/// Does a helper's work and ends the process, where this process was started as one; returns otherwise.
pub fn intercept() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != MARK) {
        return;
    }
    let role = arguments.next().unwrap_or_default();
    let role = ROLES.iter().find(|(_, name)| role == *name).map(|(role, _)| *role);
    let dir = PathBuf::from(arguments.next().unwrap_or_default());
    let result = match role {
        Some(Role::Keeper) => sandbox::keeper::main(&dir),
        Some(Role::Holder) => sandbox::holder::main(&dir),
        Some(Role::Init) => sandbox::init::main(&dir),
        Some(Role::Dns) => dns::main(&dir),
        Some(Role::Router) => router::main(&dir),
        None => Ok(()),
    };
    process::exit(match result {
        Ok(()) => 0,
        Err(error) => {
            crate::say(&crate::chain(&error));
            1
        }
    });
}

/// The file this program was started from.
pub fn program() -> Result<PathBuf> {
    env::current_exe().during("find this program's own file")
}

/// This program as a helper.
pub fn command(role: Role, dir: &Path) -> Result<Command> {
    let mut command = Command::new(program()?);
    command.args(role.arguments(dir));
    Ok(command)
}
