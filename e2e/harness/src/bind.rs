//! BIND 9 as the authoritative server of test zones, with TSIG keys of all algorithms and dynamic updates by key.
//!
//! Inside a cluster it listens on 10.88.0.53:53, UDP and TCP, and cluster DNS forwards the zones to it; on loopback it
//! takes a free port. It can be stopped, started and given other zones or keys.

mod config;
mod key;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use config::{BindConfig, Zone};
pub use key::{ALGORITHMS, TsigKey};

use crate::dns::{self, Kind, Zones};
use crate::error::{During, Result};
use crate::host::Host;
use crate::probe::{self, Awaited};
use crate::sandbox::network::BIND_IP;

/// Name of the component and of its log.
pub const NAME: &str = "bind";
const LIMIT: Duration = Duration::from_secs(20);

/// A running name server.
#[derive(Debug)]
pub struct Bind<'h> {
    host: &'h Host,
    address: SocketAddr,
    config: BindConfig,
}

impl<'h> Bind<'h> {
    /// Starts it and waits until it answers.
    pub async fn start(host: &'h Host, config: BindConfig) -> Result<Self> {
        let address = host.address(BIND_IP, 53)?;
        let bind = Self { host, address, config };
        bind.apply().await?;
        Ok(bind)
    }

    /// Where it listens, for `nameserver` of an RFC 2136 solver and `-dnsserver` of Pebble.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key of this algorithm (as BIND names them, `hmac-sha256`).
    pub fn key(&self, algorithm: &str) -> Option<&TsigKey> {
        self.config.keys.iter().find(|key| key.algorithm == algorithm)
    }

    /// Other zones, keys or rights; what was added by updates is forgotten.
    pub async fn reconfigure(&mut self, config: BindConfig) -> Result<()> {
        self.config = config;
        self.stop().await?;
        self.apply().await
    }

    /// Ends it: queries and updates are not answered.
    pub async fn stop(&self) -> Result<()> {
        self.host.kill(NAME).await
    }

    /// Starts it again with what it knew.
    pub async fn restart(&self) -> Result<()> {
        self.host.start(NAME).await?;
        self.ready().await
    }

    /// Its log; an update is a line with the client's address and the key's name.
    pub fn log(&self) -> PathBuf {
        self.host.log(NAME)
    }

    async fn apply(&self) -> Result<()> {
        let dir = self.host.dir().join(NAME);
        // Zone files and journals of an earlier configuration.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).during(format_args!("make {}", dir.display()))?;
        let file = self.config.write(&dir, self.address)?;
        if let Host::Inside(cluster) = self.host {
            let mut zones = Zones::load(cluster.dir());
            zones
                .forward
                .extend(self.config.zones.iter().map(|zone| (zone.name.clone(), self.address)));
            cluster.set_zones(&zones)?;
        }
        let argv = ["named", "-4", "-g", "-c"].map(str::to_owned).into_iter();
        let argv = argv.chain([file.display().to_string()]).collect();
        self.host.run(NAME, argv, BTreeMap::new()).await?;
        self.ready().await
    }

    async fn ready(&self) -> Result<()> {
        let log = self.log();
        let awaited = Awaited {
            what: "BIND",
            limit: LIMIT,
            log: &log,
        };
        // It listens before it has loaded its zones.
        awaited
            .until(async || {
                let mut loaded = probe::tcp_open(self.address).await;
                for zone in &self.config.zones {
                    loaded = loaded && dns::answers(self.address, &zone.name, Kind::Soa).await;
                }
                Ok(loaded)
            })
            .await
    }
}
