//! What suites look and act with. They run inside the cluster's network.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use evercert_harness::Cluster;
use evercert_harness::audit::{AuditLog, Call, Mark};
use kube::Client;
use tokio::process::Command;
use tokio::sync::Mutex;

/// The running cluster with the operators in it.
#[derive(Debug)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
    /// Its audit log.
    pub audit: AuditLog,
    /// The beginning of the run.
    pub began: Mark,
    /// Stretches of the log in which the API server was coming up: it refuses calls until it has read the roles.
    pub restarts: Mutex<Vec<(Mark, Mark)>>,
}

impl World {
    /// Everything about this cluster.
    pub fn new(cluster: Cluster) -> Result<Self> {
        let audit = cluster.audit()?;
        let began = audit.mark();
        Ok(Self {
            cluster,
            audit,
            began,
            restarts: Mutex::default(),
        })
    }

    /// Cluster administrator.
    pub async fn client(&self) -> Result<Client> {
        Ok(self.cluster.client().await?)
    }

    /// Every call of the run except while the API server was coming up.
    pub async fn calls(&self) -> Result<Vec<Call>> {
        let mut calls = self.audit.since(self.began)?;
        let all = calls.len();
        for (from, to) in self.restarts.lock().await.iter().rev() {
            let place = |mark: Mark| Ok::<_, anyhow::Error>(all.saturating_sub(self.audit.since(mark)?.len()));
            calls.drain(place(*from)?..place(*to)?);
        }
        Ok(calls)
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
