//! The main path: self-signed root, CA issuer, leaf, renewal.

use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_core::testing::builders::{ca_issuer, certificate, self_signed_issuer};
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::key::PrivateKey;
use evercert_pki::limits;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::json;

use crate::support::{World, condition, request_condition, text};

/// A self-signed root in `root-tls`, and the issuer `ca` that signs with it.
pub async fn with_ca(world: &World) {
    world.create(self_signed_issuer(&world.ns, "self")).await;
    let mut root = certificate(&world.ns, "root", "self", "root.test");
    root.spec.is_ca = true;
    root.spec.common_name = "root".into();
    world.create(root).await;
    world.create(ca_issuer(&world.ns, "ca", "root-tls")).await;
    world.issuer_ready("ca").await;
    world.quiet().await;
}

fn chain(secret: &Secret) -> Vec<X509> {
    X509::bundle_from_pem(text(secret, "tls.crt").as_bytes(), limits::CHAIN).unwrap()
}

#[tokio::test]
async fn a_ca_issues_with_four_writes_and_then_rests() {
    let world = World::new("ca").await;
    with_ca(&world).await;
    let (before, calls) = (world.plan.writes(), world.plan.calls());
    world.create(certificate(&world.ns, "web", "ca", "web.test")).await;
    let web = world.ready("web").await;
    world.quiet().await;

    let writes = [
        "create certificaterequests",
        "update certificaterequests/status",
        "patch secrets",
        "update certificates/status",
    ];
    assert_eq!(world.writes()[before..], writes);
    // Four writes and two events; a watch may have been renewed meanwhile.
    let calls = world.plan.calls() - calls;
    assert!((6..=8).contains(&calls), "{calls} calls");
    let (secret, root) = (world.secret("web-tls").await, world.secret("root-tls").await);
    let (leaf, root) = (&chain(&secret)[0], &chain(&root)[0]);
    assert!(
        leaf.is_signed_by(root) && leaf.matches(&PrivateKey::from_pem(text(&secret, "tls.key").as_bytes()).unwrap())
    );
    assert_eq!(
        (chain(&secret).len(), text(&secret, "ca.crt")),
        (1, root.to_pem().as_str())
    );
    assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/tls"));
    let expected = [
        ("cert-manager.io/alt-names", "web.test"),
        ("cert-manager.io/certificate-name", "web"),
        ("cert-manager.io/common-name", ""),
        ("cert-manager.io/ip-sans", ""),
        ("cert-manager.io/issuer-group", "cert-manager.io"),
        ("cert-manager.io/issuer-kind", "Issuer"),
        ("cert-manager.io/issuer-name", "ca"),
        ("cert-manager.io/uri-sans", ""),
    ];
    let found: Vec<_> = secret
        .annotations()
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        secret
            .labels()
            .get("controller.cert-manager.io/fao")
            .map(String::as_str),
        Some("true")
    );

    let status = web.status.clone().unwrap();
    assert_eq!(
        (
            status.revision,
            &status.next_private_key_secret_name,
            condition(&web, "Issuing")
        ),
        (Some(1), &None, None)
    );
    assert_eq!(status.not_after.unwrap().0, leaf.not_after());
    let request = world.get::<CertificateRequest>("web-1").await.unwrap();
    assert_eq!(
        request_condition(&request, "Approved").unwrap().reason,
        "cert-manager.io"
    );
    assert_eq!(request_condition(&request, "Ready").unwrap().reason, "Issued");
}

#[tokio::test]
async fn a_certificate_is_renewed_when_it_is_due_and_its_history_is_cut() {
    let world = World::new("renew").await;
    with_ca(&world).await;
    let mut web = certificate(&world.ns, "web", "ca", "web.test");
    web.spec.duration = Some("1h".parse().unwrap());
    web.spec.renew_before = Some("59m57s".parse().unwrap());
    world.create(web).await;
    let first = world.ready("web").await;
    let due = first.status.unwrap().renewal_time.unwrap().0;
    let second = world.revision("web", 2).await;
    let issued = second.status.unwrap().not_before.unwrap().0;
    assert!(
        issued >= due && issued.duration_since(due).as_secs() <= 1,
        "due {due}, renewed {issued}"
    );
    let third = world.revision("web", 3).await;
    assert!(third.status.unwrap().renewal_time.is_some());
    world
        .merge::<Certificate>("web", json!({"spec": {"renewBefore": "5m"}}))
        .await;
    world.quiet().await;
    let requests = world
        .api::<CertificateRequest>()
        .list(&Default::default())
        .await
        .unwrap();
    let of_web = requests
        .items
        .iter()
        .filter(|request| request.name_any().starts_with("web-"))
        .count();
    assert_eq!(of_web, 1, "revisionHistoryLimit is 1");
}
