//! What a reload costs, from the API server's audit log, with the permissions that the chart grants and no more.

mod support;

use evercert_harness::Plane;
use evercert_harness::audit::{Call, Counts};
use futures::future::join_all;
use support::{Reloader, Space};

const SECRET: &str = "secret.reloader.stakater.com/reload";
const WORKLOADS: usize = 40;

/// The chart's rules for the default scope, without those for leader election.
fn role(ns: &str) -> String {
    format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: reloader, namespace: {ns}}}
rules:
- {{apiGroups: [""], resources: [secrets, configmaps], verbs: [get, list, watch]}}
- {{apiGroups: [apps], resources: [deployments], verbs: [get, list, watch, patch]}}
- {{apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reloader, namespace: {ns}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reloader}}
subjects: [{{kind: ServiceAccount, name: reloader, namespace: {ns}}}]
"#
    )
}

fn names() -> Vec<String> {
    (0..WORKLOADS).map(|n| format!("app-{n}")).collect()
}

fn patches(calls: &[Call]) -> usize {
    calls
        .iter()
        .filter(|call| call.resource == "deployments" && call.verb == "patch")
        .count()
}

#[tokio::test]
async fn reload_costs_one_read_one_patch_and_one_event_and_rest_costs_nothing() {
    let plane = Plane::builder().audit(true).start().await.unwrap();
    let space = Space::new(&plane).await;
    plane.apply(&role(&space.ns)).await.unwrap();
    let robot = plane.client_for(&space.ns, "reloader").await.unwrap();
    let audit = plane.audit().unwrap();
    let calls = |mark| audit.by_service_account(mark, &space.ns, "reloader").unwrap();
    let names = names();
    for name in &names {
        space.secret(name, &[("k", "1")]).await;
        space.deployment(name, &[(SECRET, name)], &[name]).await;
    }

    let start = audit.mark();
    let reloader = Reloader::start(&robot, &space.ns);
    for name in &names {
        space.remembered(name, &format!("secret/{name}")).await;
    }
    assert_eq!(patches(&calls(start)), WORKLOADS, "first sight: one write each");

    let changes = audit.mark();
    join_all(names.iter().map(|name| space.secret(name, &[("k", "2")]))).await;
    for name in &names {
        let variable = format!("STAKATER_{}_SECRET", name.to_uppercase().replace('-', "_"));
        space.restarted(name, &variable, "").await;
        space.event(name, "Reloaded").await;
    }
    let made = calls(changes);
    let counts = Counts::of(&made);
    assert_eq!(
        (counts.reads, patches(&made), counts.events),
        (WORKLOADS, WORKLOADS, WORKLOADS),
        "{counts:?}"
    );
    assert_eq!(counts.writes, WORKLOADS, "{counts:?}");
    reloader.stop().await;

    // A restart of the operator looks at everything and writes nothing; the witness shows that it is done.
    let rest = audit.mark();
    let reloader = Reloader::start(&robot, &space.ns);
    space.secret("witness", &[("k", "1")]).await;
    space.deployment("witness", &[(SECRET, "witness")], &[]).await;
    space.remembered("witness", "secret/witness").await;
    let counts = Counts::of(&calls(rest));
    assert_eq!((counts.writes, counts.events), (1, 0), "{counts:?}");
    assert_eq!(Counts::of(&calls(start)).forbidden, 0);
    reloader.stop().await;
}
