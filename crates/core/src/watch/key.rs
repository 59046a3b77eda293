//! Name of an object within its kind.

use std::fmt;

use kube::{Resource, ResourceExt};

/// Namespace and name; what queues, indexes and subscribers pass around.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// `None` for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Name of the object.
    pub name: String,
}

impl Key {
    /// Key of that namespace and name.
    pub fn new(namespace: Option<&str>, name: &str) -> Self {
        Self {
            namespace: namespace.map(Into::into),
            name: name.to_owned(),
        }
    }

    /// Key of an object of a namespaced kind.
    pub fn namespaced(namespace: &str, name: &str) -> Self {
        Self::new(Some(namespace), name)
    }

    /// Key of that object.
    pub fn of<K: Resource>(obj: &K) -> Self {
        Self {
            namespace: obj.namespace(),
            name: obj.name_any(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}
