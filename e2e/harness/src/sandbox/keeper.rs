//! The helper outside: makes the sandbox, waits for its end, cleans up.
//!
//! It ends the cluster on SIGTERM, on SIGINT, and (unless the cluster is to be kept) when its stdin closes, which
//! happens whenever the program that started it ends, however it ends. If it is itself killed, parent-death signals end
//! the sandbox, and the next keeper sweeps the cgroups.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::options::{Run, UNNAMED};
use super::state::State;
use crate::error::{During, Error, Result};
use crate::process::log_tail;
use crate::reexec::{self, Role};
use crate::{cgroup, cluster_binary, node, paths};

/// Runs until the sandbox is gone and everything is cleaned up.
pub fn main(dir: &Path) -> Result<()> {
    // One thread: the parent-death signal of the sandbox is tied to the thread that started it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .during("start a runtime")?;
    let result = runtime.block_on(keep(dir));
    // A read of stdin may still hang in its thread.
    runtime.shutdown_background();
    result
}

async fn keep(dir: &Path) -> Result<()> {
    let run = Run::load(dir)?;
    let cgroup = cgroup::name(std::process::id());
    let result = sandbox(&run, &cgroup).await;
    cgroup::remove(&cgroup);
    if !run.options.keep_dir {
        let _ = fs::remove_dir_all(dir);
    }
    result
}

async fn sandbox(run: &Run, cgroup: &str) -> Result<()> {
    cgroup::sweep();
    sweep_dirs();
    prepare(run, cgroup)?;
    let mut unshare = start(&run.dir)?;
    let outcome = match holder(&mut unshare).await {
        Ok(holder) => {
            State {
                keeper: std::process::id(),
                holder,
                cgroup: cgroup.to_owned(),
            }
            .save(&run.dir)?;
            wait(run, &mut unshare).await
        }
        Err(error) => Err(error),
    };
    let _ = unshare.kill().await;
    outcome
}

/// Removes directories that nobody gave a name to and whose keeper was killed.
fn sweep_dirs() {
    for entry in fs::read_dir(paths::temporary()).into_iter().flatten().flatten() {
        let is_unnamed = entry.file_name().to_string_lossy().starts_with(UNNAMED);
        if is_unnamed && State::load(&entry.path()).is_ok_and(|state| !super::is_ours(state.keeper)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Directory, binaries, certificates, configuration, cgroups.
fn prepare(run: &Run, cgroup: &str) -> Result<()> {
    let control = run.control_plane();
    cluster_binary::link(&run.binary, &run.dir.join("bin"))?;
    for sub in ["conf", "logs", "flex", "etcd"] {
        let path = run.dir.join(sub);
        fs::create_dir_all(&path).during(format_args!("make {}", path.display()))?;
    }
    control.write_files()?;
    node::write_files(&control, cgroup)?;
    cgroup::make(cgroup)
}

fn start(dir: &Path) -> Result<Child> {
    let (out, err) = (log(dir)?, log(dir)?);
    let mut command = Command::new("setpriv");
    command.args([
        "--pdeathsig",
        "KILL",
        "--",
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
    ]);
    command
        .args(["--kill-child", "--mount-proc", "--"])
        .arg(reexec::program()?);
    command
        .args(Role::Holder.arguments(dir))
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err);
    for proxy in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(proxy).env_remove(proxy.to_uppercase());
    }
    command
        .spawn()
        .during("start the sandbox (setpriv, unshare of util-linux)")
}

fn log(dir: &Path) -> Result<File> {
    let path = dir.join("logs/sandbox.log");
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .during(format_args!("open {}", path.display()))
}

/// The child of `unshare`, which is process 1 inside.
async fn holder(unshare: &mut Child) -> Result<u32> {
    let pid = unshare.id().unwrap_or_default();
    let children = format!("/proc/{pid}/task/{pid}/children");
    loop {
        let text = fs::read_to_string(&children).unwrap_or_default();
        if let Some(holder) = text.split_whitespace().next().and_then(|word| word.parse().ok()) {
            return Ok(holder);
        }
        if unshare.try_wait().during("wait for unshare")?.is_some() {
            return Err(Error::Needs(
                "`unshare --net --mount --pid` is refused on this machine".into(),
            ));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn wait(run: &Run, unshare: &mut Child) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).during("listen to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).during("listen to SIGINT")?;
    tokio::select! {
        _ = unshare.wait() => {
            let log = run.dir.join("logs/sandbox.log");
            Err(Error::Ended { what: "the sandbox".into(), tail: log_tail(&log), log })
        }
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        () = stdin_closed(), if !run.options.keep => Ok(()),
    }
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0_u8; 64];
    while matches!(stdin.read(&mut buffer).await, Ok(read) if read > 0) {}
}
