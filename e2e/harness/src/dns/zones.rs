//! Names outside the cluster domain that tests make up.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::paths;

/// What cluster DNS knows besides Services. Saved as a file that the server reads at each query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Zones {
    /// Addresses by name; `*.example.test` stands for every name below.
    pub records: BTreeMap<String, Vec<Ipv4Addr>>,
    /// Servers asked for everything else at or below a name; the longest name wins.
    pub forward: BTreeMap<String, SocketAddr>,
}

impl Zones {
    /// Puts them into force in the cluster of `dir`.
    pub fn save(&self, dir: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|error| Error::Invalid(format!("DNS zones: {error}")))?;
        paths::replace(&file(dir), text)
    }

    /// What is in force; empty where nothing is.
    pub fn load(dir: &Path) -> Self {
        fs::read(file(dir))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Addresses of a name, by itself or by a wildcard above it.
    pub(super) fn addresses(&self, name: &str) -> Option<&Vec<Ipv4Addr>> {
        let above = name
            .split_once('.')
            .map(|(_, rest)| format!("*.{rest}"))
            .unwrap_or_default();
        self.records.get(name).or_else(|| self.records.get(&above))
    }

    /// The server to ask about a name.
    pub(super) fn server(&self, name: &str) -> Option<SocketAddr> {
        let is_below = |zone: &str| name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
        let zones = self.forward.iter().filter(|(zone, _)| is_below(zone));
        zones.max_by_key(|(zone, _)| zone.len()).map(|(_, server)| *server)
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("conf/dns.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_zone_and_the_nearest_wildcard_win() {
        let [one, two]: [SocketAddr; 2] = [([10, 0, 0, 1], 53).into(), ([10, 0, 0, 2], 53).into()];
        let star = vec![Ipv4Addr::new(1, 1, 1, 1)];
        let zones = Zones {
            records: [("*.demo.test".to_owned(), star.clone())].into(),
            forward: [("test".to_owned(), one), ("demo.test".to_owned(), two)].into(),
        };
        assert_eq!(zones.addresses("shop.demo.test"), Some(&star));
        assert_eq!(zones.addresses("a.shop.demo.test"), None);
        let table = [
            ("demo.test", Some(two)),
            ("x.demo.test", Some(two)),
            ("mydemo.test", Some(one)),
            ("org", None),
        ];
        for (name, server) in table {
            assert_eq!(zones.server(name), server, "{name}");
        }
    }
}
