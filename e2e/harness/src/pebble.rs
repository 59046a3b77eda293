//! Pebble, the ACME test CA, without its artificial waits.
//!
//! Inside a cluster its directory is `https://10.88.0.14:14000/dir`; on loopback it takes free ports. Its serving
//! certificate is signed by a CA of its own ([`Pebble::ca_bundle`]), the certificates it issues by a root that it makes
//! anew at each start ([`Pebble::root`]).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::certificates::{Authority, Subject};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::probe::{self, Awaited};
use crate::sandbox::network::PEBBLE_IP;
use crate::{paths, tools_binary};

/// Name of the component and of its log.
pub const NAME: &str = "pebble";
const LIMIT: Duration = Duration::from_secs(20);

/// How it behaves.
#[derive(Debug, Clone)]
pub struct PebbleConfig {
    /// Server it asks for challenge records (over TCP): BIND, or cluster DNS.
    pub dns: SocketAddr,
    /// Share of requests refused with badNonce, per cent.
    pub bad_nonce_percent: u8,
    /// Share of valid authorizations that new orders may use again, per cent.
    pub reuse_authorizations_percent: u8,
    /// Validity of what it issues, seconds; profile `default`.
    pub validity_seconds: u64,
    /// More profiles: name → validity in seconds.
    pub profiles: BTreeMap<String, u64>,
    /// Names that it refuses (and those below them).
    pub blocked: Vec<String>,
    /// Key IDs and base64url MAC keys; if there are any, new accounts must be bound to one.
    pub external_accounts: BTreeMap<String, String>,
    /// Intermediates between root and leaf.
    pub chain_length: u8,
    /// Further roots, offered as alternate chains.
    pub alternate_roots: u8,
    /// Retry-After of authorizations and orders that are not done yet, seconds; 0 = none.
    pub retry_after: u32,
}

impl PebbleConfig {
    /// Well-behaved: no bad nonces, no reuse, 90 days, one intermediate, no Retry-After.
    pub fn new(dns: SocketAddr) -> Self {
        Self {
            dns,
            bad_nonce_percent: 0,
            reuse_authorizations_percent: 0,
            validity_seconds: 90 * 24 * 3600,
            profiles: BTreeMap::new(),
            blocked: Vec::new(),
            external_accounts: BTreeMap::new(),
            chain_length: 1,
            alternate_roots: 0,
            retry_after: 0,
        }
    }

    fn file(&self, acme: SocketAddr, management: SocketAddr, pair: &crate::certificates::PairFiles) -> Value {
        let profile = |seconds: u64| json!({"description": "evercert tests", "validityPeriod": seconds});
        let mut profiles: serde_json::Map<_, _> = self
            .profiles
            .iter()
            .map(|(name, seconds)| (name.clone(), profile(*seconds)))
            .collect();
        profiles.insert("default".into(), profile(self.validity_seconds));
        json!({"pebble": {
            "listenAddress": acme, "managementListenAddress": management,
            "certificate": pair.certificate, "privateKey": pair.key,
            "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "keyAlgorithm": "ecdsa",
            "externalAccountBindingRequired": !self.external_accounts.is_empty(),
            "externalAccountMACKeys": self.external_accounts,
            "domainBlocklist": self.blocked, "profiles": profiles,
            "retryAfter": {"authz": self.retry_after, "order": self.retry_after},
        }})
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let variables = [
            ("PEBBLE_VA_NOSLEEP", "1".to_owned()),
            ("PEBBLE_WFE_NONCEREJECT", self.bad_nonce_percent.to_string()),
            ("PEBBLE_AUTHZREUSE", self.reuse_authorizations_percent.to_string()),
            ("PEBBLE_CHAIN_LENGTH", self.chain_length.to_string()),
            ("PEBBLE_ALTERNATE_ROOTS", self.alternate_roots.to_string()),
        ];
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// A running Pebble.
#[derive(Debug)]
pub struct Pebble<'h> {
    host: &'h Host,
    acme: SocketAddr,
    management: SocketAddr,
    ca: String,
}

impl<'h> Pebble<'h> {
    /// Starts it (built first where it is not cached) and waits until its directory is served.
    pub async fn start(host: &'h Host, config: &PebbleConfig) -> Result<Self> {
        let tools = tools_binary::ensure()?;
        let (acme, management) = (host.address(PEBBLE_IP, 14000)?, host.address(PEBBLE_IP, 15000)?);
        let authority = Authority::new("evercert pebble server")?;
        let names = ["pebble", "acme.test", "localhost", "127.0.0.1", PEBBLE_IP];
        let pair = authority.leaf(&Subject {
            common_name: "pebble",
            organization: None,
            names: &names,
        })?;
        let dir = host.dir().join(NAME);
        let files = pair.write(&dir, "server")?;
        authority.pair.write(&dir, "ca")?;
        let file = dir.join("config.json");
        paths::write(&file, config.file(acme, management, &files).to_string())?;
        let argv = vec![
            tools.join("pebble").display().to_string(),
            "-strict".into(),
            "-config".into(),
            file.display().to_string(),
            "-dnsserver".into(),
            config.dns.to_string(),
        ];
        host.run(NAME, argv, config.environment()).await?;
        let pebble = Self {
            host,
            acme,
            management,
            ca: authority.pair.certificate,
        };
        pebble.ready().await?;
        Ok(pebble)
    }

    /// `spec.acme.server`
    pub fn directory_url(&self) -> String {
        format!("https://{}/dir", self.acme)
    }

    /// PEM of the CA that signed its serving certificate: `spec.acme.caBundle`, before base64.
    pub fn ca_bundle(&self) -> &str {
        &self.ca
    }

    /// PEM of root number `index` (0 = the first) of what it issues.
    pub async fn root(&self, index: u8) -> Result<String> {
        self.get(&format!("roots/{index}")).await
    }

    /// PEM of the intermediate that signs below root number `index`.
    pub async fn intermediate(&self, index: u8) -> Result<String> {
        self.get(&format!("intermediates/{index}")).await
    }

    /// Ends it. Accounts and orders are forgotten.
    pub async fn stop(&self) -> Result<()> {
        self.host.kill(NAME).await
    }

    /// Starts it again: a CA with new roots and no accounts, as after a disaster.
    pub async fn restart(&self) -> Result<()> {
        self.host.start(NAME).await?;
        self.ready().await
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.host.log(NAME)
    }

    async fn ready(&self) -> Result<()> {
        let log = self.log();
        let awaited = Awaited {
            what: "Pebble",
            limit: LIMIT,
            log: &log,
        };
        awaited
            .until(async || Ok(probe::tcp_open(self.acme).await && probe::tcp_open(self.management).await))
            .await
    }

    async fn get(&self, path: &str) -> Result<String> {
        let url = format!("https://{}/{path}", self.management);
        let failed = |source: reqwest::Error| Error::Call {
            action: format!("get {url}"),
            source: Box::new(source),
        };
        let ca = reqwest::Certificate::from_pem(self.ca.as_bytes()).map_err(failed)?;
        let client = reqwest::Client::builder()
            .user_agent("evercert-harness")
            .no_proxy()
            .tls_certs_only([ca])
            .build()
            .map_err(failed)?;
        let response = client
            .get(&url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(failed)?;
        response.text().await.map_err(failed)
    }
}
