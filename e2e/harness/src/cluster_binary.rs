//! The one static binary that is every component of Kubernetes (`e2e/cluster`).

use std::path::PathBuf;
use std::{env, fs, os::unix::fs::symlink, path::Path};

use crate::error::{During, Result};
use crate::go_module::GoModule;
use crate::paths;

/// Names it answers to.
pub const COMPONENTS: [&str; 7] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
];

/// Without these /version gives a string that is no semantic version, on which kubectl and Helm fail.
const LDFLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36 \
    -X k8s.io/component-base/version.gitTreeState=clean -X k8s.io/component-base/version.gitCommit=local \
    -X k8s.io/component-base/version.buildDate=2026-01-01T00:00:00Z";

/// The module and how it is built.
pub fn module() -> GoModule {
    GoModule {
        source: paths::repository().join("e2e/cluster"),
        name: "cluster",
        packages: &["."],
        ldflags: LDFLAGS,
        takes: "Kubernetes 1.36.3 in one binary; 4 to 8 minutes the first time",
    }
}

/// `EVERCERT_CLUSTER_BIN`, else the cached build, else builds it.
pub fn ensure() -> Result<PathBuf> {
    match env::var_os("EVERCERT_CLUSTER_BIN") {
        Some(path) => Ok(PathBuf::from(path)),
        None => module().ensure(),
    }
}

/// Fills `dir` with one link a component, so that it can stand in PATH.
pub fn link(binary: &Path, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).during(format_args!("make {}", dir.display()))?;
    for component in COMPONENTS {
        let link = dir.join(component);
        symlink(binary, &link).during(format_args!("link {}", link.display()))?;
    }
    Ok(())
}
