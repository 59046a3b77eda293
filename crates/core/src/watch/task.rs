//! The one task behind a store: lists, watches, survives every error.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

use super::guard::{Guarded, Malformed};
use super::watched::Shared;
use crate::apply::ErrorClass;
use crate::backoff::Backoff;
use crate::metrics::names;
use crate::readiness::Gate;

/// Between two probes for an API that is absent.
const PROBE: Duration = Duration::from_secs(5);
/// Between two tries after an error. Short at the top: an API server that is back must not wait for us.
const RETRY: Backoff = Backoff {
    min: Duration::from_millis(200),
    max: Duration::from_secs(5),
};

pub(super) struct WatchTask<K> {
    pub shared: Arc<Shared<K>>,
    pub gate: Gate,
    pub kind: String,
    pub optional: bool,
    pub failures: u32,
}

/// What an error of the watch means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The API is not served.
    Absent,
    Forbidden,
    /// The version to resume from is too old.
    Expired,
    Other,
}

impl<K> WatchTask<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    /// Never returns.
    pub async fn run(mut self, api: Api<Guarded<K>>, config: watcher::Config) {
        self.gate.note("waiting for the first list");
        loop {
            let mut events = watcher(api.clone(), config.clone()).boxed();
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => self.accept(event),
                    // A new watcher lists anew; kube's own would ask for the same expired version for ever.
                    Err(error) if matches!(self.recover(&error).await, Trouble::Absent | Trouble::Expired) => break,
                    Err(_) => {}
                }
            }
        }
    }

    fn accept(&mut self, event: Event<Guarded<K>>) {
        // `Init` comes before the list is asked for, so it proves nothing.
        if !matches!(event, Event::Init) {
            self.failures = 0;
        }
        match event {
            Event::Init => self.shared.change(|store| {
                store.list_begins();
                None
            }),
            Event::InitApply(Guarded(obj)) | Event::Apply(Guarded(obj)) => self.observed(obj),
            Event::Delete(obj) => self.shared.change(|store| store.vanished(obj.meta())),
            Event::InitDone => {
                self.shared.change(super::store::Store::list_done);
                self.shared.set_synced();
                self.gate.open();
                tracing::debug!(kind = self.kind, "listed");
            }
        }
    }

    fn observed(&self, obj: Result<K, Malformed>) {
        match obj {
            Ok(obj) => {
                let obj = self.shared.trimmed(obj);
                self.shared.change(|store| store.observed(obj, Instant::now()));
            }
            Err(malformed) => {
                let key = format!("{}/{}", malformed.namespace(), malformed.name());
                // The parser's words may quote a value, and some kinds are made of secrets: only for debugging.
                tracing::warn!(
                    kind = self.kind,
                    object = key,
                    "skipped an object that does not fit its type"
                );
                tracing::debug!(
                    kind = self.kind,
                    object = key,
                    error = malformed.error,
                    "malformed object"
                );
                metrics::counter!(names::WATCH_MALFORMED, "kind" => self.kind.clone()).increment(1);
                self.shared.change(|store| {
                    store.unreadable(&malformed.metadata);
                    None
                });
            }
        }
    }

    /// Reports an error and waits before the next try.
    async fn recover(&mut self, error: &watcher::Error) -> Trouble {
        self.failures = self.failures.saturating_add(1);
        let trouble = trouble(error);
        metrics::counter!(names::WATCH_ERRORS, "kind" => self.kind.clone()).increment(1);
        match trouble {
            Trouble::Absent => {
                self.absent();
                tokio::time::sleep(PROBE).await;
            }
            Trouble::Expired => {
                tracing::debug!(kind = self.kind, "watch expired, listing again");
                tokio::time::sleep(RETRY.after(self.failures)).await;
            }
            Trouble::Forbidden => {
                self.gate
                    .note("listing and watching is forbidden: check the role of this service account");
                tracing::warn!(kind = self.kind, "watch is forbidden");
                tokio::time::sleep(PROBE).await;
            }
            Trouble::Other => {
                tracing::debug!(kind = self.kind, %error, failures = self.failures, "watch interrupted");
                tokio::time::sleep(RETRY.after(self.failures)).await;
            }
        }
        trouble
    }

    /// The API is not there, so neither are its objects.
    fn absent(&self) {
        self.shared.change(|store| {
            store.list_begins();
            store.list_done()
        });
        if self.optional {
            self.shared.set_synced();
            self.gate.open_with_note("API not installed, looking again every 5 s");
        } else {
            self.gate.note("API not installed: install its CRD");
        }
        if self.failures == 1 {
            tracing::info!(
                kind = self.kind,
                optional = self.optional,
                "API is not served, looking again every 5 s"
            );
        }
    }
}

impl Malformed {
    fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }
    fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }
}

fn trouble(error: &watcher::Error) -> Trouble {
    use watcher::Error as E;
    let of_call = |error: &kube::Error| match (ErrorClass::of(error), error) {
        (ErrorClass::NotFound, _) => Trouble::Absent,
        (ErrorClass::Forbidden, _) => Trouble::Forbidden,
        (_, kube::Error::Api(status)) if status.code == 410 => Trouble::Expired,
        _ => Trouble::Other,
    };
    match error {
        E::InitialListFailed(error) | E::WatchStartFailed(error) | E::WatchFailed(error) => of_call(error),
        E::WatchError(status) if status.code == 410 => Trouble::Expired,
        E::WatchError(_) | E::NoResourceVersion => Trouble::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::response::Status;

    #[test]
    fn trouble_tells_absent_forbidden_and_expired_from_the_rest() {
        let api = |code| kube::Error::Api(Status::failure("", "").with_code(code).boxed());
        let table = [
            (watcher::Error::InitialListFailed(api(404)), Trouble::Absent),
            (watcher::Error::WatchStartFailed(api(404)), Trouble::Absent),
            (watcher::Error::InitialListFailed(api(403)), Trouble::Forbidden),
            (watcher::Error::WatchStartFailed(api(410)), Trouble::Expired),
            (
                watcher::Error::WatchError(Status::failure("", "").with_code(410).boxed()),
                Trouble::Expired,
            ),
            (watcher::Error::WatchFailed(api(500)), Trouble::Other),
            (watcher::Error::NoResourceVersion, Trouble::Other),
        ];
        for (error, expected) in table {
            assert_eq!(trouble(&error), expected, "{error}");
        }
    }
}
