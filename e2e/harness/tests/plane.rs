//! The plane: a real API server a test binary, no privileges needed.

use evercert_harness::Plane;
use evercert_harness::audit::Counts;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Api;
use kube::api::{ListParams, PostParams};
use serde_json::json;

#[tokio::test]
async fn objects_are_kept_apart_by_namespace() -> anyhow::Result<()> {
    let plane = Plane::shared().await;
    let (one, two) = (plane.namespace("apart").await?, plane.namespace("apart").await?);
    let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "a"}, "data": {"k": "v"}}))?;
    Api::namespaced(plane.client().await?, &one)
        .create(&PostParams::default(), &map)
        .await?;
    let other: Api<ConfigMap> = Api::namespaced(plane.client().await?, &two);
    assert!(other.get_opt("a").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_service_account_may_do_only_what_rbac_grants() -> anyhow::Result<()> {
    let plane = Plane::shared().await;
    let namespace = plane.namespace("rbac").await?;
    let secrets: Api<Secret> = Api::namespaced(plane.client_for(&namespace, "robot").await?, &namespace);
    let refused = secrets.list(&ListParams::default()).await;
    assert!(matches!(refused, Err(kube::Error::Api(status)) if status.code == 403));
    Ok(())
}

#[tokio::test]
async fn the_api_server_comes_back_with_its_data_and_the_audit_log_counts() -> anyhow::Result<()> {
    let plane = Plane::builder().audit(true).controller_manager(false).start().await?;
    let audit = plane.audit()?;
    let mark = audit.mark();
    let namespace = plane.namespace("outage").await?;
    plane.kill("kube-apiserver").await?;
    let maps: Api<ConfigMap> = Api::namespaced(plane.client().await?, &namespace);
    assert!(maps.list(&ListParams::default()).await.is_err());
    plane.start("kube-apiserver").await?;
    maps.list(&ListParams::default()).await?;
    let mut calls = audit.since(mark)?;
    calls.retain(|call| call.user == "admin" && call.resource != "namespaces" && !call.resource.is_empty());
    assert_eq!(
        Counts::of(&calls),
        Counts {
            reads: 1,
            ..Counts::default()
        }
    );
    Ok(())
}
