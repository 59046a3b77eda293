//! `evercert-cluster`.
use evercert_harness::{cluster_binary, tools_binary};
fn main() -> anyhow::Result<()> {
    println!("{}", cluster_binary::module().cached()?.display());
    println!("{}", tools_binary::module().cached()?.display());
    Ok(())
}
