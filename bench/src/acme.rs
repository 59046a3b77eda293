//! 30 Certificates by ACME DNS-01 at once, against Pebble and BIND on loopback.

use anyhow::Result;

use crate::report::Report;
use crate::world::World;

/// `acme_30_orders_s`.
pub async fn measure(_world: &World, _report: &mut Report) -> Result<()> {
    Ok(())
}
