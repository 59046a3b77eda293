//! Pebble and Helm, built from the tool lines of `e2e/tools`.

use std::env;
use std::path::PathBuf;

use crate::error::Result;
use crate::go_module::GoModule;
use crate::paths;

/// The module and how it is built.
pub fn module() -> GoModule {
    GoModule {
        source: paths::repository().join("e2e/tools"),
        name: "tools",
        packages: &[
            "github.com/letsencrypt/pebble/v2/cmd/pebble",
            "helm.sh/helm/v4/cmd/helm",
        ],
        ldflags: "-s -w",
        takes: "Pebble and Helm; 2 to 4 minutes the first time",
    }
}

/// Folder that holds `pebble` and `helm`: `EVERCERT_TOOLS_DIR`, else the cached build, else builds it.
pub fn ensure() -> Result<PathBuf> {
    match env::var_os("EVERCERT_TOOLS_DIR") {
        Some(path) => Ok(PathBuf::from(path)),
        None => module().ensure(),
    }
}
