//! Follows Routes and EndpointSlices; after each change decides anew and acts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use evercert_api::route::v1::Route;
use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::runtime::reflector::{Lookup, ObjectRef, Store, store};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::plan::{Observed, plan};
use super::reload::Haproxy;
use super::status;
use crate::error::Result;
use crate::sandbox::options;
use crate::users;

/// Changes that come together make one reload.
const COALESCE: Duration = Duration::from_millis(20);
/// After a failure; the next change comes earlier or not.
const RETRY: Duration = Duration::from_secs(1);

/// For ever. The Route CRD may come later: the watch tries again.
pub(super) async fn run(dir: &Path) -> Result<()> {
    let client = users::client(&options::control_plane(dir, &[]).kubeconfig("admin")).await?;
    let changed = Arc::new(Notify::new());
    let routes = follow::<Route>(&client, &changed);
    let slices = follow::<EndpointSlice>(&client, &changed);
    let mut haproxy = Haproxy::new(&dir.join("router"))?;
    loop {
        let plan = plan(&Observed {
            routes: routes.state(),
            slices: slices.state(),
        });
        let mut failed = false;
        if let Err(error) = haproxy.apply(&plan.backends).await {
            crate::say(&crate::chain(&error));
            failed = true;
        }
        for verdict in &plan.verdicts {
            let route = routes.get(&ObjectRef::new(&verdict.name).within(&verdict.namespace));
            if let Some(ingress) = route.and_then(|route| status::ingress(&route, verdict, Timestamp::now())) {
                status::write(&client, verdict, &ingress).await;
            }
        }
        if failed {
            sleep(RETRY).await;
        } else {
            changed.notified().await;
            sleep(COALESCE).await;
        }
    }
}

fn follow<K>(client: &Client, changed: &Arc<Notify>) -> Store<K>
where
    K: kube::Resource<DynamicType = ()> + Lookup<DynamicType = ()> + Clone + DeserializeOwned + Send + Sync + 'static,
    K: std::fmt::Debug,
{
    let (reader, writer) = store();
    let events = watcher(Api::<K>::all(client.clone()), watcher::Config::default()).default_backoff();
    let changed = Arc::clone(changed);
    tokio::spawn(reflector(writer, events).for_each(move |_| {
        changed.notify_one();
        std::future::ready(())
    }));
    reader
}
