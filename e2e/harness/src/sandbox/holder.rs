//! Process 1 of the sandbox: starts init, reaps everybody's orphans, ends when init ends. It does nothing else, so
//! that nothing else can take it down.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;

use crate::error::{During, Error, Result};
use crate::reexec::{self, Role};

/// Runs until init ends.
pub fn main(dir: &Path) -> Result<()> {
    let init = reexec::command(Role::Init, dir)?
        .spawn()
        .during("start init in the sandbox")?;
    let init = Pid::from_raw(i32::try_from(init.id()).unwrap_or(-1));
    loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, 0)) if pid == init => return Ok(()),
            Ok(status) if status.pid() == Some(init) => {
                return Err(Error::Invalid(format!("init of the sandbox ended: {status:?}")));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).during("wait for children in the sandbox"),
        }
    }
}
