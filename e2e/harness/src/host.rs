//! Where a test server (BIND, Pebble) runs: inside a cluster, on an address of its own with the usual ports, or on
//! loopback with free ports, as a child of this process.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use tokio::sync::Mutex;

use crate::cluster::Cluster;
use crate::error::{During, Error, Result};
use crate::process::{Process, Spec};

/// A place for servers.
#[derive(Debug)]
pub enum Host {
    /// Inside the cluster, as a component of it: outlives this process.
    Inside(Cluster),
    /// On loopback, tied to this process.
    Local(Local),
}

/// Servers on loopback.
#[derive(Debug)]
pub struct Local {
    dir: PathBuf,
    processes: Mutex<BTreeMap<String, Process>>,
}

impl Host {
    /// Inside the cluster that this process is inside of.
    pub fn inside() -> Result<Self> {
        Cluster::inside().map(Self::Inside)
    }

    /// On loopback; configuration and logs go into `dir`.
    pub fn local(dir: &Path) -> Self {
        Self::Local(Local {
            dir: dir.to_owned(),
            processes: Mutex::default(),
        })
    }

    /// Where configuration and logs go.
    pub fn dir(&self) -> &Path {
        match self {
            Self::Inside(cluster) => cluster.dir(),
            Self::Local(local) => &local.dir,
        }
    }

    /// A server's log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir().join("logs").join(format!("{name}.log"))
    }

    /// `address` with its usual port inside a cluster; a free port of loopback otherwise.
    pub fn address(&self, address: &str, port: u16) -> Result<SocketAddr> {
        if let Self::Inside(_) = self {
            let ip: IpAddr = address
                .parse()
                .map_err(|_| Error::Invalid(format!("{address} is no address")))?;
            return Ok(SocketAddr::new(ip, port));
        }
        // UDP needs it as well: a port that is free for TCP is next to always free for UDP too.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during("find a free port")?;
        listener.local_addr().during("find a free port")
    }

    /// Starts a server; one of the same name is killed first.
    pub async fn run(&self, name: &str, argv: Vec<String>, env: BTreeMap<String, String>) -> Result<()> {
        match self {
            Self::Inside(cluster) => cluster.run_component(name, argv, env).await,
            Self::Local(local) => {
                let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
                let env = env.into_iter().chain([("PATH".to_owned(), path)]).collect();
                let spec = Spec {
                    name: name.to_owned(),
                    argv,
                    env,
                    dir: local.dir.clone(),
                    log: self.log(name),
                };
                let mut processes = local.processes.lock().await;
                if let Some(mut old) = processes.remove(name) {
                    old.kill();
                }
                processes.insert(name.to_owned(), Process::start(spec)?);
                Ok(())
            }
        }
    }

    /// SIGKILL; it stays down until [`Host::start`].
    pub async fn kill(&self, name: &str) -> Result<()> {
        match self {
            Self::Inside(cluster) => cluster.kill(name).await,
            Self::Local(local) => {
                find(&mut *local.processes.lock().await, name)?.kill();
                Ok(())
            }
        }
    }

    /// Starts a killed server again, with the same arguments.
    pub async fn start(&self, name: &str) -> Result<()> {
        match self {
            Self::Inside(cluster) => cluster.start(name).await,
            Self::Local(local) => {
                let mut processes = local.processes.lock().await;
                let process = find(&mut processes, name)?;
                process.kill();
                *process = Process::start(process.spec.clone())?;
                Ok(())
            }
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        for process in self.processes.get_mut().values_mut() {
            process.kill();
        }
    }
}

fn find<'a>(processes: &'a mut BTreeMap<String, Process>, name: &str) -> Result<&'a mut Process> {
    processes
        .get_mut(name)
        .ok_or_else(|| Error::Invalid(format!("no server {name}")))
}
