//! Restarts against a real API server: exactly one for what changed, none for the rest.

mod support;

use std::time::Duration;

use evercert_core::contract;
use evercert_core::watch::Scope;
use evercert_harness::Plane;
use evercert_reloader::flags::Settings;
use support::{Reloader, Space, env, map, seen};

const SECRET: &str = "secret.reloader.stakater.com/reload";
const CONFIG_MAP: &str = "configmap.reloader.stakater.com/reload";
const AUTO: &str = "reloader.stakater.com/auto";
const JKS: &str = "cert-utils-operator.redhat-cop.io/generate-java-keystores";
/// sha1sum of `k=1`, `k=2`.
const ONE: &str = "bffe2afaec22736e9aed79a6a336af35b8d4e7c8";
const TWO: &str = "e5eb05bb23136deb5962f9004ae449e74f7e0547";

async fn space() -> Space {
    Space::new(Plane::shared().await).await
}

#[tokio::test]
async fn changed_secret_restarts_its_workload_once_with_upstreams_variable() {
    let space = space().await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.secret("tls", &[("k", "1")]).await;
    space.deployment("app", &[(SECRET, "tls")], &["tls"]).await;
    assert_eq!(space.remembered("app", "secret/tls").await, ONE);

    space.secret("tls", &[("k", "2")]).await;
    let app = space.restarted("app", "STAKATER_TLS_SECRET", "").await;
    assert_eq!(
        (env(&app, "STAKATER_TLS_SECRET").as_deref(), space.restarts("app").await),
        (Some(TWO), 1)
    );
    assert_eq!(seen(&app), map(&[("secret/tls", TWO)]), "memory goes along");
    let note = space.event("app", "Reloaded").await;
    let ns = &space.ns;
    let expected = format!(
        "Changes detected in 'tls' of type 'SECRET' in namespace '{ns}', Updated 'app' of type 'Deployment' in namespace '{ns}'"
    );
    assert_eq!(note, expected);

    // What follows is seen after everything above, so nothing else came of it.
    space
        .annotated_secret("tls", &[("k", "2")], &[("touched", "yes")])
        .await;
    space.secret("tls", &[("k", "1")]).await;
    let app = space.restarted("app", "STAKATER_TLS_SECRET", TWO).await;
    assert_eq!(
        (env(&app, "STAKATER_TLS_SECRET").as_deref(), space.restarts("app").await),
        (Some(ONE), 2)
    );
    reloader.stop().await;
}

#[tokio::test]
async fn changes_made_while_the_operator_was_down_restart_once_together() {
    let space = space().await;
    let names = ["a", "b", "c", "d"];
    for name in names {
        space.secret(name, &[("k", "1")]).await;
    }
    space.config_map("conf", &[("k", "1")]).await;
    space
        .deployment("app", &[(AUTO, "true"), (CONFIG_MAP, "conf")], &names)
        .await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.until("app", "remembered", |now| seen(now).len() == 5).await;
    reloader.stop().await;

    for name in ["a", "b", "c"] {
        space.secret(name, &[("k", "2")]).await;
    }
    space.config_map("conf", &[("k", "2")]).await;
    let reloader = Reloader::start(&space.client, &space.ns);
    let app = space.restarted("app", "STAKATER_A_SECRET", "").await;
    assert_eq!(space.restarts("app").await, 1);
    for variable in [
        "STAKATER_A_SECRET",
        "STAKATER_B_SECRET",
        "STAKATER_C_SECRET",
        "STAKATER_CONF_CONFIGMAP",
    ] {
        assert_eq!(env(&app, variable).as_deref(), Some(TWO), "{variable}");
    }
    assert_eq!(env(&app, "STAKATER_D_SECRET"), None);

    space.secret("d", &[("k", "2")]).await;
    space.restarted("app", "STAKATER_D_SECRET", "").await;
    assert_eq!(space.restarts("app").await, 2);
    reloader.stop().await;
}

#[tokio::test]
async fn unsettled_secret_holds_back_until_its_derived_data_is_there() {
    let space = space().await;
    let wish = (JKS, "true");
    let digest = |value: &str| {
        let data = [("tls.crt".to_owned(), k8s_openapi::ByteString(value.into()))].into();
        contract::derived_digest(&map(&[wish]), &data).unwrap()
    };
    let settled = |value: &'static str| {
        let (digest, space) = (digest(value), &space);
        async move {
            let annotations = [wish, ("evercert.dev/derived-from", digest.as_str())];
            space
                .annotated_secret("tls", &[("tls.crt", value), ("keystore.jks", value)], &annotations)
                .await;
        }
    };
    settled("1").await;
    space.config_map("conf", &[("k", "1")]).await;
    space
        .deployment("app", &[(SECRET, "tls"), (CONFIG_MAP, "conf")], &["tls"])
        .await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.until("app", "remembered", |now| seen(now).len() == 2).await;

    reloader.stop().await;

    // Renewed, keystore still the old one, and something else changed. Secrets and ConfigMaps come by different watches,
    // so only a start finds both at once. The witness shows that the operator has looked.
    let old = digest("1");
    let annotations = [wish, ("evercert.dev/derived-from", old.as_str())];
    space
        .annotated_secret("tls", &[("tls.crt", "2"), ("keystore.jks", "1")], &annotations)
        .await;
    space.config_map("conf", &[("k", "2")]).await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.deployment("witness", &[(CONFIG_MAP, "conf")], &[]).await;
    space.remembered("witness", "configmap/conf").await;
    assert_eq!(space.restarts("app").await, 0, "held back");
    settled("2").await;
    let app = space.restarted("app", "STAKATER_TLS_SECRET", "").await;
    assert_eq!(space.restarts("app").await, 1, "one renewal, one rollout");
    assert_eq!(env(&app, "STAKATER_CONF_CONFIGMAP").as_deref(), Some(TWO));
    reloader.stop().await;
}

#[tokio::test]
async fn unsettled_secret_does_not_hold_back_for_ever() {
    let space = space().await;
    space.secret("tls", &[("tls.crt", "1")]).await;
    space.deployment("app", &[(SECRET, "tls")], &["tls"]).await;
    let scope = Scope::Namespace(space.ns.clone());
    let settle_timeout = Duration::from_millis(200);
    let reloader = Reloader::start_with(
        &space.client,
        Settings {
            scope,
            settle_timeout,
            ..Settings::default()
        },
    );
    space.remembered("app", "secret/tls").await;
    space
        .annotated_secret("tls", &[("tls.crt", "2")], &[(JKS, "true")])
        .await;
    space.restarted("app", "STAKATER_TLS_SECRET", "").await;
    assert_eq!(space.restarts("app").await, 1);
    let note = space.event("app", "DerivedDataStale").await;
    assert!(note.contains("'tls'"), "{note}");
    reloader.stop().await;
}

#[tokio::test]
async fn invalid_pattern_is_named_and_the_others_work() {
    let space = space().await;
    space.secret("app-tls", &[("k", "1")]).await;
    space.deployment("app", &[(SECRET, "(broken,app-.*")], &[]).await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.remembered("app", "secret/app-tls").await;
    let note = space.event("app", "InvalidAnnotation").await;
    assert!(note.contains("'(broken'") && note.contains(SECRET), "{note}");
    space.secret("app-tls", &[("k", "2")]).await;
    space.restarted("app", "STAKATER_APP_TLS_SECRET", "").await;
    assert_eq!(space.restarts("app").await, 1);
    reloader.stop().await;
}

#[tokio::test]
async fn missing_secret_restarts_nothing_when_it_appears_and_works_from_then_on() {
    let space = space().await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.deployment("app", &[(SECRET, "later")], &["later"]).await;
    space.secret("later", &[("k", "1")]).await;
    assert_eq!(space.remembered("app", "secret/later").await, ONE);
    space.secret("later", &[("k", "2")]).await;
    space.restarted("app", "STAKATER_LATER_SECRET", "").await;
    assert_eq!(space.restarts("app").await, 1);
    // Deleted: nothing. Back with other content: a change.
    space.delete_secret("later").await;
    space.secret("later", &[("k", "3")]).await;
    space.restarted("app", "STAKATER_LATER_SECRET", TWO).await;
    assert_eq!(space.restarts("app").await, 2);
    reloader.stop().await;
}

#[tokio::test]
async fn workload_as_reloader_left_it_is_taken_over_without_a_write() {
    let space = space().await;
    space.secret("tls", &[("k", "1")]).await;
    space.secret("other", &[("k", "1")]).await;
    space.deployment("app", &[(SECRET, "tls")], &["tls"]).await;
    let patch = serde_json::json!({"spec": {"template": {"spec": {"containers": [
        {"name": "app", "env": [{"name": "STAKATER_TLS_SECRET", "value": ONE}]}]}}}});
    let params = kube::api::PatchParams {
        field_manager: Some("Reloader".into()),
        ..Default::default()
    };
    space
        .deployments()
        .patch("app", &params, &kube::api::Patch::Strategic(patch))
        .await
        .unwrap();
    space.deployment("witness", &[(SECRET, "other")], &["other"]).await;
    let reloader = Reloader::start(&space.client, &space.ns);
    space.remembered("witness", "secret/other").await;
    space.secret("other", &[("k", "2")]).await;
    space.restarted("witness", "STAKATER_OTHER_SECRET", "").await;
    let app = space.deployments().get("app").await.unwrap();
    assert_eq!(
        (space.restarts("app").await, seen(&app)),
        (1, map(&[])),
        "neither restarted nor touched"
    );
    space.secret("tls", &[("k", "2")]).await;
    space.restarted("app", "STAKATER_TLS_SECRET", ONE).await;
    assert_eq!(space.restarts("app").await, 2);
    reloader.stop().await;
}
