//! `named.conf` and the zone files.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::key::TsigKey;
use crate::error::Result;
use crate::paths;

/// A zone and what is in it at first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zone {
    /// Without the last dot.
    pub name: String,
    /// Lines of the zone file besides SOA and NS: `* 60 IN A 10.88.0.80`.
    pub records: Vec<String>,
    /// Names of the keys that may change TXT records; updates signed by others are refused.
    pub updaters: Vec<String>,
}

/// Zones and keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BindConfig {
    /// Zones it is the authority of.
    pub zones: Vec<Zone>,
    /// Keys it knows.
    pub keys: Vec<TsigKey>,
}

impl BindConfig {
    /// These zones, each with every name below it at `address`, and every key allowed to change TXT records.
    pub fn open(zones: &[&str], address: &str) -> Self {
        let keys = TsigKey::all();
        let updaters: Vec<_> = keys.iter().map(|key| key.name.clone()).collect();
        let zone = |name: &&str| Zone {
            name: (*name).to_owned(),
            records: vec![format!("@ 5 IN A {address}"), format!("* 5 IN A {address}")],
            updaters: updaters.clone(),
        };
        Self {
            zones: zones.iter().map(zone).collect(),
            keys,
        }
    }

    /// Writes all files into `dir`; returns `named.conf`.
    pub(super) fn write(&self, dir: &Path, address: SocketAddr) -> Result<PathBuf> {
        for zone in &self.zones {
            paths::write(&dir.join(file(zone)), zone.text(address))?;
        }
        let path = dir.join("named.conf");
        paths::write(&path, self.text(dir, address))?;
        Ok(path)
    }

    fn text(&self, dir: &Path, address: SocketAddr) -> String {
        let (ip, port, dir) = (address.ip(), address.port(), dir.display());
        let mut text = format!(
            "options {{\n  directory \"{dir}\";\n  pid-file \"{dir}/named.pid\";\n  session-keyfile \"{dir}/session.key\";\n  \
             listen-on port {port} {{ {ip}; }};\n  listen-on-v6 {{ none; }};\n  recursion no;\n  allow-query {{ any; }};\n  \
             dnssec-validation no;\n  notify no;\n}};\ncontrols {{ }};\n"
        );
        for key in &self.keys {
            let (name, algorithm, secret) = (&key.name, &key.algorithm, key.base64());
            let _ = writeln!(
                text,
                "key \"{name}\" {{ algorithm {algorithm}; secret \"{secret}\"; }};"
            );
        }
        for zone in &self.zones {
            let grants = zone
                .updaters
                .iter()
                .fold(String::new(), |text, key| text + " grant " + key + " zonesub TXT;");
            let policy = if grants.is_empty() {
                String::new()
            } else {
                format!(" update-policy {{{grants} }};")
            };
            let (name, file) = (&zone.name, file(zone));
            let _ = writeln!(text, "zone \"{name}\" {{ type primary; file \"{file}\";{policy} }};");
        }
        text
    }
}

impl Zone {
    /// The negative TTL is 1 s, so that a record is seen as soon as it is there.
    fn text(&self, address: SocketAddr) -> String {
        let ip = address.ip();
        let head = format!("$TTL 5\n@ IN SOA ns1 hostmaster 1 3600 600 86400 1\n@ IN NS ns1\nns1 IN A {ip}\n");
        self.records.iter().fold(head, |text, record| text + record + "\n")
    }
}

fn file(zone: &Zone) -> String {
    format!("{}.zone", zone.name)
}
