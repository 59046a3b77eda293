//! What a cluster with a node needs of this machine: programs (one table) and privileges. Checked before anything is
//! started, so that what is missing is said once and in full.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command;
use crate::error::{Error, Result};

/// A file that must be there, and the Debian package that brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Debian package.
    pub package: &'static str,
    /// Any of these files.
    pub files: &'static [&'static str],
    /// What it is for.
    pub purpose: &'static str,
}

const fn need(package: &'static str, files: &'static [&'static str], purpose: &'static str) -> Need {
    Need {
        package,
        files,
        purpose,
    }
}

/// Everything that a cluster with a node, BIND and the router use.
pub const NEEDS: [Need; 10] = [
    need("util-linux", &["/usr/bin/unshare"], "the sandbox"),
    need(
        "iproute2",
        &["/usr/sbin/ip", "/sbin/ip", "/bin/ip"],
        "the sandbox's network",
    ),
    need("iptables", &["/usr/sbin/iptables"], "Services (kube-proxy)"),
    need("containerd", &["/usr/bin/containerd"], "pods"),
    need("runc", &["/usr/sbin/runc", "/usr/bin/runc"], "pods"),
    need("containernetworking-plugins", &["/usr/lib/cni/bridge"], "pod network"),
    need(
        "busybox-static",
        &["/bin/busybox", "/usr/bin/busybox"],
        "the pause and the busybox image",
    ),
    need("bind9", &["/usr/sbin/named"], "authoritative DNS with dynamic updates"),
    need(
        "bind9-utils",
        &[
            "/usr/sbin/rndc",
            "/usr/bin/named-checkconf",
            "/usr/sbin/named-checkconf",
        ],
        "BIND",
    ),
    need("haproxy", &["/usr/sbin/haproxy"], "the router"),
];

/// The needs that this machine does not meet.
pub fn missing() -> Vec<Need> {
    let met = |need: &Need| need.files.iter().any(|file| Path::new(file).exists());
    NEEDS
        .into_iter()
        .filter(|need| !met(need) || (need.package == "busybox-static" && !busybox_is_static()))
        .collect()
}

/// One line that installs what is missing.
pub fn install_line(missing: &[Need]) -> String {
    let packages: Vec<_> = missing.iter().map(|need| need.package).collect();
    format!("apt-get install -y --no-install-recommends {}", packages.join(" "))
}

/// Fails with everything that is missing: packages first, then privileges.
pub fn check() -> Result<()> {
    let missing = missing();
    if !missing.is_empty() {
        let list: Vec<_> = missing
            .iter()
            .map(|need| format!("  {} ({})", need.package, need.purpose))
            .collect();
        let text = format!(
            "missing on this machine:\n{}\ninstall with:\n  {}",
            list.join("\n"),
            install_line(&missing)
        );
        return Err(Error::Needs(text));
    }
    privileges()
}

/// Fails where this process may not make the sandbox; says which right is missing.
pub fn privileges() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        return Err(no_privilege("it is not run by root"));
    }
    let probe =
        "mount --make-rprivate / && ip link set lo up && ip link add n0 type veth peer name n1 && iptables -w -L -n";
    let mut unshare = Command::new("unshare");
    unshare.args([
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        probe,
    ]);
    if let Err(error) = command::run(&mut unshare) {
        return Err(no_privilege(&format!(
            "a network, mount and process namespace of its own is refused ({error})"
        )));
    }
    for controller in ["memory", "cpu", "cpuacct", "cpuset", "pids", "devices"] {
        let dir = Path::new("/sys/fs/cgroup").join(controller);
        let probe = dir.join(format!("evercert-probe{}", std::process::id()));
        if fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)).is_err() {
            let reason = format!(
                "{} is missing or read-only (cgroup v1 controllers are needed)",
                dir.display()
            );
            return Err(no_privilege(&reason));
        }
    }
    Ok(())
}

fn no_privilege(reason: &str) -> Error {
    Error::Needs(format!(
        "a cluster with a node cannot run here: {reason}.\nIt needs root with SYS_ADMIN and NET_ADMIN and writable \
         cgroup v1 controllers (in a container: --privileged). Tests of the plane need nothing of this."
    ))
}

/// Path of the static busybox.
pub fn busybox() -> &'static Path {
    let first = Path::new("/bin/busybox");
    if first.exists() {
        first
    } else {
        Path::new("/usr/bin/busybox")
    }
}

/// A dynamic program names its loader near the start of the file.
fn busybox_is_static() -> bool {
    let Ok(bytes) = fs::read(busybox()) else { return false };
    let head = bytes.get(..4096.min(bytes.len())).unwrap_or_default();
    !head.windows(8).any(|window| window == b"/ld-linu")
}
