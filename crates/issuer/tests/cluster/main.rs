//! What only an operator of the whole cluster does: ClusterIssuers, with Secrets of the cluster resource namespace.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::default_trait_access,
    reason = "tests say what they mean; clippy's test exceptions do not reach helpers of integration tests"
)]

#[path = "../plane/support.rs"]
#[allow(dead_code, reason = "shared with the other test binary, which uses more of it")]
mod support;

use evercert_api::certmanager::v1::{CaIssuer, ClusterIssuer, IssuerSpec, SelfSignedIssuer};
use evercert_core::conditions;
use evercert_core::testing::builders::{certificate, tls_secret};
use evercert_core::testing::wait::until;
use kube::Api;
use kube::api::PostParams;
use support::{LIMIT, World, condition, text};

async fn cluster_issuer(world: &World, name: &str, spec: IssuerSpec) {
    let api: Api<ClusterIssuer> = Api::all(world.client.clone());
    api.create(&PostParams::default(), &ClusterIssuer::new(name, spec))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cluster_issuer_signs_in_every_namespace_with_the_secret_of_its_own() {
    let world = World::with("home", |settings| settings.namespace = String::new()).await;
    let home = world.ns.clone();
    cluster_issuer(
        &world,
        "self",
        IssuerSpec {
            self_signed: Some(SelfSignedIssuer::default()),
            ..IssuerSpec::default()
        },
    )
    .await;
    let mut root = certificate(&home, "root", "self", "root.test");
    root.spec.is_ca = true;
    root.spec.issuer_ref.kind = "ClusterIssuer".into();
    world.create(root).await;
    world.ready("root").await;
    let root = world.secret("root-tls").await;
    let kube_system: Api<k8s_openapi::api::core::v1::Secret> = Api::namespaced(world.client.clone(), "kube-system");
    let copy = tls_secret(
        "kube-system",
        "cluster-ca",
        text(&root, "tls.crt"),
        text(&root, "tls.key"),
    );
    let ca = CaIssuer {
        secret_name: "cluster-ca".into(),
        ..CaIssuer::default()
    };
    cluster_issuer(
        &world,
        "ca",
        IssuerSpec {
            ca: Some(ca),
            ..IssuerSpec::default()
        },
    )
    .await;
    kube_system.create(&PostParams::default(), &copy).await.unwrap();
    let issuers: Api<ClusterIssuer> = Api::all(world.client.clone());
    until("ClusterIssuer Ready", LIMIT, async || {
        let status = issuers.get("ca").await?.status.unwrap_or_default();
        Ok(conditions::is_true(&status.conditions, "Ready").then_some(()))
    })
    .await
    .unwrap();

    let mut web = certificate(&home, "web", "ca", "web.test");
    web.spec.issuer_ref.kind = "ClusterIssuer".into();
    world.create(web).await;
    let web = world.ready("web").await;
    assert!(condition(&web, "Issuing").is_none());
    let secret = world.secret("web-tls").await;
    let annotations = secret.metadata.annotations.as_ref().unwrap();
    assert_eq!(
        (
            annotations["cert-manager.io/issuer-kind"].as_str(),
            text(&secret, "ca.crt")
        ),
        ("ClusterIssuer", text(&root, "tls.crt"))
    );
}
