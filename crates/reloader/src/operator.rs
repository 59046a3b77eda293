//! Joins watches, index and passes. One controller for each kind of workload.

use std::sync::Arc;

use evercert_core::apply::Writer;
use evercert_core::backoff::Backoff;
use evercert_core::controller::{self, ControllerConfig};
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Watched};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use k8s_openapi::api::apps::v1::Deployment;

use crate::contents::Contents;
use crate::flags::Settings;
use crate::gather::Catalogue;
use crate::index::{BY_SOURCE, keys_for, keys_of};
use crate::names::FIELD_MANAGER;
use crate::pass::Passes;
use crate::source::Source;
use crate::stores::Stores;
use crate::workloads::Workload;

/// How many workloads are looked at at a time; the API server is the limit, not this.
const CONCURRENCY: usize = 16;

/// Starts the watches, which stay warm in every replica. The future that is returned acts: it is to run only while
/// leading, looks at every workload first, and ends with the runtime's shutdown.
pub fn start(rt: Runtime, settings: Settings) -> impl Future<Output = ()> + Send + 'static {
    let settings = Arc::new(settings);
    let stores = Stores::start(&rt, &settings);
    let contents = Arc::new(Contents::new(Writer::new(rt.client.clone(), FIELD_MANAGER)));
    forget_deleted(&rt, &stores, &contents);
    let passes = Passes {
        workloads: watch::<Deployment>(&rt, &settings),
        stores,
        contents,
        settings,
        writer: Writer::new(rt.client.clone(), FIELD_MANAGER),
        events: rt.events.clone(),
        clock: rt.clock.clone(),
    };
    act(rt, passes)
}

fn watch<W: Workload>(rt: &Runtime, settings: &Arc<Settings>) -> Watched<W> {
    let filing = settings.clone();
    let filed = move |workload: &W| {
        let covered = workload.view().filter(|view| filing.covers(view.namespace()));
        covered.map(|view| keys_of(&view, &filing.rules)).unwrap_or_default()
    };
    let builder = Watched::builder(rt.client.clone(), settings.scope.clone());
    builder.trim(W::trim).index(BY_SOURCE, filed).start(rt)
}

async fn act<W: Workload>(rt: Runtime, passes: Passes<W>) {
    let all_synced = async {
        passes.stores.synced().await;
        passes.workloads.synced().await;
    };
    tokio::select! {
        () = all_synced => {}
        () = rt.shutdown.requested() => return,
    }
    let triggers = vec![
        passes.workloads.subscribe().boxed(),
        users_of_changed(&passes.stores, &passes.workloads),
    ];
    let config = ControllerConfig {
        name: W::KIND,
        concurrency: CONCURRENCY,
        backoff: Backoff::CERTIFICATES,
    };
    let passes = Arc::new(passes);
    controller::run(&rt, config, triggers, move |key| {
        let passes = passes.clone();
        async move { passes.run(key).await }
    })
    .await;
}

/// The workloads that a changed source may concern.
fn users_of_changed<W: Workload>(stores: &Stores, workloads: &Watched<W>) -> BoxStream<'static, Key> {
    let workloads = workloads.clone();
    let users = move |(kind, key): (_, Key)| {
        let namespace = key.namespace.unwrap_or_default();
        let users = keys_for(&namespace, kind, &key.name).map(|key| workloads.by_index(BY_SOURCE, &key));
        stream::iter(
            users
                .into_iter()
                .flatten()
                .map(|workload| Key::of(&*workload))
                .collect::<Vec<_>>(),
        )
    };
    stores.changes().flat_map(users).boxed()
}

/// Drops the hash of each source that is deleted.
fn forget_deleted(rt: &Runtime, stores: &Stores, contents: &Arc<Contents>) {
    let (stores, contents, shutdown) = (stores.clone(), contents.clone(), rt.shutdown.requested());
    tokio::spawn(async move {
        let mut changes = stores.changes();
        let follow = async {
            while let Some((kind, key)) = changes.next().await {
                let source = Source {
                    kind,
                    name: key.name.clone(),
                };
                if stores
                    .find(key.namespace.as_deref().unwrap_or_default(), &source)
                    .is_none()
                {
                    contents.forget(kind, &key);
                }
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = follow => {}
        }
    });
}
