//! What a workload depends on: the name of a Secret or ConfigMap in its own namespace.

use std::fmt;
use std::str::FromStr;

/// The kinds of objects whose content matters to workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceKind {
    /// A ConfigMap: `data` and `binaryData`.
    ConfigMap,
    /// A Secret: `data`.
    Secret,
}

impl SourceKind {
    /// Both kinds, in upstream's order.
    pub const ALL: [Self; 2] = [Self::ConfigMap, Self::Secret];

    /// The word in variable names, events and logs: `SECRET`.
    pub fn upper(self) -> &'static str {
        match self {
            Self::ConfigMap => "CONFIGMAP",
            Self::Secret => "SECRET",
        }
    }

    /// The word in `evercert.dev/seen` and in index keys: `secret`.
    pub fn lower(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }

    /// The word in flags and metric labels: `secrets`.
    pub fn plural(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmaps",
            Self::Secret => "secrets",
        }
    }
}

/// Name of a Secret or ConfigMap in the workload's own namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Secret or ConfigMap.
    pub kind: SourceKind,
    /// Its `metadata.name`.
    pub name: String,
}

impl Source {
    /// A Secret of this name.
    pub fn secret(name: impl Into<String>) -> Self {
        Self {
            kind: SourceKind::Secret,
            name: name.into(),
        }
    }

    /// A ConfigMap of this name.
    pub fn config_map(name: impl Into<String>) -> Self {
        Self {
            kind: SourceKind::ConfigMap,
            name: name.into(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.lower(), self.name)
    }
}

/// The text is not `secret/NAME` or `configmap/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a source")]
pub struct NotASource;

impl FromStr for Source {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        let (kind, name) = text.split_once('/').ok_or(NotASource)?;
        let kind = SourceKind::ALL
            .into_iter()
            .find(|k| k.lower() == kind)
            .ok_or(NotASource)?;
        if name.is_empty() {
            return Err(NotASource);
        }
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }
}
