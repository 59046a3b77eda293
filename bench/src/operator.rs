//! An operator as a process of its own, as users run it: started, measured, stopped.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::{Child, Command};

use crate::usage;
use crate::world::World;

/// A running operator; ends when dropped.
#[derive(Debug)]
pub struct Operator {
    child: Child,
    pid: u32,
}

impl Operator {
    /// Starts `name` (the binary and the ServiceAccount have this name) with its own kubeconfig.
    pub async fn start(world: &World, name: &str, args: &[&str]) -> Result<Self> {
        let kubeconfig = world.account(name).await?;
        let log = world.plane.dir().join("logs").join(format!("{name}.log"));
        let binary = world.binaries.join(name);
        let child = spawn(&binary, &kubeconfig, args, &log)?;
        let pid = child
            .id()
            .with_context(|| format!("{name} ended at once; see {}", log.display()))?;
        Ok(Self { child, pid })
    }

    /// CPU used so far.
    pub fn cpu(&self) -> Result<Duration> {
        usage::cpu(self.pid)
    }

    /// Resident memory in MB.
    pub fn rss_mb(&self) -> Result<f64> {
        usage::rss_mb(self.pid)
    }

    /// Fails if it has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("the operator ended: {status}"),
            None => Ok(()),
        }
    }

    /// Ends it and waits for its end.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("stop the operator")
    }
}

fn spawn(binary: &Path, kubeconfig: &Path, args: &[&str], log: &Path) -> Result<Child> {
    let log = File::create(log).with_context(|| format!("create {}", log.display()))?;
    Command::new(binary)
        .args(args)
        .env("KUBECONFIG", kubeconfig)
        .env("MIMALLOC_PURGE_DELAY", "0") // as the charts set it
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| {
            format!(
                "start {} (build it first: cargo build --release --workspace)",
                binary.display()
            )
        })
}
