//! What suites look and act with. They run inside the cluster's network.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use evercert_harness::Cluster;
use evercert_harness::audit::{AuditLog, Mark};
use kube::Client;
use tokio::process::Command;

/// The running cluster with the operators in it.
#[derive(Debug)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
    /// Its audit log.
    pub audit: AuditLog,
    /// The beginning of the run.
    pub began: Mark,
}

impl World {
    /// Everything about this cluster.
    pub fn new(cluster: Cluster) -> Result<Self> {
        let audit = cluster.audit()?;
        let began = audit.mark();
        Ok(Self { cluster, audit, began })
    }

    /// Cluster administrator.
    pub async fn client(&self) -> Result<Client> {
        Ok(self.cluster.client().await?)
    }

    /// Runs a program inside; fails with its output if it fails, otherwise returns what it printed.
    pub async fn run(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Result<String> {
        let command = self.cluster.command(&program)?;
        let mut command = Command::from(command);
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let line = || format!("{} {}", program.as_ref().display(), arguments.join(" "));
        let output = output.with_context(line)?;
        if !output.status.success() {
            bail!("{}: {}", line(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `kubectl ARGUMENTS`
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.run("kubectl", arguments).await
    }
}
