//! What is kept in order after issuance: metadata from the template, output formats, key rotation, changes of the spec.

use evercert_api::certmanager::v1::{Certificate, CertificateAdditionalOutputFormat, CertificateOutputFormatType};
use evercert_core::testing::builders::{ca_issuer, certificate};
use evercert_pki::key::PrivateKey;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::json;

use crate::issuing::with_ca;
use crate::support::{World, condition, text};

#[tokio::test]
async fn the_secret_follows_its_template_without_a_new_certificate() {
    let world = World::new("template").await;
    with_ca(&world).await;
    let mut web = certificate(&world.ns, "web", "ca", "web.test");
    web.spec.secret_template =
        serde_json::from_value(json!({"labels": {"team": "red"}, "annotations": {"note": "a", "gone": "soon"}}))
            .unwrap();
    world.create(web).await;
    world.ready("web").await;
    let first = world.secret("web-tls").await;
    assert_eq!(
        (first.labels()["team"].as_str(), first.annotations()["note"].as_str()),
        ("red", "a")
    );

    let foreign = json!({"metadata": {"labels": {"theirs": "stays"}, "annotations": {"note": "overwritten"}}});
    world.merge::<Secret>("web-tls", foreign).await;
    world
        .wait("web-tls", "the template again", |secret: &Secret| {
            secret.annotations()["note"] == "a"
        })
        .await;
    let template = json!({"spec": {"secretTemplate": {"labels": null, "annotations": {"note": "b", "gone": null}}}});
    world.merge::<Certificate>("web", template).await;
    let second = world
        .wait("web-tls", "the new template", |secret: &Secret| {
            secret.annotations().get("note").is_some_and(|note| note == "b")
        })
        .await;
    assert!(
        !second.labels().contains_key("team") && !second.annotations().contains_key("gone"),
        "withdrawn: {second:?}"
    );
    assert_eq!(
        (text(&second, "tls.crt"), second.labels()["theirs"].as_str()),
        (text(&first, "tls.crt"), "stays")
    );

    let formats = json!({"spec": {"additionalOutputFormats": [{"type": "CombinedPEM"}, {"type": "DER"}]}});
    world.merge::<Certificate>("web", formats).await;
    let third = world
        .wait("web-tls", "formats", |secret: &Secret| {
            secret.data.as_ref().unwrap().contains_key("key.der")
        })
        .await;
    assert_eq!(
        text(&third, "tls-combined.pem"),
        format!("{}\n{}", text(&third, "tls.key"), text(&third, "tls.crt"))
    );
    world
        .merge::<Certificate>("web", json!({"spec": {"additionalOutputFormats": null}}))
        .await;
    let fourth = world
        .wait("web-tls", "no formats", |secret: &Secret| {
            !secret.data.as_ref().unwrap().contains_key("key.der")
        })
        .await;
    assert_eq!(
        fourth.data.as_ref().unwrap().keys().collect::<Vec<_>>(),
        ["ca.crt", "tls.crt", "tls.key"]
    );
    assert_eq!(
        world.get::<Certificate>("web").await.unwrap().status.unwrap().revision,
        Some(1)
    );
}

#[tokio::test]
async fn a_changed_spec_is_issued_once_and_the_key_rotates_or_stays() {
    let world = World::new("change").await;
    with_ca(&world).await;
    let mut web = certificate(&world.ns, "web", "ca", "web.test");
    web.spec.additional_output_formats = vec![CertificateAdditionalOutputFormat {
        type_: CertificateOutputFormatType::Der,
    }];
    world.create(web).await;
    world.ready("web").await;
    let first = world.secret("web-tls").await;
    world
        .merge::<Certificate>("web", json!({"spec": {"dnsNames": ["b.test"]}}))
        .await;
    world.revision("web", 2).await;
    let second = world.secret("web-tls").await;
    assert_ne!(text(&first, "tls.key"), text(&second, "tls.key"), "rotated");

    let never =
        json!({"spec": {"dnsNames": ["c.test"], "privateKey": {"rotationPolicy": "Never", "encoding": "PKCS8"}}});
    world.merge::<Certificate>("web", never).await;
    world.revision("web", 3).await;
    let third = world.secret("web-tls").await;
    let public = |secret: &Secret| {
        PrivateKey::from_pem(text(secret, "tls.key").as_bytes())
            .unwrap()
            .public_key()
            .clone()
    };
    assert_eq!(public(&second), public(&third), "kept");
    assert!(text(&third, "tls.key").starts_with("-----BEGIN PRIVATE KEY-----"));

    world
        .merge::<Certificate>(
            "web",
            json!({"spec": {"privateKey": {"algorithm": "RSA", "size": 2048}}}),
        )
        .await;
    let blocked = world
        .wait("web", "CannotRegenerateKey", |web| condition(web, "Issuing").is_some())
        .await;
    assert_eq!(condition(&blocked, "Issuing").unwrap().reason, "CannotRegenerateKey");
    assert_eq!(
        text(&world.secret("web-tls").await, "tls.key"),
        text(&third, "tls.key"),
        "what worked stays"
    );

    world.create(ca_issuer(&world.ns, "other", "root-tls")).await;
    world.issuer_ready("other").await;
    world
        .merge::<Certificate>(
            "web",
            json!({"spec": {"privateKey": {"rotationPolicy": "Always"}, "issuerRef": {"name": "other"}}}),
        )
        .await;
    world.revision("web", 4).await;
    assert_eq!(
        world.secret("web-tls").await.annotations()["cert-manager.io/issuer-name"],
        "other"
    );
    let settled = world.quiet().await;
    assert_eq!(world.quiet().await, settled);
}

#[tokio::test]
async fn a_restarted_operator_reads_and_writes_nothing_anew() {
    let mut world = World::new("restart").await;
    with_ca(&world).await;
    for name in ["a", "b", "c"] {
        world.create(certificate(&world.ns, name, "ca", "web.test")).await;
    }
    for name in ["a", "b", "c"] {
        world.ready(name).await;
    }
    world.stop();
    world.start();
    world.issuer_ready("ca").await;
    assert_eq!(world.quiet().await, 0);
    world
        .api::<Secret>()
        .delete("b-tls", &Default::default())
        .await
        .unwrap();
    world.revision("b", 2).await;
}
