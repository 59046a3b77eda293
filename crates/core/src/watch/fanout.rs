//! Subscribers: each a set of keys that changed and a waker. Filling one never blocks and never fails.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures::Stream;

use super::key::Key;

/// Keys that changed since they were last taken, first come, first served; a key is in it at most once.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    order: VecDeque<Arc<Key>>,
    keys: HashSet<Arc<Key>>,
    waker: Option<Waker>,
    closed: bool,
}

/// The sending side, one per store.
#[derive(Debug, Default)]
pub(super) struct Fanout {
    subscribers: Mutex<Vec<Weak<Shared>>>,
}

impl Fanout {
    /// A new subscriber that is told of `present` first.
    pub fn subscribe(&self, present: impl Iterator<Item = Arc<Key>>) -> Subscription {
        let shared = Arc::new(Shared::default());
        shared.tell(present);
        self.lock().push(Arc::downgrade(&shared));
        Subscription { shared }
    }

    /// Tells every subscriber of these keys; those that were dropped are forgotten.
    pub fn tell(&self, keys: &[Arc<Key>]) {
        if keys.is_empty() {
            return;
        }
        self.lock().retain(|subscriber| {
            let Some(subscriber) = subscriber.upgrade() else {
                return false;
            };
            subscriber.tell(keys.iter().cloned());
            true
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Shared>>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Fanout {
    fn drop(&mut self) {
        for subscriber in self.lock().iter().filter_map(Weak::upgrade) {
            let mut pending = subscriber.lock();
            pending.closed = true;
            pending.waker.take().into_iter().for_each(Waker::wake);
        }
    }
}

impl Shared {
    fn tell(&self, keys: impl Iterator<Item = Arc<Key>>) {
        let mut pending = self.lock();
        for key in keys {
            if pending.keys.insert(key.clone()) {
                pending.order.push_back(key);
            }
        }
        let waker = pending.waker.take();
        drop(pending);
        waker.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Subscription {
    type Item = Key;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Key>> {
        let mut pending = self.shared.lock();
        if let Some(key) = pending.order.pop_front() {
            pending.keys.remove(&key);
            return Poll::Ready(Some(Arc::unwrap_or_clone(key)));
        }
        if pending.closed {
            return Poll::Ready(None);
        }
        // Under the same lock as `tell`: a key that comes in from here on finds this waker.
        pending.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, StreamExt};

    fn keys(names: &[&str]) -> Vec<Arc<Key>> {
        names.iter().map(|name| Arc::new(Key::namespaced("ns", name))).collect()
    }

    fn drain(subscription: &mut Subscription) -> Vec<String> {
        std::iter::from_fn(|| subscription.next().now_or_never().flatten())
            .map(|key| key.to_string())
            .collect()
    }

    #[test]
    fn tells_present_objects_then_changes_and_coalesces() {
        let fanout = Fanout::default();
        let mut subscription = fanout.subscribe(keys(&["a", "b"]).into_iter());
        fanout.tell(&keys(&["b", "c"]));
        assert_eq!(drain(&mut subscription), ["ns/a", "ns/b", "ns/c"]);
        fanout.tell(&keys(&["a"]));
        fanout.tell(&keys(&["a"]));
        assert_eq!(drain(&mut subscription), ["ns/a"]);
    }

    #[tokio::test]
    async fn wakes_when_a_key_comes_while_waiting_and_ends_with_the_store() {
        let fanout = Fanout::default();
        let mut subscription = fanout.subscribe(std::iter::empty());
        let waiter = tokio::spawn(async move { (subscription.next().await, subscription.next().await) });
        tokio::task::yield_now().await;
        fanout.tell(&keys(&["a"]));
        tokio::task::yield_now().await;
        drop(fanout);
        assert_eq!(waiter.await.unwrap(), (Some(Key::namespaced("ns", "a")), None));
    }

    #[test]
    fn forgets_a_subscriber_when_it_is_dropped() {
        let fanout = Fanout::default();
        drop(fanout.subscribe(std::iter::empty()));
        fanout.tell(&keys(&["a"]));
        assert_eq!(fanout.lock().len(), 0);
    }
}
