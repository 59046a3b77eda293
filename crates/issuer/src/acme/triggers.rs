//! Streams of keys that wake the ACME controllers: an object changed, or what it depends on did.

use ahash::AHashMap;
use evercert_core::watch::Key;
use futures::{Stream, StreamExt as _, stream};

/// Most owners that are remembered of objects that may be gone by the time they are told of.
const REMEMBERED: usize = 100_000;

/// Keys of owners for keys of objects. The owner of an object is remembered, so that its deletion wakes the owner too.
pub fn owners(
    changed: impl Stream<Item = Key> + Send + 'static,
    owner: impl Fn(&Key) -> Option<Key> + Send + 'static,
) -> impl Stream<Item = Key> + Send + 'static {
    let mut known: AHashMap<Key, Key> = AHashMap::new();
    changed.filter_map(move |key| {
        let found = match owner(&key) {
            Some(owner) => {
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(key, owner.clone());
                Some(owner)
            }
            None => known.remove(&key),
        };
        std::future::ready(found)
    })
}

/// Many keys for one: all that depend on the object that changed.
pub fn dependants(
    changed: impl Stream<Item = Key> + Send + 'static,
    found: impl Fn(&Key) -> Vec<Key> + Send + 'static,
) -> impl Stream<Item = Key> + Send + 'static {
    changed.flat_map(move |key| stream::iter(found(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_owner_is_woken_by_the_deletion_too() {
        let key = |name: &str| Key::namespaced("ns", name);
        let calls = std::sync::atomic::AtomicUsize::new(0);
        // The object is there the first time only.
        let owner = move |_: &Key| {
            (calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0).then(|| Key::namespaced("ns", "owner"))
        };
        let got: Vec<Key> = owners(stream::iter([key("a"), key("a"), key("a")]), owner)
            .collect()
            .await;
        assert_eq!(got, [key("owner"), key("owner")]);
    }
}
