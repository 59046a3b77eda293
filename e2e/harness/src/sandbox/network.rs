//! The sandbox's network and private directories. It has no link to any other namespace: the veth pair that carries
//! the node's addresses has both ends in here.

use std::fs;
use std::path::Path;

use crate::command::sh;
use crate::control_plane::{NODE_IP, SERVICE_RANGE};
use crate::error::{During, Result};
use crate::{node, paths};

/// Address of the authoritative DNS server (port 53).
pub const BIND_IP: &str = "10.88.0.53";
/// Address of the router (ports 80 and 443).
pub const ROUTER_IP: &str = "10.88.0.80";
/// Address of the ACME CA.
pub const PEBBLE_IP: &str = "10.88.0.14";
/// All addresses of the node's link.
pub const ADDRESSES: [&str; 4] = [NODE_IP, BIND_IP, ROUTER_IP, PEBBLE_IP];

/// Private copies of the machine's directories, and a resolv.conf that asks cluster DNS.
pub fn mounts(dir: &Path) -> Result<()> {
    sh(&["mount", "--make-rprivate", "/"])?;
    for path in node::PRIVATE_DIRS {
        let copy = node::private_copy(dir, path);
        for made in [Path::new(path), &copy] {
            fs::create_dir_all(made).during(format_args!("make {}", made.display()))?;
        }
        sh(&["mount", "--bind", &copy.to_string_lossy(), path])?;
    }
    let resolv = dir.join("conf/resolv.conf");
    paths::write(&resolv, format!("nameserver {NODE_IP}\noptions timeout:2 attempts:2\n"))?;
    let target = fs::canonicalize("/etc/resolv.conf").unwrap_or_else(|_| "/etc/resolv.conf".into());
    sh(&["mount", "--bind", &resolv.to_string_lossy(), &target.to_string_lossy()])?;
    Ok(())
}

/// lo, and a veth pair with the node's addresses. The default route into the pair is a dead end on purpose: a process of
/// the node needs a route to a ClusterIP before the packet is rewritten.
pub fn links() -> Result<()> {
    sh(&["ip", "link", "set", "lo", "up"])?;
    sh(&["ip", "link", "add", "node0", "type", "veth", "peer", "name", "node0p"])?;
    for link in ["node0", "node0p"] {
        sh(&["ip", "link", "set", link, "up"])?;
    }
    for address in ADDRESSES {
        sh(&["ip", "addr", "add", &format!("{address}/24"), "dev", "node0"])?;
    }
    sh(&["ip", "route", "add", "default", "dev", "node0"])?;
    paths::write(Path::new("/proc/sys/net/ipv4/ip_forward"), "1")
}

/// A Service address that does not exist fails at once instead of vanishing in the dead end. To be called when
/// kube-proxy has its rules.
pub fn reject_unknown_services() -> Result<()> {
    for chain in ["OUTPUT", "FORWARD"] {
        sh(&["iptables", "-w", "-A", chain, "-d", SERVICE_RANGE, "-j", "REJECT"])?;
    }
    Ok(())
}
