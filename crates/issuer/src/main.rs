//! `evercert-issuer`.

use std::convert::Infallible;

use clap::error::Error as ClapError;
use evercert_core::operator::run;
use evercert_issuer::flags::Cli;
use evercert_issuer::operator::{INFO, start};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (cli, ignored) = Cli::from_args(std::env::args()).unwrap_or_else(|error: ClapError| error.exit());
    run(INFO, cli.common, async |rt| {
        for flag in ignored {
            tracing::info!(flag, "this flag of cert-manager has no effect here");
        }
        Ok::<_, Infallible>(start(rt, cli.settings))
    })
    .await?;
    Ok(())
}
