//! Builds programs of a Go module of this repository once, and finds them again by a key of their inputs.
//!
//! The key is a hash of `go.mod`, `go.sum`, `*.go` and the Go version, so a changed input gives a new file name and an
//! unchanged one never builds. A file lock makes parallel test binaries build once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::error::{During, Error, Result};
use crate::{command, paths};

/// A Go module of this repository.
#[derive(Debug, Clone)]
pub struct GoModule {
    /// Folder with go.mod.
    pub source: PathBuf,
    /// Start of the cache entry's name.
    pub name: &'static str,
    /// What to compile: packages, in `go build` syntax.
    pub packages: &'static [&'static str],
    /// Linker flags.
    pub ldflags: &'static str,
    /// What the build's first line says about the time it takes.
    pub takes: &'static str,
}

impl GoModule {
    /// The cache entry: a file for one package, a folder for several. Not necessarily there.
    pub fn cached(&self) -> Result<PathBuf> {
        Ok(paths::e2e_cache()?.join(format!("{}-{}", self.name, self.key()?)))
    }

    /// The cache entry, built first where it is missing; prints the stage and its time.
    pub fn ensure(&self) -> Result<PathBuf> {
        let cached = self.cached()?;
        if cached.exists() {
            return Ok(cached);
        }
        let lock_path = cached.with_extension("lock");
        let lock = File::create(&lock_path).during(format_args!("create {}", lock_path.display()))?;
        lock.lock().during(format_args!("lock {}", lock_path.display()))?;
        if !cached.exists() {
            self.build(&cached)?;
        }
        let _ = fs::remove_file(&lock_path);
        Ok(cached)
    }

    fn build(&self, out: &Path) -> Result<()> {
        eprintln!("==> go build {} ({})", self.name, self.takes);
        let start = Instant::now();
        let partial = out.with_extension("partial");
        let target = if self.packages.len() > 1 {
            fs::create_dir_all(&partial).during(format_args!("make {}", partial.display()))?;
            partial.join("")
        } else {
            partial.clone()
        };
        let mut go = Command::new("go");
        go.current_dir(&self.source)
            .env("CGO_ENABLED", "0")
            .env("GOTOOLCHAIN", "local");
        go.args(["build", "-trimpath", "-ldflags", self.ldflags, "-o"])
            .arg(target)
            .args(self.packages);
        command::run(&mut go)?;
        fs::rename(&partial, out).during(format_args!("rename {}", partial.display()))?;
        eprintln!("    {} built in {} s", self.name, start.elapsed().as_secs());
        Ok(())
    }

    fn key(&self) -> Result<String> {
        let mut inputs = Vec::new();
        for entry in fs::read_dir(&self.source).during(format_args!("read {}", self.source.display()))? {
            let path = entry.during(format_args!("read {}", self.source.display()))?.path();
            let is_go = path.extension().is_some_and(|e| e == "go" || e == "mod" || e == "sum");
            inputs.extend(is_go.then_some(path));
        }
        inputs.sort();
        let mut hash = Sha256::new();
        for path in inputs {
            hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update([0]);
            hash.update(fs::read(&path).during(format_args!("read {}", path.display()))?);
        }
        hash.update(self.ldflags);
        hash.update(go_version()?);
        Ok(crate::hex(hash.finalize().get(..8).unwrap_or_default()))
    }
}

fn go_version() -> Result<String> {
    command::run(Command::new("go").arg("version").env("GOTOOLCHAIN", "local")).map_err(|error| match error {
        Error::Io { .. } => {
            Error::Needs("Go ≥ 1.26 is needed to build Kubernetes, Pebble and Helm: no `go` in PATH".into())
        }
        other => other,
    })
}
