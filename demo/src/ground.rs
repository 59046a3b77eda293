//! The ground that the story is told on: this repository's own cluster, its router and ACME CA, and the variables that the
//! printed commands use. On another cluster a person sets these variables and repeats the commands.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use evercert_harness::{Cluster, paths, tools_binary};

use crate::names::{CUSTOMER_HOST, PREFERENCE_HOST};
use crate::say::Say;
use crate::shell::Shell;
use crate::story::{self, Stage, Verdict};

/// Names of the operators' images and charts.
pub const OPERATORS: [&str; 3] = ["evercert-issuer", "evercert-cert-utils", "evercert-reloader"];
/// Directory of a cluster that is kept; `evercert-cluster exec` looks there by itself.
pub const KEPT_DIR: &str = "/tmp/evercert-cluster";

/// Tells the story inside `cluster`, writes the report, and says by the exit status whether it holds.
pub fn tell(cluster: Cluster, out: &Path, keep: bool) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = runtime.context("start a runtime").and_then(|runtime| runtime.block_on(told(&cluster, out, keep)));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("\nThe demo did not get to its end: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn told(cluster: &Cluster, out: &Path, keep: bool) -> Result<bool> {
    let say = Say::default();
    fs::create_dir_all(out).with_context(|| format!("make {}", out.display()))?;
    let out = fs::canonicalize(out).with_context(|| format!("find {}", out.display()))?;
    let stage = stage(cluster, &say, &out).await?;
    let Verdict { report, shortfalls } = story::tell(&stage, &say).await?;
    let file = out.join("report.json");
    fs::write(&file, serde_json::to_string(&report)? + "\n").with_context(|| format!("write {}", file.display()))?;
    println!("\n  report: {}", file.display());
    for shortfall in &shortfalls {
        println!("  ✘ {shortfall}");
    }
    println!("\n{}", if shortfalls.is_empty() { "The demo has proven what it promises." } else { "The demo FELL SHORT, see above." });
    if keep {
        look_around(&out, &stage);
    }
    Ok(shortfalls.is_empty())
}
