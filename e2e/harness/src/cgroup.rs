//! The cgroups of one run: a folder of its own under every cgroup v1 controller, and their removal.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use crate::error::{During, Result};
use crate::paths;

const ROOT: &str = "/sys/fs/cgroup";
const PREFIX: &str = "evercert-";
const CONTROLLERS: [&str; 9] = [
    "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd",
];

/// Name of the run of the keeper with this process number; the sweep finds the owner by it.
pub fn name(keeper: u32) -> String {
    format!("{PREFIX}{keeper}")
}

/// Makes the run's folder under each controller. A cpuset is empty until it is filled from its parent.
pub fn make(run: &str) -> Result<()> {
    for controller in CONTROLLERS {
        let dir = Path::new(ROOT).join(controller).join(run);
        fs::create_dir_all(&dir).during(format_args!("make {}", dir.display()))?;
    }
    let cpuset = Path::new(ROOT).join("cpuset");
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let from = cpuset.join(file);
        let value = fs::read(&from).during(format_args!("read {}", from.display()))?;
        paths::write(&cpuset.join(run).join(file), value)?;
    }
    Ok(())
}

/// Removes the run's folders in every hierarchy (the runtime makes one under `unified` too). The kernel refuses while a
/// killed process is still going away, so this tries for some seconds.
pub fn remove(run: &str) {
    for _ in 0..100 {
        let left: Vec<_> = hierarchies()
            .into_iter()
            .map(|dir| dir.join(run))
            .filter(|dir| dir.exists())
            .collect();
        if left.is_empty() {
            return;
        }
        for dir in &left {
            remove_tree(dir);
        }
        sleep(Duration::from_millis(50));
    }
}

/// Removes what runs left whose keeper was killed.
pub fn sweep() {
    let entries = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten();
    let names = hierarchies()
        .into_iter()
        .flat_map(entries)
        .map(|entry| entry.file_name());
    let mut stale: Vec<_> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| is_stale(name))
        .collect();
    stale.sort();
    stale.dedup();
    for run in &stale {
        remove(run);
    }
}

fn is_stale(name: &str) -> bool {
    let keeper = name.strip_prefix(PREFIX).and_then(|pid| pid.parse::<u32>().ok());
    keeper.is_some_and(|pid| !super::sandbox::is_ours(pid))
}

fn hierarchies() -> Vec<PathBuf> {
    fs::read_dir(ROOT)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// Bottom-up; cgroup folders hold only files of the kernel, which vanish with them.
fn remove_tree(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_tree(&entry.path());
        }
    }
    let _ = fs::remove_dir(dir);
}
