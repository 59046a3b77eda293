//! `evercert-reloader`: flags in, operator out. Everything else is in the library.

use std::convert::Infallible;

use clap::Parser;
use evercert_core::metrics::{install_with, names};
use evercert_core::operator::{LeaseTimes, OperatorInfo, run};
use evercert_reloader::flags::{Args, Settings};
use evercert_reloader::names::{LEASE, metrics::HISTOGRAMS};
use evercert_reloader::operator;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INFO: OperatorInfo = OperatorInfo {
    name: "evercert-reloader",
    reporter: "reloader",
    lease: LEASE,
    lease_times: LeaseTimes::DEFAULT,
    leader_elect: false,
    metrics_address: "0.0.0.0:9090",
    healthz_address: "0.0.0.0:9090",
    live_paths: &["/live"],
    names: &names::CORE,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let (settings, warnings) = Settings::read(&args)?;
    install_with(&HISTOGRAMS)?;
    run(INFO, args.common(), async |rt| {
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        Ok::<_, Infallible>(operator::start(rt, settings))
    })
    .await?;
    Ok(())
}
