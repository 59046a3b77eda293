//! Hashes of sources. Content is read when a workload asks for it, and only its hash is kept, per (uid, resourceVersion).
//!
//! Many workloads that ask for one source at once share one read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evercert_core::apply::{WriteError, Writer};
use evercert_core::contract::is_settled;
use evercert_core::watch::Key;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::decide::Content;
use crate::hash;
use crate::source::{Source, SourceKind};

/// One state of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
}

impl Version {
    /// Version of an object as the API server sent it.
    pub fn of(meta: &ObjectMeta) -> Self {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Self {
            uid: text(&meta.uid),
            resource_version: text(&meta.resource_version),
        }
    }

    /// Whether this is that state or a later one of the same object.
    fn covers(&self, other: &Self) -> bool {
        let number = |version: &Self| version.resource_version.parse::<u64>().ok();
        let later = number(self)
            .zip(number(other))
            .is_some_and(|(ours, theirs)| ours >= theirs);
        self.uid == other.uid && (later || self.resource_version == other.resource_version)
    }
}

/// Reads content and remembers hashes. The memory is bounded by the sources that workloads use and that exist.
#[derive(Debug)]
pub struct Contents {
    reader: Writer,
    slots: Mutex<HashMap<(SourceKind, Key), Arc<Slot>>>,
}

/// Held while a read is under way, so that whoever comes second finds its result.
type Slot = tokio::sync::Mutex<Option<Fetched>>;

#[derive(Debug, Clone)]
struct Fetched {
    version: Version,
    content: Content,
}

impl Contents {
    /// Reads through this client.
    pub fn new(reader: Writer) -> Self {
        Self {
            reader,
            slots: Mutex::default(),
        }
    }

    /// Content of a source at `version` or later; `None` if it was deleted meanwhile.
    pub async fn get(
        &self,
        ns: &str,
        source: &Source,
        version: &Version,
        now: Timestamp,
    ) -> Result<Option<Content>, WriteError> {
        let slot = self.slot(ns, source);
        let mut slot = slot.lock().await;
        if slot.as_ref().is_none_or(|known| !known.version.covers(version)) {
            let before = slot.take();
            *slot = self.fetch(ns, source).await?.map(|(version, hash, settled)| {
                let unsettled_since = (!settled).then(|| unsettled_since(before.as_ref(), &version, &hash, now));
                Fetched {
                    version,
                    content: Content { hash, unsettled_since },
                }
            });
        }
        // A clock that was set back must not lengthen the wait.
        if let Some(since) = slot.as_mut().and_then(|known| known.content.unsettled_since.as_mut()) {
            *since = now.min(*since);
        }
        Ok(slot.as_ref().map(|known| known.content.clone()))
    }

    /// Drops what is known of a source that no longer exists.
    pub fn forget(&self, kind: SourceKind, key: &Key) {
        self.lock().remove(&(kind, key.clone()));
    }

    fn slot(&self, ns: &str, source: &Source) -> Arc<Slot> {
        self.lock()
            .entry((source.kind, Key::namespaced(ns, &source.name)))
            .or_default()
            .clone()
    }

    async fn fetch(&self, ns: &str, source: &Source) -> Result<Option<(Version, String, bool)>, WriteError> {
        Ok(match source.kind {
            SourceKind::Secret => self.reader.get::<Secret>(Some(ns), &source.name).await?.map(|secret| {
                let annotations = secret.metadata.annotations.as_ref().unwrap_or(&EMPTY_ANNOTATIONS);
                let settled = is_settled(annotations, secret.data.as_ref().unwrap_or(&EMPTY_DATA));
                (Version::of(&secret.metadata), hash::of_secret(&secret), settled)
            }),
            SourceKind::ConfigMap => {
                let map = self.reader.get::<ConfigMap>(Some(ns), &source.name).await?;
                map.map(|map| (Version::of(&map.metadata), hash::of_config_map(&map), true))
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(SourceKind, Key), Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static EMPTY_ANNOTATIONS: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
static EMPTY_DATA: std::collections::BTreeMap<String, k8s_openapi::ByteString> = std::collections::BTreeMap::new();

/// A touch of the metadata does not start the wait anew; new content does.
fn unsettled_since(before: Option<&Fetched>, version: &Version, hash: &str, now: Timestamp) -> Timestamp {
    let same = before.filter(|known| known.version.uid == version.uid && known.content.hash == hash);
    same.and_then(|known| known.content.unsettled_since).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(uid: &str, resource_version: &str) -> Version {
        Version {
            uid: uid.into(),
            resource_version: resource_version.into(),
        }
    }

    #[test]
    fn version_covers_itself_and_what_was_before() {
        let table = [
            (version("a", "10"), version("a", "9"), true),
            (version("a", "10"), version("a", "10"), true),
            (version("a", "9"), version("a", "10"), false),
            (version("a", "10"), version("b", "9"), false),
            (version("a", "x"), version("a", "x"), true),
            (version("a", "x"), version("a", "y"), false),
        ];
        for (ours, theirs, expected) in table {
            assert_eq!(ours.covers(&theirs), expected, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn wait_goes_on_while_the_content_stays_and_starts_anew_with_other_content() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let known = |since| Fetched {
            version: version("u", "1"),
            content: Content {
                hash: "h".into(),
                unsettled_since: since,
            },
        };
        let table = [
            ("never seen", None, "u", "h", 100),
            ("metadata touched", Some(known(Some(at(40)))), "u", "h", 40),
            ("other content", Some(known(Some(at(40)))), "u", "x", 100),
            ("was settled", Some(known(None)), "u", "h", 100),
            ("recreated", Some(known(Some(at(40)))), "v", "h", 100),
        ];
        for (case, before, uid, hash, expected) in table {
            let since = unsettled_since(before.as_ref(), &version(uid, "2"), hash, at(100));
            assert_eq!(since, at(expected), "{case}");
        }
    }
}
