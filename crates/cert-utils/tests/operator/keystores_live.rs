//! Keystores against a real API server: the trigger matrix, ownership, faults.

use evercert_core::contract::annotations::{
    DERIVED_FROM, DERIVED_KEYS, GENERATE_JAVA_KEYSTORES, JAVA_KEYSTORE_PASSWORD,
};
use evercert_core::contract::is_settled;
use evercert_core::testing::TestResult;
use evercert_core::testing::faults::{Fault, When};
use evercert_keystore::jks;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::cluster::{World, annotation, data};
use crate::fixtures::{Leaf, authority};

const KEYSTORE: &str = "keystore.jks";
const TRUSTSTORE: &str = "truststore.jks";
const WRITE: &str = "patch secrets tls";

fn wish() -> Value {
    json!({GENERATE_JAVA_KEYSTORES: "true"})
}

fn settled(secret: &Secret) -> bool {
    let (annotations, data) = (secret.metadata.annotations.clone(), secret.data.clone());
    annotation(secret, DERIVED_FROM).is_some()
        && is_settled(&annotations.unwrap_or_default(), &data.unwrap_or_default())
}

fn opens(secret: &Secret, key: &str, password: &str) -> bool {
    data(secret, key).is_some_and(|file| jks::parse(&file, password).is_ok())
}

/// Data as a merge patch of `stringData`.
fn renewed(leaf: &Leaf) -> Value {
    json!({"stringData": {"tls.crt": leaf.crt, "tls.key": leaf.key}})
}

async fn with_keystores(world: &World) -> TestResult<Secret> {
    let root = authority("root");
    let leaf = root.leaf("leaf");
    let inputs = [
        ("tls.crt", leaf.crt.as_str()),
        ("tls.key", &leaf.key),
        ("ca.crt", &root.pem()),
        ("mine", "x"),
    ];
    world.create_secret("tls", wish(), &inputs).await?;
    world.until_secret("tls", "keystores", settled).await
}

#[tokio::test]
async fn an_annotated_secret_gets_its_stores_in_one_write_and_a_restart_writes_nothing() -> TestResult {
    let mut world = World::start().await?;
    let secret = with_keystores(&world).await?;
    assert!(opens(&secret, KEYSTORE, "changeme") && opens(&secret, TRUSTSTORE, "changeme"));
    assert_eq!(
        annotation(&secret, DERIVED_KEYS).as_deref(),
        Some("keystore.jks,truststore.jks")
    );
    assert_eq!(world.writes().await?, [WRITE]);
    world.restart()?;
    assert_eq!(world.writes().await?, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn each_change_is_followed_by_one_write_that_touches_only_what_is_ours() -> TestResult {
    let world = World::start().await?;
    let first = with_keystores(&world).await?;
    let root = authority("other");
    let changed = |key: &'static str, before: &Secret| {
        let old = data(before, key);
        move |secret: &Secret| settled(secret) && data(secret, key) != old
    };

    world.patch_secret("tls", renewed(&root.leaf("leaf"))).await?;
    let second = world
        .until_secret("tls", "keystore of the renewed key", changed(KEYSTORE, &first))
        .await?;
    assert_eq!(
        (data(&second, TRUSTSTORE), data(&second, "mine")),
        (data(&first, TRUSTSTORE), data(&first, "mine"))
    );

    world
        .patch_secret("tls", json!({"stringData": {"ca.crt": root.pem()}}))
        .await?;
    let third = world
        .until_secret("tls", "truststore of the new CA", changed(TRUSTSTORE, &second))
        .await?;

    world
        .patch_secret("tls", json!({"stringData": {KEYSTORE: "tampered"}}))
        .await?;
    world
        .until_secret("tls", "repaired keystore", |secret| {
            data(secret, KEYSTORE) == data(&third, KEYSTORE)
        })
        .await?;
    world.patch_secret("tls", json!({"data": {TRUSTSTORE: null}})).await?;
    world
        .until_secret("tls", "truststore again", |secret| {
            data(secret, TRUSTSTORE) == data(&third, TRUSTSTORE)
        })
        .await?;

    world
        .patch_secret(
            "tls",
            json!({"metadata": {"annotations": {JAVA_KEYSTORE_PASSWORD: "geheim"}}}),
        )
        .await?;
    world
        .until_secret("tls", "new password", |secret| opens(secret, KEYSTORE, "geheim"))
        .await?;

    world.patch_secret("tls", json!({"data": {"ca.crt": null}})).await?;
    world
        .until_secret("tls", "no truststore", |secret| {
            settled(secret) && data(secret, TRUSTSTORE).is_none()
        })
        .await?;
    assert_eq!(world.writes().await?, [WRITE; 7]);

    world
        .patch_secret(
            "tls",
            json!({"metadata": {"annotations": {GENERATE_JAVA_KEYSTORES: null}}}),
        )
        .await?;
    let last = world
        .until_secret("tls", "no keystore", |secret| data(secret, KEYSTORE).is_none())
        .await?;
    let left: Vec<_> = last.data.iter().flatten().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        (left, annotation(&last, DERIVED_FROM), annotation(&last, DERIVED_KEYS)),
        (vec!["mine", "tls.crt", "tls.key"], None, None)
    );
    assert_eq!(world.writes().await?.len(), 8);

    world.secrets.delete("tls", &DeleteParams::default()).await?;
    with_keystores(&world).await?;
    Ok(())
}

#[tokio::test]
async fn an_unusable_input_is_told_once_keeps_the_store_and_is_not_tried_again() -> TestResult {
    let world = World::start().await?;
    let first = with_keystores(&world).await?;
    world
        .patch_secret("tls", json!({"stringData": {"tls.key": "garbage"}}))
        .await?;
    world
        .until_warned("tls", "tls.key: no PEM block with a private key found")
        .await?;
    let calls = world.faults.calls();
    assert_eq!(world.writes().await?, [WRITE]);
    assert!(world.faults.calls() - calls <= 2, "no retry storm");
    let secret = world.secrets.get("tls").await?;
    assert_eq!(
        (data(&secret, KEYSTORE), settled(&secret)),
        (data(&first, KEYSTORE), false)
    );
    let good = authority("root").leaf("leaf");
    world.patch_secret("tls", renewed(&good)).await?;
    world.until_secret("tls", "healed", settled).await?;
    Ok(())
}

#[tokio::test]
async fn a_secret_that_cannot_be_written_is_told_once_and_holds_up_no_other() -> TestResult {
    /// Bytes that leave no room for a keystore below the server's limit of 1 MiB.
    const NEARLY_FULL: usize = 1024 * 1024 - 100;
    let mut world = World::prepare().await?;
    let root = authority("root");
    let leaf = root.leaf("leaf");
    let inputs = [("tls.crt", leaf.crt.as_str()), ("tls.key", leaf.key.as_str())];
    let filler = "x".repeat(NEARLY_FULL - leaf.crt.len() - leaf.key.len());
    let full = [inputs[0], inputs[1], ("filler", filler.as_str())];
    world.create_secret("full", wish(), &full).await?;
    world.create_secret("immutable", wish(), &inputs).await?;
    world.patch_secret("immutable", json!({"immutable": true})).await?;
    world.restart()?;
    for name in ["full", "immutable"] {
        world
            .until_warned(name, "the API server refuses the Java keystores: ")
            .await?;
    }
    let mut tried = world.writes().await?;
    tried.sort();
    assert_eq!(tried, ["patch secrets full", "patch secrets immutable"]);
    for name in ["full", "immutable"] {
        assert!(data(&world.secrets.get(name).await?, "tls.key").is_some_and(|key| key == leaf.key.as_bytes()));
    }
    with_keystores(&world).await?;
    Ok(())
}

#[tokio::test]
async fn a_keystore_that_the_issuer_applies_is_left_to_it() -> TestResult {
    let mut world = World::prepare().await?;
    let root = authority("root");
    let leaf = root.leaf("leaf");
    world
        .create_secret(
            "tls",
            wish(),
            &[("tls.crt", &leaf.crt), ("tls.key", &leaf.key), ("ca.crt", &root.pem())],
        )
        .await?;
    let params = PatchParams::apply("cert-manager-certificates-issuing").force();
    let theirs = json!({"apiVersion": "v1", "kind": "Secret", "data": {KEYSTORE: "dGhlaXJz"}});
    world.secrets.patch("tls", &params, &Patch::Apply(theirs)).await?;
    world.restart()?;
    let secret = world.until_secret("tls", "settled", settled).await?;
    assert_eq!(
        (data(&secret, KEYSTORE), opens(&secret, TRUSTSTORE, "changeme")),
        (Some(b"theirs".to_vec()), true)
    );
    world
        .until_warned(
            "tls",
            "keystore.jks is applied by \"cert-manager-certificates-issuing\"",
        )
        .await?;
    assert_eq!(world.writes().await?, [WRITE]);
    Ok(())
}

#[tokio::test]
async fn stores_that_upstream_wrote_are_taken_over_without_new_bytes_and_removed_when_unwished() -> TestResult {
    let mut world = World::start().await?;
    let made = with_keystores(&world).await?;
    world.kill();
    world.secrets.delete("tls", &DeleteParams::default()).await?;
    let mut adopted = made.clone();
    adopted.metadata = serde_json::from_value(json!({"name": "tls", "annotations": wish()}))?;
    let upstream = kube::api::PostParams {
        field_manager: Some("manager".into()),
        ..Default::default()
    };
    world.secrets.create(&upstream, &adopted).await?;
    world.restart()?;
    let secret = world.until_secret("tls", "settled", settled).await?;
    assert_eq!(secret.data, made.data);
    world
        .patch_secret(
            "tls",
            json!({"metadata": {"annotations": {GENERATE_JAVA_KEYSTORES: "false"}}}),
        )
        .await?;
    world
        .until_secret("tls", "removed", |secret| {
            data(secret, KEYSTORE).is_none() && data(secret, TRUSTSTORE).is_none()
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn failures_of_the_api_are_outlived() -> TestResult {
    let mut world = World::start().await?;
    with_keystores(&world).await?;
    let is_secret_write = |call: &evercert_core::testing::faults::Call| call.is_write() && call.resource == "secrets";
    for fault in [
        Fault::Status(409),
        Fault::Status(500),
        Fault::Error(When::Before),
        Fault::Error(When::After),
    ] {
        world.restart()?;
        world.faults.fail(1, fault.clone(), is_secret_write);
        world
            .patch_secret("tls", renewed(&authority("root").leaf("leaf")))
            .await?;
        world
            .until_secret("tls", &format!("settled in spite of {fault:?}"), settled)
            .await?;
    }
    world.faults.cut_watches();
    world
        .patch_secret("tls", renewed(&authority("root").leaf("leaf")))
        .await?;
    world
        .until_secret("tls", "settled after the watch was cut", settled)
        .await?;
    Ok(())
}
