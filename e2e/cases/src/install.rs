//! Installs the operators as users do: Helm, our charts, our images.

use std::path::PathBuf;

use anyhow::{Context, Result};
use evercert_harness::{paths, tools_binary};

use crate::operators::{ALL, Operator};
use crate::world::World;

/// Where `scripts/images.sh` puts the images that are tested.
pub fn images() -> Result<Vec<PathBuf>> {
    let folder = paths::e2e_cache()?.join("images");
    let archive = |operator: &Operator| {
        let path = folder.join(format!("{}.tar", operator.name));
        path.metadata()
            .with_context(|| format!("{} is missing: make e2e builds it", path.display()))?;
        Ok(path)
    };
    ALL.iter().map(archive).collect()
}

/// Installs all three and waits until they are ready.
pub async fn all(world: &World) -> Result<()> {
    for operator in ALL {
        install(world, operator, &[]).await?;
    }
    for operator in ALL {
        ready(world, operator).await?;
    }
    Ok(())
}

/// Installs or changes one.
pub async fn install(world: &World, operator: Operator, values: &[&str]) -> Result<()> {
    let helm = tools_binary::ensure()?.join("helm");
    let chart = paths::repository().join("charts").join(operator.name);
    let chart = chart.display().to_string();
    let repository = format!("image.repository=localhost/{}", operator.name);
    let mut arguments = vec![
        "upgrade",
        "-i",
        operator.release,
        &chart,
        "-n",
        operator.namespace,
        "--create-namespace",
    ];
    for value in [repository.as_str(), "image.tag=1", "image.pullPolicy=Never"]
        .iter()
        .chain(values)
    {
        arguments.extend(["--set", value]);
    }
    world.run(helm, &arguments).await.map(drop)
}

/// Waits until all of its Deployments are rolled out.
pub async fn ready(world: &World, operator: Operator) -> Result<()> {
    let rollout = [
        "rollout",
        "status",
        "deployment",
        "-n",
        operator.namespace,
        "--timeout=120s",
    ];
    world.kubectl(&rollout).await.map(drop)
}
