//! `evercert-cluster up`: a cluster or a plane in the foreground, for scripts and for looking around.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use evercert_harness::{Cluster, Plane, UpOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::DEFAULT_DIR;

/// `up`
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    /// Directory of the cluster.
    #[arg(long, default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Returns when it is ready; `evercert-cluster down` ends it.
    #[arg(long)]
    keep: bool,
    /// Leaves the directory with its logs.
    #[arg(long)]
    keep_dir: bool,
    /// Control plane only, on loopback ports; needs no privileges.
    #[arg(long)]
    plane_only: bool,
    /// Audit log of a plane (a cluster always has one).
    #[arg(long)]
    audit: bool,
    /// One more flag for kube-apiserver.
    #[arg(long)]
    api_arg: Vec<String>,
    /// OCI archives to import.
    #[arg(long)]
    image: Vec<PathBuf>,
}

impl UpArgs {
    /// Starts it and stays.
    pub fn run(self) -> Result<ExitCode> {
        if self.plane_only {
            block_on(self.plane())?;
            return Ok(ExitCode::SUCCESS);
        }
        let images = self
            .image
            .iter()
            .map(std::path::absolute)
            .collect::<std::io::Result<_>>()?;
        let options = UpOptions {
            dir: Some(self.dir.clone()),
            keep: self.keep,
            keep_dir: self.keep_dir,
            api_args: self.api_arg.clone(),
            images,
        };
        let cluster = Cluster::up(&options)?;
        let ready = cluster.ready()?;
        println!("{}", with_times(describe(&cluster.url(), cluster.dir()), &json!(ready)));
        if !self.keep {
            block_on(control(&cluster))?;
            cluster.down()?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn plane(&self) -> Result<()> {
        let builder = self
            .api_arg
            .iter()
            .fold(Plane::builder().audit(self.audit), |b, flag| b.api_arg(flag));
        let plane = builder.start().await?;
        println!("{}", describe(&plane.url(), plane.dir()));
        serve(async |verb: &str, name: &str| match verb {
            "kill" | "stop" => Ok(plane.kill(name).await?),
            "start" => Ok(plane.start(name).await?),
            _ => anyhow::bail!("unknown command {verb}"),
        })
        .await
    }
}

/// Until the cluster is to end, or has.
async fn control(cluster: &Cluster) -> Result<()> {
    let commands = serve(async |verb: &str, name: &str| match verb {
        "kill" => Ok(cluster.kill(name).await?),
        "stop" => Ok(cluster.stop(name).await?),
        "start" => Ok(cluster.start(name).await?),
        _ => anyhow::bail!("unknown command {verb}"),
    });
    let ended = async {
        while cluster.is_running() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        result = commands => result,
        () = ended => anyhow::bail!("the cluster ended by itself; with --keep-dir its logs are in {}", cluster.dir().display()),
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start a runtime")?;
    let result = runtime.block_on(work);
    // A read of stdin may still hang in its thread.
    runtime.shutdown_background();
    result
}

fn describe(url: &str, dir: &Path) -> Value {
    json!({
        "url": url, "dir": dir, "kubeconfig": dir.join("kubeconfig/admin"), "ca": dir.join("pki/ca.crt"),
        "logs": dir.join("logs"),
    })
}

fn with_times(mut line: Value, ready: &Value) -> Value {
    line["timings_ms"] = ready["timings_ms"].clone();
    line["pids"] = ready["pids"].clone();
    line
}

/// Carries out commands from stdin until it closes or a signal comes.
async fn serve(mut act: impl AsyncFnMut(&str, &str) -> Result<()>) -> Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line?,
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
        };
        let Some(line) = line else { return Ok(()) };
        let Some((verb, name)) = line.trim().split_once(' ') else {
            continue;
        };
        match act(verb, name).await {
            Ok(()) => println!("{}", json!({"done": line.trim()})),
            Err(error) => println!("{}", json!({"failed": line.trim(), "error": format!("{error:#}")})),
        }
    }
}
