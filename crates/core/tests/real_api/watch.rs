//! Watching: everything is told, once, through every kind of trouble.

use std::collections::BTreeMap;
use std::time::Duration;

use evercert_core::apply::Writer;
use evercert_core::testing::builders::{config_map, secret};
use evercert_core::testing::faults::{Fault, FaultPlan, Verb};
use evercert_core::testing::wait::until;
use evercert_core::testing::{TestResult, plane};
use evercert_core::watch::{Key, Scope, Subscription, Watched};
use evercert_harness::Plane;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::core::PartialObjectMeta;
use kube::{CustomResource, Resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{SOON, world};

async fn told(subscription: &mut Subscription) -> TestResult<String> {
    let key = tokio::time::timeout(SOON, subscription.next())
        .await
        .map_err(|_| "nothing was told in time")?;
    Ok(key.ok_or("the store is gone")?.name)
}

/// Namespaces have a ConfigMap of their own; tests label theirs.
fn ours(namespace: &str, name: &str) -> ConfigMap {
    let mut obj = config_map(namespace, name, &[("k", "v")]);
    obj.metadata.labels = Some(BTreeMap::from([("test".into(), "watch".into())]));
    obj
}

fn watch(rt: &evercert_core::runtime::Runtime, ns: &str) -> Watched<ConfigMap> {
    Watched::<ConfigMap>::builder(rt.client.clone(), Scope::of(Some(ns)))
        .labels("test=watch")
        .index("value", |obj| {
            obj.data.iter().flatten().map(|(_, value)| value.clone()).collect()
        })
        .renew_after(1)
        .start(rt)
}

#[tokio::test]
async fn tells_present_changed_and_deleted_objects_and_keeps_the_index_in_step() -> TestResult {
    let (ns, rt, _) = world("watch").await?;
    let writer = Writer::new(rt.client.clone(), "tester");
    writer.create(Some(&ns), &ours(&ns, "a")).await?;
    let watched = watch(&rt, &ns);
    assert!(!rt.readiness.is_ready());
    let mut changes = watched.subscribe();
    assert_eq!(told(&mut changes).await?, "a");
    watched.synced().await;
    assert!(rt.readiness.is_ready());
    assert!(
        watched.get(Some(&ns), "a").unwrap().metadata.managed_fields.is_none(),
        "trimmed"
    );
    let changed: ConfigMap = writer.merge(Some(&ns), "a", &json!({"data": {"k": "w"}})).await?;
    assert_eq!(told(&mut changes).await?, "a");
    assert_eq!(
        (
            watched.by_index("value", "v").len(),
            watched.by_index("value", "w").len()
        ),
        (0, 1)
    );
    writer
        .delete::<ConfigMap>(Some(&ns), "a", changed.metadata.uid.as_deref())
        .await?;
    assert_eq!(told(&mut changes).await?, "a");
    assert!(watched.get(Some(&ns), "a").is_none() && watched.by_index("value", "w").is_empty());
    Ok(())
}

type Cause = fn(&FaultPlan);

#[tokio::test]
async fn loses_nothing_when_the_watch_is_cut_silent_expired_or_refused() -> TestResult {
    let (ns, rt, plan) = world("trouble").await?;
    // Writes go past the faults: the watched client is the troubled one.
    let calm = world("calm").await?.1;
    let writer = Writer::new(calm.client.clone(), "tester");
    let watched = watch(&rt, &ns);
    let mut changes = watched.subscribe();
    watched.synced().await;
    let trouble: [(&str, Cause); 5] = [
        ("cut", |plan| plan.cut_watches()),
        ("silent", |plan| plan.silence_watches(true)),
        ("expired", |plan| {
            plan.fail(1, Fault::Status(410), |call| call.verb == Verb::Watch);
            plan.cut_watches();
        }),
        ("overloaded", |plan| {
            plan.fail(2, Fault::Status(429), |call| call.verb == Verb::Watch);
            plan.cut_watches();
        }),
        ("list fails", |plan| {
            plan.fail(1, Fault::Status(410), |call| call.verb == Verb::Watch);
            plan.fail(2, Fault::Status(500), |call| call.verb == Verb::Get);
            plan.cut_watches();
        }),
    ];
    for (n, (case, cause)) in trouble.into_iter().enumerate() {
        let name = format!("cm-{n}");
        cause(&plan);
        let made = writer.create(Some(&ns), &ours(&ns, &name)).await?;
        plan.silence_watches(false);
        assert_eq!(told(&mut changes).await?, name, "{case}");
        cause(&plan);
        writer
            .delete::<ConfigMap>(Some(&ns), &name, made.metadata.uid.as_deref())
            .await?;
        plan.silence_watches(false);
        assert_eq!(told(&mut changes).await?, name, "{case}: delete");
        assert!(watched.get(Some(&ns), &name).is_none(), "{case}");
    }
    Ok(())
}

#[tokio::test]
async fn silent_watch_is_noticed_when_nobody_ends_the_silence() -> TestResult {
    let (ns, rt, plan) = world("silence").await?;
    let calm = world("calm").await?.1;
    let watched = watch(&rt, &ns);
    let mut changes = watched.subscribe();
    watched.synced().await;
    // Open watches stay silent for ever; new ones are sound.
    plan.silence_watches(true);
    plan.forget_watches();
    plan.silence_watches(false);
    Writer::new(calm.client.clone(), "tester")
        .create(Some(&ns), &ours(&ns, "late"))
        .await?;
    assert_eq!(told(&mut changes).await?, "late");
    Ok(())
}

#[tokio::test]
async fn own_writes_are_seen_before_the_watch_brings_them() -> TestResult {
    let (ns, rt, plan) = world("own").await?;
    let calm = world("calm").await?.1;
    let writer = Writer::new(calm.client.clone(), "tester");
    let watched = watch(&rt, &ns);
    let mut changes = watched.subscribe();
    watched.synced().await;
    plan.silence_watches(true);
    let made = writer.create(Some(&ns), &ours(&ns, "a")).await?;
    watched.written(made.clone());
    assert_eq!(told(&mut changes).await?, "a");
    assert_eq!(watched.by_index("value", "v").len(), 1);
    writer
        .delete::<ConfigMap>(Some(&ns), "a", made.metadata.uid.as_deref())
        .await?;
    watched.deleted(Some(&ns), "a", made.metadata.uid.as_deref().unwrap());
    assert_eq!(told(&mut changes).await?, "a");
    assert!(watched.get(Some(&ns), "a").is_none());
    plan.silence_watches(false);
    writer.create(Some(&ns), &ours(&ns, "b")).await?;
    assert_eq!(
        told(&mut changes).await?,
        "b",
        "the watch brought what is known already: nothing is told twice"
    );
    assert!(watched.get(Some(&ns), "a").is_none());
    Ok(())
}

#[tokio::test]
async fn metadata_watch_holds_no_content() -> TestResult {
    let (ns, rt, plan) = world("metadata").await?;
    let writer = Writer::new(rt.client.clone(), "tester");
    writer.create(Some(&ns), &secret(&ns, "s", &[("k", "hush")])).await?;
    let watched = Watched::<PartialObjectMeta<Secret>>::builder(rt.client.clone(), Scope::Namespace(ns.clone()))
        .trim(|obj| obj.types = None)
        .start(&rt);
    watched.synced().await;
    let held = watched.get(Some(&ns), "s").unwrap();
    assert_eq!((held.meta().name.as_deref(), held.types.is_none()), (Some("s"), true));
    assert_eq!(plan.writes(), 1);
    Ok(())
}

#[derive(CustomResource, Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[kube(group = "test.evercert.dev", version = "v1", kind = "Gadget", namespaced)]
struct GadgetSpec {
    size: u32,
}

/// A CRD that lets through what the type does not.
fn lax_crd() -> serde_json::Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.test.evercert.dev"},
        "spec": {
            "group": "test.evercert.dev", "scope": "Namespaced",
            "names": {"kind": "Gadget", "plural": "gadgets", "singular": "gadget", "listKind": "GadgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    })
}

fn gadget(ns: &str, name: &str, size: &serde_json::Value) -> String {
    json!({"apiVersion": "test.evercert.dev/v1", "kind": "Gadget", "metadata": {"namespace": ns, "name": name}, "spec": {"size": size}})
        .to_string()
}

#[tokio::test]
async fn optional_api_works_once_it_is_installed_and_malformed_objects_are_skipped() -> TestResult {
    let (ns, rt, _) = world("optional").await?;
    let watched = Watched::<Gadget>::builder(rt.client.clone(), Scope::All)
        .optional()
        .start(&rt);
    tokio::time::timeout(SOON, watched.synced()).await?;
    assert!(rt.readiness.is_ready());
    assert!(
        rt.readiness
            .report()
            .contains("gadgets.test.evercert.dev ok: API not installed"),
        "{}",
        rt.readiness.report()
    );
    let server = Plane::shared().await;
    server.apply_crds([lax_crd()]).await?;
    server.apply(&gadget(&ns, "bad", &json!("big"))).await?;
    server.apply(&gadget(&ns, "good", &json!(3))).await?;
    let mut changes = watched.subscribe();
    assert_eq!(told(&mut changes).await?, "good");
    server.apply(&gadget(&ns, "bad", &json!(4))).await?;
    assert_eq!(told(&mut changes).await?, "bad");
    assert_eq!(watched.get_key(&Key::namespaced(&ns, "bad")).unwrap().spec.size, 4);
    assert!(
        !rt.readiness.report().contains("not installed"),
        "{}",
        rt.readiness.report()
    );
    Ok(())
}

#[tokio::test]
async fn forbidden_watch_holds_readiness_and_says_so() -> TestResult {
    let (ns, _, plan) = world("forbidden").await?;
    let kubeconfig = Plane::shared().await.kubeconfig_for(&ns, "nobody").await?;
    let rt = plane::runtime(&kubeconfig, &plan).await?;
    let _watched = watch(&rt, &ns);
    until("the note", Duration::from_secs(10), async || {
        Ok(rt
            .readiness
            .report()
            .contains("configmaps waiting: listing and watching is forbidden")
            .then_some(()))
    })
    .await?;
    assert!(!rt.readiness.is_ready());
    Ok(())
}
