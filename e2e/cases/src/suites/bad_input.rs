//! Mistakes of users: each is answered by a condition or an event that says what to change, and what is beside it works.

use anyhow::{Context, Result, ensure};
use evercert_harness::router;
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, ListParams};

use crate::chain::{Chain, LIMIT};
use crate::wait::until;
use crate::world::World;

/// What is wrong: kind and name of the object that gets a Warning, and a word of its note.
const MISTAKES: [(&str, &str, &str); 3] = [
    ("Route", "passthrough", "passthrough"),
    ("Secret", "garbage", "tls.crt"),
    ("Deployment", "pattern", "(broken"),
];

pub async fn run(world: &World) -> Result<()> {
    world.cluster.apply(router::ROUTE_CRD).await?;
    let (chain, before) = Chain::set_up(world, "mistakes").await?;
    world.cluster.apply(&mistakes(&chain.ns)).await?;
    let events: Api<Event> = Api::namespaced(world.client().await?, &chain.ns);
    for (kind, name, word) in MISTAKES {
        let what = format!("a Warning on {kind} {name}");
        let note = until(&what, LIMIT, async || {
            let all = events.list(&ListParams::default()).await?;
            let on = |event: &Event| {
                let about = event.regarding.as_ref();
                let is = |about: &k8s_openapi::api::core::v1::ObjectReference| {
                    about.kind.as_deref() == Some(kind) && about.name.as_deref() == Some(name)
                };
                event.type_.as_deref() == Some("Warning") && about.is_some_and(is)
            };
            Ok(all.items.into_iter().find(on).and_then(|event| event.note))
        });
        let note = note.await?;
        ensure!(
            note.contains(word),
            "{kind} {name}: the event does not say {word:?}: {note}"
        );
    }
    chain.renew().await?;
    let after = chain.renewed(&before).await.context("a renewal beside the mistakes")?;
    ensure!(
        after.templates == before.templates + 1,
        "beside the mistakes: {before:?} -> {after:?}"
    );
    Ok(())
}

fn mistakes(ns: &str) -> String {
    format!(
        r#"apiVersion: route.openshift.io/v1
kind: Route
metadata:
  name: passthrough
  namespace: {ns}
  annotations: {{cert-utils-operator.redhat-cop.io/certs-from-secret: app-tls}}
spec:
  host: passthrough.{ns}.test
  to: {{kind: Service, name: app}}
  tls: {{termination: passthrough}}
---
apiVersion: v1
kind: Secret
metadata:
  name: garbage
  namespace: {ns}
  annotations: {{cert-utils-operator.redhat-cop.io/generate-java-keystores: "true"}}
type: kubernetes.io/tls
stringData: {{tls.crt: garbage, tls.key: garbage}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pattern
  namespace: {ns}
  annotations: {{secret.reloader.stakater.com/reload: "(broken,app-tls"}}
spec:
  replicas: 0
  selector: {{matchLabels: {{app: pattern}}}}
  template:
    metadata: {{labels: {{app: pattern}}}}
    spec: {{containers: [{{name: app, image: "localhost/busybox:1"}}]}}
"#
    )
}
