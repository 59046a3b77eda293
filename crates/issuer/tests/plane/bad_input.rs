//! Bad input: a condition or event that says what to change, other objects unaffected, what worked stays.

use evercert_api::certmanager::v1::{Certificate, CertificateRequest, CertificateRequestSpec, Issuer};
use evercert_api::meta::v1::{Condition, IssuerReference};
use evercert_api::{ByteString, GoDuration};
use evercert_core::conditions;
use evercert_core::testing::builders::{ca_issuer, certificate, secret, self_signed_issuer, tls_secret};
use evercert_pki::csr::{CsrTemplate, build};
use evercert_pki::key::{Curve, KeyAlgorithm, KeyEncoding, PrivateKey};
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use serde_json::json;

use crate::issuing::with_ca;
use crate::support::{World, condition, is, request_condition, text};

fn issuer_condition(issuer: &Issuer) -> Option<&Condition> {
    conditions::find(&issuer.status.as_ref()?.conditions, "Ready")
}

#[tokio::test]
async fn the_api_server_refuses_a_certificate_that_can_never_be() {
    let world = World::new("refused").await;
    let bad = |change: fn(&mut Certificate)| {
        let mut object = certificate(&world.ns, "bad", "ca", "a.test");
        change(&mut object);
        object
    };
    let table = [
        ("no name", bad(|c| c.spec.dns_names.clear())),
        (
            "duration below 1h",
            bad(|c| c.spec.duration = Some(GoDuration::from_mins(59))),
        ),
        (
            "renewBefore over duration",
            bad(|c| c.spec.renew_before = Some(GoDuration::from_hours(3000))),
        ),
    ];
    for (case, object) in table {
        let refused = world.api::<Certificate>().create(&PostParams::default(), &object).await;
        assert!(refused.is_err(), "{case} was accepted");
    }
}

#[tokio::test]
async fn a_san_that_cannot_be_encoded_blocks_only_itself_and_is_told() {
    let world = World::new("san").await;
    with_ca(&world).await;
    let mut bad = certificate(&world.ns, "bad", "ca", "a.test");
    bad.spec.uris = vec!["no scheme".into()];
    world.create(bad).await;
    let bad = world
        .wait("bad", "a condition", |bad| {
            condition(bad, "Issuing").is_some_and(|issuing| issuing.reason == "RequestFailed")
        })
        .await;
    assert!(
        condition(&bad, "Issuing").unwrap().message.contains("no scheme"),
        "{bad:?}"
    );
    world.create(certificate(&world.ns, "good", "ca", "b.test")).await;
    world.ready("good").await;
    world
        .merge::<Certificate>("bad", json!({"spec": {"uris": ["spiffe://a/b"]}}))
        .await;
    assert!(condition(&world.ready("bad").await, "Issuing").is_none());
}

#[tokio::test]
async fn an_unknown_or_unready_issuer_is_named_and_its_arrival_is_enough() {
    let world = World::new("issuer").await;
    world.create(certificate(&world.ns, "web", "ca", "a.test")).await;
    let pending = |reason: &'static str| {
        move |request: &CertificateRequest| {
            request_condition(request, "Ready").is_some_and(|ready| ready.message.contains(reason))
        }
    };
    world
        .wait(
            "web-1",
            "IssuerNotFound",
            pending("Referenced issuer not found: Issuer \"ca\""),
        )
        .await;
    let web: Certificate = world.get("web").await.unwrap();
    assert!(is(&web, "Issuing", true) && is(&web, "Ready", false));
    let key = web.status.unwrap().next_private_key_secret_name.unwrap();
    let stored = world.secret(&key).await;
    assert!(text(&stored, "tls.key").starts_with("-----BEGIN PRIVATE KEY-----"));

    world.create(ca_issuer(&world.ns, "ca", "root-tls")).await;
    world
        .wait("web-1", "IssuerNotReady", pending("Secret \"root-tls\" not found"))
        .await;
    world.create(self_signed_issuer(&world.ns, "self")).await;
    let mut root = certificate(&world.ns, "root", "self", "root.test");
    root.spec.is_ca = true;
    world.create(root).await;
    let web = world.ready("web").await;
    assert_eq!(web.status.unwrap().revision, Some(1));
    world.quiet().await;
    assert!(
        world.get::<Secret>(&key).await.is_none(),
        "the next-key Secret is removed"
    );
}

#[tokio::test]
async fn the_second_certificate_on_a_secret_stands_back_until_the_first_is_gone() {
    let world = World::new("rival").await;
    with_ca(&world).await;
    world.create(certificate(&world.ns, "first", "ca", "first.test")).await;
    world.ready("first").await;
    let mut second = certificate(&world.ns, "second", "ca", "second.test");
    second.spec.secret_name = "first-tls".into();
    world.create(second).await;
    let second = world
        .wait("second", "IncorrectCertificate", |second| {
            condition(second, "Ready").is_some()
        })
        .await;
    let ready = condition(&second, "Ready").unwrap();
    assert_eq!(
        (ready.reason.as_str(), ready.message.contains("first")),
        ("IncorrectCertificate", true)
    );
    world.quiet().await;
    assert!(is(&world.get("first").await.unwrap(), "Ready", true));

    world
        .api::<Certificate>()
        .delete("first", &Default::default())
        .await
        .unwrap();
    world.ready("second").await;
    let taken = world.secret("first-tls").await;
    assert_eq!(
        taken.metadata.annotations.unwrap()["cert-manager.io/alt-names"],
        "second.test"
    );
}

#[tokio::test]
async fn garbage_in_the_secret_is_replaced_once_and_foreign_keys_and_types_stay() {
    let world = World::new("garbage").await;
    with_ca(&world).await;
    world
        .create(secret(
            &world.ns,
            "web-tls",
            &[
                ("tls.crt", "-----BEGIN garbage"),
                ("tls.key", "nonsense"),
                ("mine", "kept"),
            ],
        ))
        .await;
    world.create(certificate(&world.ns, "web", "ca", "a.test")).await;
    world.ready("web").await;
    world.quiet().await;
    let found = world.secret("web-tls").await;
    assert_eq!((text(&found, "mine"), found.type_.as_deref()), ("kept", Some("Opaque")));
    assert!(text(&found, "tls.crt").contains("BEGIN CERTIFICATE"));

    world
        .merge::<Secret>("web-tls", json!({"stringData": {"tls.crt": "nonsense"}}))
        .await;
    world.revision("web", 2).await;
    let before = world.quiet().await;
    world
        .merge::<Secret>("web-tls", json!({"stringData": {"mine": "changed"}}))
        .await;
    assert_eq!(world.quiet().await, before, "a foreign key is none of our business");
}

#[tokio::test]
async fn a_secret_that_may_not_be_written_is_told_and_written_once_it_may() {
    let world = World::new("immutable").await;
    with_ca(&world).await;
    let mut frozen = secret(&world.ns, "web-tls", &[("mine", "kept")]);
    frozen.immutable = Some(true);
    world.create(frozen).await;
    world.create(certificate(&world.ns, "web", "ca", "a.test")).await;
    let web = world
        .wait("web", "a condition", |web| condition(web, "Issuing").is_some())
        .await;
    let issuing = condition(&web, "Issuing").unwrap();
    assert_eq!(
        (issuing.reason.as_str(), issuing.message.contains("immutable")),
        ("SecretNotWritten", true),
        "{issuing:?}"
    );
    world
        .api::<Secret>()
        .delete("web-tls", &Default::default())
        .await
        .unwrap();
    let web = world.ready("web").await;
    assert_eq!(
        (condition(&web, "Issuing"), web.status.as_ref().unwrap().revision),
        (None, Some(1))
    );
}

/// A CA secret with that key in place of its own.
fn with_key(ca: &Secret, key: &str) -> serde_json::Value {
    json!({"stringData": {"tls.key": key}, "metadata": {"resourceVersion": ca.metadata.resource_version}})
}

#[tokio::test]
async fn a_bad_ca_secret_makes_the_issuer_unready_until_it_is_good_again() {
    let world = World::new("badca").await;
    with_ca(&world).await;
    world.create(certificate(&world.ns, "web", "ca", "web.test")).await;
    world.ready("web").await;
    let (root, leaf) = (world.secret("root-tls").await, world.secret("web-tls").await);
    let (chain, key) = (text(&root, "tls.crt"), text(&root, "tls.key"));
    let other = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256))
        .unwrap()
        .to_pem(KeyEncoding::Pkcs8)
        .unwrap();
    let table = [
        ("absent", None, "ErrGetKeyPair", "not found"),
        (
            "no key",
            Some(secret(&world.ns, "my-ca", &[("tls.crt", chain)])),
            "ErrGetKeyPair",
            "no tls.key",
        ),
        (
            "garbage",
            Some(tls_secret(&world.ns, "my-ca", "garbage", key)),
            "ErrInvalidKeyPair",
            "tls.crt",
        ),
        (
            "mismatch",
            Some(tls_secret(&world.ns, "my-ca", chain, &other)),
            "ErrInvalidKeyPair",
            "not the key",
        ),
        (
            "no CA",
            Some(tls_secret(
                &world.ns,
                "my-ca",
                text(&leaf, "tls.crt"),
                text(&leaf, "tls.key"),
            )),
            "ErrInvalidKeyPair",
            "isCA: true",
        ),
    ];
    world.create(ca_issuer(&world.ns, "mine", "my-ca")).await;
    for (case, object, reason, part) in table {
        world.api::<Secret>().delete("my-ca", &Default::default()).await.ok();
        if let Some(object) = object {
            world.create(object).await;
        }
        let what = format!("{case}: {reason} with {part:?}");
        world
            .wait("mine", &what, |issuer| {
                issuer_condition(issuer).is_some_and(|ready| ready.reason == reason && ready.message.contains(part))
            })
            .await;
    }
    world.create(certificate(&world.ns, "late", "mine", "late.test")).await;
    world.wait("late", "Issuing", |late| is(late, "Issuing", true)).await;
    let found = world.secret("my-ca").await;
    world.merge::<Secret>("my-ca", with_key(&found, key)).await;
    world
        .merge::<Secret>("my-ca", json!({"stringData": {"tls.crt": chain}}))
        .await;
    world.issuer_ready("mine").await;
    world.ready("late").await;
    assert!(is(&world.get("web").await.unwrap(), "Ready", true));
}

fn foreign_request(world: &World, name: &str, csr: &str) -> CertificateRequest {
    let issuer_ref = IssuerReference {
        name: "ca".into(),
        ..IssuerReference::default()
    };
    let spec = CertificateRequestSpec {
        request: ByteString(csr.into()),
        issuer_ref,
        ..CertificateRequestSpec::default()
    };
    let mut request = CertificateRequest::new(name, spec);
    request.metadata.namespace = Some(world.ns.clone());
    request
}

#[tokio::test]
async fn a_request_with_a_bad_csr_fails_for_good_and_a_good_one_without_certificate_is_signed() {
    let world = World::new("csr").await;
    with_ca(&world).await;
    let key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
    let good = build(&CsrTemplate::default(), &key).unwrap();
    let mut ca = foreign_request(
        &world,
        "contradiction",
        &build(
            &CsrTemplate {
                is_ca: Some(true),
                ..CsrTemplate::default()
            },
            &key,
        )
        .unwrap(),
    );
    ca.spec.is_ca = false;
    for (name, request, part) in [
        ("garbage", foreign_request(&world, "garbage", "garbage"), "spec.request"),
        ("contradiction", ca, "contradicts"),
    ] {
        world.create(request).await;
        let request = world
            .wait(name, "Failed", |request| {
                request_condition(request, "Ready").is_some_and(|ready| ready.reason == "Failed")
            })
            .await;
        let invalid = request_condition(&request, "InvalidRequest").unwrap();
        assert!(
            invalid.message.contains(part) && request.status.as_ref().unwrap().failure_time.is_some(),
            "{invalid:?}"
        );
    }
    world.create(foreign_request(&world, "good", &good)).await;
    world
        .wait("good", "Issued", |request| {
            request_condition(request, "Ready").is_some_and(|ready| ready.reason == "Issued")
        })
        .await;
}
