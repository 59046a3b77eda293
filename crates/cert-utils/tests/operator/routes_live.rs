//! Routes against a real API server: the trigger matrix, ownership, a CRD that comes late.

use evercert_api::route::v1::Route;
use evercert_core::contract::annotations::{CERTS_FROM_SECRET, DESTINATION_CA_FROM_SECRET, INJECT_CA};
use evercert_core::testing::TestResult;
use evercert_harness::{Plane, router::ROUTE_CRD};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::cluster::World;
use crate::fixtures::{Authority, Leaf, authority};

const WRITE: &str = "patch routes web";

/// With a field of some later version, which must survive.
fn spec(termination: &str) -> Value {
    let to = json!({"kind": "Service", "name": "web"});
    json!({"to": to, "tls": {"termination": termination, "future": "kept"}, "future": "kept"})
}

fn from_secrets() -> Value {
    json!({CERTS_FROM_SECRET: "public", DESTINATION_CA_FROM_SECRET: "internal"})
}

fn certificate(route: &Route) -> Option<&str> {
    route.spec.tls.as_ref()?.certificate.as_deref()
}

fn destination(route: &Route) -> Option<&str> {
    route.spec.tls.as_ref()?.destination_ca_certificate.as_deref()
}

async fn create_tls(world: &World, name: &str, leaf: &Leaf, ca: &Authority) -> TestResult {
    world
        .create_secret(
            name,
            json!({}),
            &[("tls.crt", &leaf.crt), ("tls.key", &leaf.key), ("ca.crt", &ca.pem())],
        )
        .await
}

struct Started {
    world: World,
    root: Authority,
    leaf: Leaf,
}

/// A re-encrypt Route that has its certificate and its destination CA.
async fn started() -> TestResult<Started> {
    let world = World::start().await?;
    let root = authority("root");
    let leaf = root.leaf("web");
    create_tls(&world, "public", &leaf, &root).await?;
    create_tls(&world, "internal", &leaf, &root).await?;
    world.create_route("web", from_secrets(), spec("reencrypt")).await?;
    let (crt, ca) = (leaf.crt.clone(), root.pem());
    world
        .until_route("web", "both fields", |route| {
            certificate(route) == Some(&crt) && destination(route) == Some(&ca)
        })
        .await?;
    Ok(Started { world, root, leaf })
}

#[tokio::test]
async fn a_route_gets_everything_in_one_write_and_keeps_what_others_wrote() -> TestResult {
    let Started { mut world, leaf, .. } = started().await?;
    let route = world.routes.get("web").await?;
    let tls = route.spec.tls.as_ref().unwrap();
    assert_eq!(
        tls.key.as_ref().map(evercert_api::Sensitive::expose),
        Some(leaf.key.as_str())
    );
    assert_eq!(world.raw_route("web").await?["spec"]["future"], "kept");
    assert_eq!(world.raw_route("web").await?["spec"]["tls"]["future"], "kept");
    assert_eq!(world.writes().await?, [WRITE]);
    world.restart()?;
    assert_eq!(world.writes().await?, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn each_change_of_secret_route_or_annotation_is_followed() -> TestResult {
    let Started { world, root, leaf } = started().await?;
    let renewed = root.leaf("web");
    world
        .patch_secret(
            "public",
            json!({"stringData": {"tls.crt": renewed.crt, "tls.key": renewed.key}}),
        )
        .await?;
    world
        .until_route("web", "the renewed certificate", |route| {
            certificate(route) == Some(&renewed.crt)
        })
        .await?;
    world
        .patch_route(
            "web",
            json!({"spec": {"tls": {"certificate": leaf.crt, "destinationCACertificate": null}}}),
        )
        .await?;
    let repaired = |route: &Route| certificate(route) == Some(&renewed.crt) && destination(route) == Some(&root.pem());
    world.until_route("web", "repair", repaired).await?;
    let inject = |value: Value| json!({"metadata": {"annotations": {INJECT_CA: value}}});
    let injected = |route: &Route| {
        route
            .spec
            .tls
            .as_ref()
            .is_some_and(|tls| tls.ca_certificate == Some(root.pem()))
    };
    world.patch_route("web", inject("true".into())).await?;
    world.until_route("web", "the injected CA", injected).await?;
    world.patch_route("web", inject("false".into())).await?;
    world
        .until_route("web", "no injected CA", |route| !injected(route))
        .await?;
    assert_eq!(world.writes().await?, [WRITE; 5]);

    world
        .patch_route("web", json!({"metadata": {"annotations": {CERTS_FROM_SECRET: null}}}))
        .await?;
    let cleared = world
        .until_route("web", "no certificate", |route| certificate(route).is_none())
        .await?;
    assert!(cleared.spec.tls.as_ref().unwrap().key.is_none() && destination(&cleared) == Some(&root.pem()));
    world
        .patch_route(
            "web",
            json!({"metadata": {"annotations": {DESTINATION_CA_FROM_SECRET: null}}}),
        )
        .await?;
    world
        .until_route("web", "no destination CA", |route| destination(route).is_none())
        .await?;
    assert_eq!(world.writes().await?.len(), 7);
    Ok(())
}

#[tokio::test]
async fn annotations_removed_while_the_operator_was_down_clear_the_fields_and_hand_written_ones_stay() -> TestResult {
    let Started { mut world, root, leaf } = started().await?;
    world.kill();
    let none = json!({"metadata": {"annotations": {CERTS_FROM_SECRET: null, DESTINATION_CA_FROM_SECRET: null}}});
    world.patch_route("web", none).await?;
    let mut by_hand = spec("reencrypt");
    by_hand["tls"]["certificate"] = leaf.crt.clone().into();
    by_hand["tls"]["key"] = leaf.key.clone().into();
    world
        .create_route("by-hand", json!({DESTINATION_CA_FROM_SECRET: "internal"}), by_hand)
        .await?;
    world.restart()?;
    world
        .until_route("web", "cleared", |route| {
            certificate(route).is_none() && destination(route).is_none()
        })
        .await?;
    let ca = root.pem();
    let kept = world
        .until_route("by-hand", "destination CA", |route| destination(route) == Some(&ca))
        .await?;
    assert_eq!(certificate(&kept), Some(leaf.crt.as_str()));
    Ok(())
}

#[tokio::test]
async fn a_missing_secret_is_told_and_acted_on_as_soon_as_it_comes() -> TestResult {
    let world = World::start().await?;
    let root = authority("root");
    let leaf = root.leaf("web");
    world
        .create_route("web", json!({CERTS_FROM_SECRET: "public"}), spec("edge"))
        .await?;
    world
        .until_warned("web", "names Secret \"public\", which does not exist")
        .await?;
    create_tls(&world, "public", &leaf, &root).await?;
    world
        .until_route("web", "the certificate", |route| certificate(route) == Some(&leaf.crt))
        .await?;
    world.secrets.delete("public", &DeleteParams::default()).await?;
    let calls = world.faults.calls();
    assert_eq!(world.writes().await?, [WRITE], "the value is kept");
    assert!(world.faults.calls() - calls <= 4, "no retry storm");
    let renewed = root.leaf("web");
    create_tls(&world, "public", &renewed, &root).await?;
    world
        .until_route("web", "the recreated Secret's", |route| {
            certificate(route) == Some(&renewed.crt)
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn what_a_router_would_refuse_is_told_and_the_route_stays_until_it_is_right() -> TestResult {
    let Started { world, root, leaf } = started().await?;
    let other = root.leaf("web");
    world
        .patch_secret("public", json!({"stringData": {"tls.key": other.key}}))
        .await?;
    world
        .until_warned(
            "web",
            "Secret public: tls.key does not belong to the certificate in tls.crt",
        )
        .await?;
    assert_eq!(certificate(&world.routes.get("web").await?), Some(leaf.crt.as_str()));
    world
        .patch_secret("public", json!({"stringData": {"tls.crt": other.crt}}))
        .await?;
    world
        .until_route("web", "the right pair", |route| certificate(route) == Some(&other.crt))
        .await?;

    let without_tls = json!({"to": {"kind": "Service", "name": "web"}});
    for (name, spec, expected) in [
        ("plain", without_tls, "spec.tls is not set"),
        (
            "through",
            spec("passthrough"),
            "termination passthrough takes no certificates",
        ),
        (
            "edge",
            spec("edge"),
            "only termination reencrypt takes a destination CA",
        ),
    ] {
        world.create_route(name, from_secrets(), spec).await?;
        world.until_warned(name, expected).await?;
    }
    world
        .until_route("edge", "certificate of the edge route", |route| {
            certificate(route) == Some(&other.crt)
        })
        .await?;
    // Termination added later: upstream crashed here.
    world
        .patch_route("plain", json!({"spec": {"tls": {"termination": "reencrypt"}}}))
        .await?;
    world
        .until_route("plain", "fields after tls was set", |route| {
            certificate(route) == Some(&other.crt)
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn fields_that_upstream_wrote_are_taken_over_and_cleared_when_unwished() -> TestResult {
    let mut world = World::prepare().await?;
    let root = authority("root");
    let leaf = root.leaf("web");
    create_tls(&world, "public", &leaf, &root).await?;
    world
        .create_route("web", json!({CERTS_FROM_SECRET: "public"}), spec("edge"))
        .await?;
    let upstream = PatchParams {
        field_manager: Some("manager".into()),
        ..PatchParams::default()
    };
    let written = json!({"spec": {"tls": {"certificate": leaf.crt, "key": leaf.key}}});
    world.routes.patch("web", &upstream, &Patch::Merge(written)).await?;
    world.restart()?;
    assert_eq!(
        world.writes().await?,
        [] as [&str; 0],
        "the same value is not written again"
    );
    world
        .patch_route("web", json!({"metadata": {"annotations": {CERTS_FROM_SECRET: null}}}))
        .await?;
    world
        .until_route("web", "cleared", |route| certificate(route).is_none())
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_route_crd_that_is_installed_later_just_works() -> TestResult {
    let plane = Plane::builder().start().await?;
    let namespace = plane.namespace("late").await?;
    let mut world = World::at(plane.client().await?, plane.kubeconfig(), namespace);
    world.restart()?;
    let root = authority("root");
    let leaf = root.leaf("web");
    create_tls(&world, "public", &leaf, &root).await?;
    plane.apply(ROUTE_CRD).await?;
    let route = json!({"apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": {"name": "web", "annotations": {CERTS_FROM_SECRET: "public"}}, "spec": spec("edge")});
    world
        .routes
        .create(&PostParams::default(), &serde_json::from_value(route)?)
        .await?;
    world
        .until_route("web", "the certificate", |route| certificate(route) == Some(&leaf.crt))
        .await?;
    Ok(())
}

#[tokio::test]
async fn many_routes_on_one_secret_share_its_reads() -> TestResult {
    const ROUTES: u32 = 40;
    let mut world = World::prepare().await?;
    let root = authority("root");
    create_tls(&world, "public", &root.leaf("web"), &root).await?;
    for n in 0..ROUTES {
        let annotations = json!({CERTS_FROM_SECRET: "public", DESTINATION_CA_FROM_SECRET: "public"});
        world
            .create_route(&format!("web-{n}"), annotations, spec("reencrypt"))
            .await?;
    }
    world.restart()?;
    assert_eq!(world.writes().await?.len(), ROUTES as usize);
    // Lists, watches, writes, and what else is called.
    let reads = world.faults.calls() - u64::from(ROUTES) - 4;
    assert!(reads <= u64::from(ROUTES) / 4, "{reads} reads");
    Ok(())
}
