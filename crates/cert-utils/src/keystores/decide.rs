//! What a Secret's derived keys should be, given what is in it.
//!
//! A store that cannot be made never replaces or removes one that is there; the other store goes on. A Secret whose stores
//! follow from its present inputs is written no more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use evercert_core::contract::annotations::{DERIVED_FROM, DERIVED_KEYS};
use evercert_core::contract::derived_digest;
use evercert_core::contract::keys::{KEYSTORE_JKS, TRUSTSTORE_JKS};
use k8s_openapi::ByteString;

use super::stores::{self, Made};
use crate::ownership::Owner;

/// Keys that may be derived; no annotation can make this operator touch others.
pub(super) const DERIVED: [&str; 2] = [KEYSTORE_JKS, TRUSTSTORE_JKS];

/// One Secret as it was read.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its data.
    pub data: BTreeMap<String, ByteString>,
    /// Owners of the derived keys.
    pub owners: BTreeMap<&'static str, Owner>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The one write, if the Secret is not as it should be.
    pub write: Option<Write>,
    /// What the user has to change.
    pub warnings: Vec<String>,
}

/// The derived part of the Secret as it should be.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Write {
    /// Derived keys with their bytes, changed or not: the whole of what is held here.
    pub hold: BTreeMap<&'static str, ByteString>,
    /// Derived keys to take out.
    pub remove: BTreeSet<&'static str>,
    /// Value of `derived-from`; `None` removes it.
    pub derived_from: Option<String>,
    /// Value of `derived-keys`; `None` removes it.
    pub derived_keys: Option<String>,
}

/// Decides from the Secret alone; time plays no part.
pub fn decide(observed: &Observed) -> Plan {
    let Some(digest) = derived_digest(&observed.annotations, &observed.data) else {
        return Plan {
            write: observed.withdraw(),
            warnings: Vec::new(),
        };
    };
    let mut plan = Plan::default();
    let mut write = Write::default();
    let mut complete = true;
    for (key, made) in [
        (KEYSTORE_JKS, stores::keystore(observed)),
        (TRUSTSTORE_JKS, stores::truststore(observed)),
    ] {
        let present = observed.data.get(key);
        if let Some(Owner::Applier(other)) = observed.owners.get(key) {
            plan.warnings
                .extend((made != Ok(Made::Nothing)).then(|| foreign(key, other)));
            continue;
        }
        match made {
            Ok(Made::Store(bytes)) => _ = write.hold.insert(key, bytes),
            Ok(Made::Nothing) if key == TRUSTSTORE_JKS => _ = observed.is_ours(key).then(|| write.remove.insert(key)),
            Ok(Made::Nothing) => write.keep(key, present.filter(|_| observed.is_ours(key))),
            Err(reason) => {
                complete = false;
                plan.warnings
                    .push(format!("{key} is not made, one that exists is kept: {reason}"));
                write.keep(key, present.filter(|_| observed.is_ours(key)));
            }
        }
    }
    write.derived_keys = Some(write.hold.keys().copied().collect::<Vec<_>>().join(",")).filter(|keys| !keys.is_empty());
    write.derived_from = if complete {
        Some(digest)
    } else {
        observed.annotations.get(DERIVED_FROM).cloned()
    };
    plan.write = Some(write).filter(|write| observed.differs_from(write));
    plan
}

fn foreign(key: &str, owner: &str) -> String {
    format!(
        "{key} is applied by {owner:?} and left to it: either remove the annotation for Java keystores here, or the \
         keystore there (for a Certificate: spec.keystores)"
    )
}

impl Observed {
    /// The wish is gone: what was derived goes, and nothing else.
    fn withdraw(&self) -> Option<Write> {
        let recorded = [DERIVED_FROM, DERIVED_KEYS]
            .iter()
            .any(|name| self.annotations.contains_key(*name));
        let applied = |key: &&str| matches!(self.owners.get(key), Some(Owner::Applier(_)));
        let remove = DERIVED
            .into_iter()
            .filter(|key| self.is_listed(key) && self.data.contains_key(*key) && !applied(key));
        recorded.then(|| Write {
            remove: remove.collect(),
            ..Write::default()
        })
    }

    /// True where the key is there and was made here, or by cert-utils-operator before.
    fn is_ours(&self, key: &str) -> bool {
        let owned = matches!(self.owners.get(key), Some(Owner::Ours));
        self.data.contains_key(key) && (owned || self.is_listed(key))
    }

    fn is_listed(&self, key: &str) -> bool {
        let listed = self
            .annotations
            .get(DERIVED_KEYS)
            .map(String::as_str)
            .unwrap_or_default();
        listed.split(',').any(|name| name.trim() == key)
    }

    fn differs_from(&self, write: &Write) -> bool {
        let note = |name| self.annotations.get(name);
        write.hold.iter().any(|(key, bytes)| self.data.get(*key) != Some(bytes))
            || !write.remove.is_empty()
            || note(DERIVED_FROM) != write.derived_from.as_ref()
            || note(DERIVED_KEYS) != write.derived_keys.as_ref()
    }
}

impl Write {
    fn keep(&mut self, key: &'static str, present: Option<&ByteString>) {
        self.hold.extend(present.map(|bytes| (key, bytes.clone())));
    }
}

/// Never shows content.
impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.data.keys().collect();
        f.debug_struct("Observed")
            .field("data", &keys)
            .field("owners", &self.owners)
            .finish_non_exhaustive()
    }
}

/// Never shows content.
impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hold: BTreeMap<_, _> = self.hold.iter().map(|(key, bytes)| (key, bytes.0.len())).collect();
        f.debug_struct("Write")
            .field("hold", &hold)
            .field("remove", &self.remove)
            .field("derived_from", &self.derived_from)
            .field("derived_keys", &self.derived_keys)
            .finish()
    }
}
