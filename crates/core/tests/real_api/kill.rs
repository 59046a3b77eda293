//! The driver itself: a sound toy operator survives every death, an unsound one is caught.

use std::path::PathBuf;
use std::sync::Arc;

use evercert_core::apply::{WriteError, Writer};
use evercert_core::backoff::Backoff;
use evercert_core::controller::{self, ControllerConfig, Next};
use evercert_core::runtime::Runtime;
use evercert_core::testing::builders::config_map;
use evercert_core::testing::driver::{Limits, Scenario, kill_at_every_write};
use evercert_core::testing::{TestResult, plane};
use evercert_core::watch::{Key, Scope, Watched};
use evercert_harness::Plane;
use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

/// Copies `source` to `copy-1` and `copy-2`; an unsound one forgets the second if the first is there.
struct Copies {
    kubeconfig: PathBuf,
    sound: bool,
}

const COPIES: [&str; 2] = ["copy-1", "copy-2"];

impl Scenario for Copies {
    type World = String;
    type End = Vec<String>;

    fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    async fn prepare(&self) -> TestResult<String> {
        let namespace = Plane::shared().await.namespace("kill").await?;
        let rt = plane::runtime(&self.kubeconfig, &evercert_core::testing::faults::FaultPlan::default()).await?;
        let source = config_map(&namespace, "source", &[("k", "v")]);
        Writer::new(rt.client, "tester")
            .create(Some(&namespace), &source)
            .await?;
        Ok(namespace)
    }

    async fn operate(&self, rt: Runtime, namespace: String) {
        let watched: Watched<ConfigMap> = Watched::builder(rt.client.clone(), Scope::Namespace(namespace)).start(&rt);
        watched.synced().await;
        let config = ControllerConfig {
            name: "copies",
            concurrency: 1,
            backoff: Backoff::CERTIFICATES,
        };
        let (writer, sound) = (Writer::new(rt.client.clone(), "copies"), self.sound);
        let reconcile = {
            let watched = watched.clone();
            move |key: Key| copy(watched.clone(), writer.clone(), key, sound)
        };
        controller::run(&rt, config, vec![watched.subscribe().boxed()], reconcile).await;
    }

    async fn end(&self, namespace: &String) -> TestResult<Option<Vec<String>>> {
        let rt = plane::runtime(&self.kubeconfig, &evercert_core::testing::faults::FaultPlan::default()).await?;
        let writer = Writer::new(rt.client, "tester");
        let mut end = Vec::new();
        for name in COPIES {
            let copy: Option<ConfigMap> = writer.get(Some(namespace), name).await?;
            end.extend(copy.and_then(|copy| copy.data).and_then(|data| data.get("k").cloned()));
        }
        Ok((end.len() == COPIES.len()).then_some(end))
    }
}

async fn copy(watched: Watched<ConfigMap>, writer: Writer, key: Key, sound: bool) -> Result<Next, WriteError> {
    let ns = key.namespace.as_deref();
    let Some(source) = watched.get(ns, "source") else {
        return Ok(Next::Done);
    };
    if key.name != "source" || (!sound && watched.get(ns, COPIES[0]).is_some()) {
        return Ok(Next::Done);
    }
    for name in COPIES.into_iter().filter(|name| watched.get(ns, name).is_none()) {
        let patch = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": source.data});
        watched.written(writer.apply(ns, name, &patch).await?);
    }
    Ok(Next::Done)
}

#[tokio::test]
async fn sound_operator_reaches_the_same_end_whenever_it_dies() -> TestResult {
    let scenario = Copies {
        kubeconfig: super::kubeconfig().await,
        sound: true,
    };
    let report = kill_at_every_write(Arc::new(scenario), Limits::default()).await?;
    assert_eq!(
        (report.writes, report.kills),
        (
            vec!["patch configmaps copy-1".into(), "patch configmaps copy-2".into()],
            4
        )
    );
    Ok(())
}

#[tokio::test]
async fn unsound_operator_is_caught_with_the_write_it_died_at() -> TestResult {
    let scenario = Copies {
        kubeconfig: super::kubeconfig().await,
        sound: false,
    };
    let limits = Limits {
        end: std::time::Duration::from_secs(6),
        ..Limits::default()
    };
    let error = kill_at_every_write(Arc::new(scenario), limits)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("killed After write 1 (patch configmaps copy-1)"),
        "{error}"
    );
    Ok(())
}
