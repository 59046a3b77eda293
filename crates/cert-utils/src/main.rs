//! `evercert-cert-utils`: see the library.

use clap::Parser;
use evercert_cert_utils::operator::{self, Args};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Ok(operator::run(Args::parse()).await?)
}
