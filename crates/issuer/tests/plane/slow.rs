//! Issuers that take their time: approval by others, external issuers, denial, manual trigger.

use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_api::meta::v1::{Condition, ConditionStatus};
use evercert_api::{ByteString, Time};
use evercert_core::conditions::{self, Wanted};
use evercert_core::testing::builders::certificate;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use serde_json::json;

use crate::issuing::with_ca;
use crate::support::{World, condition, is, request_condition, text};

/// Sets a condition of a request, as an approver or an external issuer does.
async fn set(world: &World, name: &str, wanted: Wanted, change: impl FnOnce(&mut CertificateRequest)) {
    let mut request: CertificateRequest = world.get(name).await.unwrap();
    conditions::set(
        &mut request.status.get_or_insert_default().conditions,
        wanted,
        jiff::Timestamp::now(),
    );
    change(&mut request);
    world
        .api()
        .replace_status(name, &PostParams::default(), &request)
        .await
        .unwrap();
}

fn wanted(type_: &'static str, status: ConditionStatus, reason: &str) -> Wanted {
    Wanted::new(type_, status, reason, "by a test")
}

#[tokio::test]
async fn nothing_is_signed_before_somebody_approves() {
    let world = World::with("approve", |settings| {
        settings.controllers = vec!["*".into(), "-certificaterequests-approver".into()];
    })
    .await;
    let root = World::new("root").await;
    with_ca(&root).await;
    let ca = root.secret("root-tls").await;
    let copy =
        evercert_core::testing::builders::tls_secret(&world.ns, "root-tls", text(&ca, "tls.crt"), text(&ca, "tls.key"));
    world.create(copy).await;
    world
        .create(evercert_core::testing::builders::ca_issuer(&world.ns, "ca", "root-tls"))
        .await;
    world.issuer_ready("ca").await;
    world.create(certificate(&world.ns, "web", "ca", "web.test")).await;
    world.wait("web-1", "a request", |_: &CertificateRequest| true).await;
    world.quiet().await;
    let request: CertificateRequest = world.get("web-1").await.unwrap();
    assert_eq!(request_condition(&request, "Ready"), None);

    set(
        &world,
        "web-1",
        wanted("Approved", ConditionStatus::True, "Test"),
        |_| {},
    )
    .await;
    world.ready("web").await;

    world
        .create(certificate(&world.ns, "denied", "ca", "denied.test"))
        .await;
    world.wait("denied-1", "a request", |_: &CertificateRequest| true).await;
    set(
        &world,
        "denied-1",
        wanted("Denied", ConditionStatus::True, "Policy"),
        |_| {},
    )
    .await;
    let denied = world
        .wait("denied", "Issuing=False", |denied| is(denied, "Issuing", false))
        .await;
    let status = denied.status.as_ref().unwrap();
    assert_eq!(
        (status.failed_issuance_attempts, status.last_failure_time.is_some()),
        (Some(1), true)
    );
    assert_eq!(condition(&denied, "Issuing").unwrap().reason, "Policy");
    let request = world
        .wait("denied-1", "Ready=False", |request| {
            request_condition(request, "Ready").is_some()
        })
        .await;
    assert_eq!(
        request_condition(&request, "Ready").map(|ready: &Condition| ready.reason.as_str()),
        Some("Denied")
    );
}

#[tokio::test]
async fn an_external_issuer_gets_a_stored_key_survives_a_restart_and_its_failure_backs_off() {
    let mut world = World::new("external").await;
    with_ca(&world).await;
    let mut web = certificate(&world.ns, "web", "theirs", "web.test");
    web.spec.issuer_ref.group = "issuers.example".into();
    web.spec.issuer_ref.kind = "Thing".into();
    world.create(web).await;
    world
        .wait("web-1", "approval", |request| {
            request_condition(request, "Approved").is_some()
        })
        .await;
    let before = world.get::<CertificateRequest>("web-1").await.unwrap().metadata.uid;
    world.stop();
    world.start();
    world.quiet().await;
    let request: CertificateRequest = world.get("web-1").await.unwrap();
    assert_eq!(request.metadata.uid, before, "the order is not wasted");
    assert_eq!(request_condition(&request, "Ready"), None, "not ours to sign");

    let root = world.secret("root-tls").await;
    set(
        &world,
        "web-1",
        wanted("Ready", ConditionStatus::True, "Issued"),
        |request| {
            // A certificate for another key: the issuer is wrong.
            request.status.get_or_insert_default().certificate = Some(ByteString(text(&root, "tls.crt").into()));
        },
    )
    .await;
    let web = world.wait("web", "failure", |web| is(web, "Issuing", false)).await;
    assert_eq!(condition(&web, "Issuing").unwrap().reason, "InvalidCertificate");
    assert!(world.get::<Secret>("web-tls").await.is_none());
    world.quiet().await;

    // Somebody asks again, which does not wait.
    let issuing = json!([{"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "please"}]);
    let patch = json!({"status": {"conditions": issuing}});
    let params = kube::api::PatchParams::default();
    world
        .api::<Certificate>()
        .patch_status("web", &params, &kube::api::Patch::Merge(patch))
        .await
        .unwrap();
    let again = world
        .wait("web-1", "a new request", |request: &CertificateRequest| {
            request.metadata.uid != before
        })
        .await;
    set(
        &world,
        &again.metadata.name.unwrap(),
        wanted("Ready", ConditionStatus::False, "Failed"),
        |request| {
            request.status.get_or_insert_default().failure_time = Some(Time(jiff::Timestamp::now()));
        },
    )
    .await;
    let web = world
        .wait("web", "second failure", |web: &Certificate| {
            web.status
                .as_ref()
                .is_some_and(|status| status.failed_issuance_attempts == Some(2))
        })
        .await;
    assert_eq!(condition(&web, "Issuing").unwrap().reason, "Failed");
}

#[tokio::test]
async fn a_manual_trigger_renews_at_once() {
    let world = World::new("manual").await;
    with_ca(&world).await;
    world.create(certificate(&world.ns, "web", "ca", "web.test")).await;
    world.ready("web").await;
    let issuing = json!([{"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "please"}]);
    let params = kube::api::PatchParams::default();
    let patch = kube::api::Patch::Merge(json!({"status": {"conditions": issuing}}));
    world
        .api::<Certificate>()
        .patch_status("web", &params, &patch)
        .await
        .unwrap();
    let web = world.revision("web", 2).await;
    assert_eq!(condition(&web, "Issuing"), None);
}
