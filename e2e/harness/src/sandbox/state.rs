//! What the helpers tell others about a run: `state.json` (who keeps it) and `ready.json` (it is up).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{During, Error, Result};
use crate::paths;

/// Written by the keeper once the sandbox exists. Process numbers as seen from outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// The helper that waits and cleans up; SIGTERM ends the cluster.
    pub keeper: u32,
    /// Process 1 of the sandbox.
    pub holder: u32,
    /// Name of the cgroups.
    pub cgroup: String,
}

/// Written by init once everything is up. Process numbers as seen from inside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Milliseconds from the start of init to each stage.
    pub timings_ms: BTreeMap<String, u64>,
    /// Components.
    pub pids: BTreeMap<String, u32>,
}

impl State {
    const FILE: &str = "state.json";
    /// Writes it whole.
    pub fn save(&self, dir: &Path) -> Result<()> {
        save(&dir.join(Self::FILE), self)
    }
    /// Reads it.
    pub fn load(dir: &Path) -> Result<Self> {
        load(&dir.join(Self::FILE))
    }
}

impl Ready {
    const FILE: &str = "ready.json";
    /// Writes it whole.
    pub fn save(&self, dir: &Path) -> Result<()> {
        save(&dir.join(Self::FILE), self)
    }
    /// Reads it.
    pub fn load(dir: &Path) -> Result<Self> {
        load(&dir.join(Self::FILE))
    }
    /// True once it has been written.
    pub fn exists(dir: &Path) -> bool {
        dir.join(Self::FILE).exists()
    }
}

fn save(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Error::Invalid(format!("{}: {e}", path.display())))?;
    paths::replace(path, text)
}

fn load<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).during(format_args!("read {} (is there a cluster?)", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))
}
