//! What a cluster is to be like; handed to the helpers as `options.json` in the directory of the run.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::control_plane::{ControlPlane, Level, Ports};
use crate::error::{During, Error, Result};
use crate::paths;

/// Start of the name of a directory that nobody gave a name to.
pub const UNNAMED: &str = "evercert-cluster-";

/// Options of a cluster with a node.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UpOptions {
    /// Directory of the run; a fresh one in the temporary folder where none is given.
    pub dir: Option<PathBuf>,
    /// Goes on when the program that started it has ended, until `evercert-cluster down`.
    pub keep: bool,
    /// Leaves the directory (logs) when the cluster ends.
    pub keep_dir: bool,
    /// More flags for the API server.
    pub api_args: Vec<String>,
    /// OCI archives to import while the API server starts.
    pub images: Vec<PathBuf>,
}

/// The options with their directory decided, as the helpers read them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// Directory of the run.
    pub dir: PathBuf,
    /// The multi-call binary.
    pub binary: PathBuf,
    /// What was asked for.
    pub options: UpOptions,
}

impl Run {
    /// Writes `options.json`.
    pub fn save(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Invalid(format!("options: {error}")))?;
        paths::write(&file(&self.dir), text)
    }

    /// Reads `options.json`.
    pub fn load(dir: &Path) -> Result<Self> {
        let path = file(dir);
        let text = fs::read(&path).during(format_args!("read {} (is there a cluster?)", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))
    }

    /// Files and arguments of its control plane.
    pub fn control_plane(&self) -> ControlPlane {
        control_plane(&self.dir, &self.options.api_args)
    }
}

/// Files and arguments of the control plane of the cluster in `dir`.
pub fn control_plane(dir: &Path, api_args: &[String]) -> ControlPlane {
    ControlPlane {
        dir: dir.to_owned(),
        level: Level::Node,
        ports: Ports::USUAL,
        audit: true,
        api_args: api_args.to_owned(),
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("options.json")
}
