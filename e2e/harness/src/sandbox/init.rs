//! Inside the sandbox: network and mounts, the components in their order, then requests on the control socket.

mod components;
mod serve;
mod stages;

use std::path::Path;

use crate::error::{During, Result};
use crate::sandbox::options::Run;

/// Brings everything up, says so in `ready.json`, and serves until the sandbox is killed.
pub fn main(dir: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.during("start a runtime")?.block_on(async {
        let run = Run::load(dir)?;
        let components = stages::up(&run).await?;
        serve::serve(dir, components).await
    })
}
