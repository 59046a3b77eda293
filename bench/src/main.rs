//! `evercert-bench`: measures the operators against a real API server and compares with the budgets of the design.
//! Prints a table and writes a JSON report; the exit status says whether it could be measured, not whether all budgets were met.

mod acme;
mod certificates;
mod idle;
mod issuing;
mod keystores;
mod operator;
mod raw;
mod reloads;
mod report;
mod stats;
mod usage;
mod world;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;

use report::Report;
use world::World;

/// Figures of the operators on a real API server.
#[derive(Debug, Parser)]
struct Args {
    /// Folder of the operators' binaries; the folder of this program without it.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Where the JSON goes.
    #[arg(long, default_value = "target/bench/report.json")]
    out: PathBuf,
    /// Certificates issued at once.
    #[arg(long, default_value_t = 1_000)]
    certificates: usize,
    /// Certificates of the big namespace; 0 leaves it out.
    #[arg(long, default_value_t = 10_000)]
    big: usize,
    /// Only the named parts: issuing, rsa, big, acme, keystores, reloads.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

#[tokio::main]
#[allow(clippy::print_stdout)] // the table is what the program is for
async fn main() -> Result<()> {
    let args = Args::parse();
    let started = Instant::now();
    let mut report = Report::default();
    measure(&args, &mut report).await?;
    report.write(&args.out)?;
    println!(
        "{}\n{} s, {}",
        report.table(),
        started.elapsed().as_secs(),
        args.out.display()
    );
    Ok(())
}

async fn measure(args: &Args, report: &mut Report) -> Result<()> {
    let wants = |part: &str| args.only.is_empty() || args.only.iter().any(|only| only == part);
    let beside = || {
        anyhow::Ok(
            std::env::current_exe()?
                .parent()
                .context("a program has a folder")?
                .to_owned(),
        )
    };
    let binaries = args.binaries.clone().map_or_else(beside, Ok)?;
    let start = || World::start(binaries.clone());
    if wants("issuing") {
        issuing::measure(&start().await?, args.certificates, report).await?;
    }
    if wants("rsa") {
        issuing::measure_rsa(&start().await?, args.certificates, report).await?;
    }
    if wants("big") && args.big > 0 {
        issuing::measure_big(&start().await?, args.big, report).await?;
    }
    if wants("acme") {
        acme::measure(&start().await?, report).await?;
    }
    if wants("keystores") {
        keystores::measure(&start().await?, report).await?;
    }
    if wants("reloads") {
        reloads::measure(&start().await?, report).await?;
    }
    Ok(())
}
