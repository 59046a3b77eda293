//! Where things of this repository and of the build are.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::error::{During, Result};

/// Root of the repository: the parent of the folder that holds this crate's `e2e`.
///
/// Known at compile time; `EVERCERT_ROOT` overrides it for a binary that was moved elsewhere.
pub fn repository() -> PathBuf {
    if let Some(root) = env::var_os("EVERCERT_ROOT") {
        return PathBuf::from(root);
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The build directory: `CARGO_TARGET_DIR`, else `target` of the repository.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from)
}

/// `target/e2e`, made if missing: binaries built from Go, images.
pub fn e2e_cache() -> Result<PathBuf> {
    let dir = target().join("e2e");
    fs::create_dir_all(&dir).during(format_args!("make {}", dir.display()))?;
    Ok(dir)
}

/// The folder in which each run gets a directory of its own: `EVERCERT_TMPDIR`, else the system's.
pub fn temporary() -> PathBuf {
    env::var_os("EVERCERT_TMPDIR").map_or_else(env::temp_dir, PathBuf::from)
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).during(format_args!("make {}", parent.display()))?;
    }
    fs::write(path, content).during(format_args!("write {}", path.display()))
}

/// Writes a file so that readers see the old or the new content, never a part.
pub fn replace(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let partial = path.with_extension("partial");
    write(&partial, content)?;
    fs::rename(&partial, path).during(format_args!("rename {}", partial.display()))
}
