//! The whole ACME way: a real API server, Pebble as the CA, BIND as the DNS.

use std::time::{Duration, Instant};

use evercert_api::acme::v1::{Challenge, Order, State};
use evercert_api::certmanager::v1::{Certificate, CertificateRequest, Issuer};
use evercert_core::conditions;
use evercert_core::testing::builders::{certificate, secret};
use evercert_core::testing::wait::until;
use evercert_harness::bind::{Bind, BindConfig};
use evercert_harness::host::Host;
use evercert_harness::pebble::{Pebble, PebbleConfig};
use evercert_issuer::flags::Settings;
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::limits;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::support::{LIMIT, World, request_condition, text};

/// A CA and a DNS of this test's own.
pub struct Ca {
    host: &'static Host,
    bind: Bind<'static>,
    pebble: Pebble<'static>,
    _dir: tempfile::TempDir,
}

impl Ca {
    pub async fn new(change: impl FnOnce(&mut PebbleConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host: &'static Host = Box::leak(Box::new(Host::local(dir.path())));
        let bind = Bind::start(host, BindConfig::open(&["demo.test"], "127.0.0.1"))
            .await
            .unwrap();
        let mut config = PebbleConfig::new(bind.address());
        change(&mut config);
        let pebble = Pebble::start(host, &config).await.unwrap();
        Self {
            host,
            bind,
            pebble,
            _dir: dir,
        }
    }

    /// A namespace whose operator believes our BIND, which listens on another port than the servers of a zone do.
    pub async fn world(&self, prefix: &str) -> World {
        World::with(prefix, |settings| self.believed_by(settings)).await
    }

    /// Settings of an operator that asks our BIND.
    pub fn believed_by(&self, settings: &mut Settings) {
        settings.dns01_recursive_nameservers = vec![self.bind.address().to_string()];
        settings.dns01_recursive_nameservers_only = true;
    }

    fn issuer(&self, ns: &str, algorithm: &str) -> Issuer {
        let key = self.bind.key(algorithm).unwrap();
        let field = algorithm.replace('-', "").to_uppercase();
        serde_json::from_value(json!({
            "apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": {"name": "acme", "namespace": ns},
            "spec": {"acme": {
                "server": self.pebble.directory_url(), "email": "admin@demo.test",
                "caBundle": base64(self.pebble.ca_bundle().as_bytes()),
                "privateKeySecretRef": {"name": "acme-account"},
                "solvers": [{"dns01": {"rfc2136": {
                    "nameserver": self.bind.address().to_string(), "tsigKeyName": key.name, "tsigAlgorithm": field,
                    "tsigSecretSecretRef": {"name": "tsig", "key": "secret"},
                }}}],
            }},
        }))
        .unwrap()
    }

    pub async fn ready_issuer(&self, world: &World, algorithm: &str) {
        let key = self.bind.key(algorithm).unwrap().base64();
        world.create(secret(&world.ns, "tsig", &[("secret", &key)])).await;
        world.create(self.issuer(&world.ns, algorithm)).await;
        world.issuer_ready("acme").await;
    }
}

fn base64(bytes: &[u8]) -> serde_json::Value {
    serde_json::to_value(evercert_api::ByteString(bytes.to_vec())).unwrap()
}

pub fn names(world: &World, name: &str, dns: &[&str]) -> Certificate {
    let mut certificate = certificate(&world.ns, name, "acme", dns[0]);
    certificate.spec.dns_names = dns.iter().map(|&name| name.to_owned()).collect();
    certificate
}

async fn orders(world: &World) -> Vec<Order> {
    world.api::<Order>().list(&ListParams::default()).await.unwrap().items
}

async fn challenges(world: &World) -> Vec<Challenge> {
    world
        .api::<Challenge>()
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
}

async fn no_challenges(world: &World) {
    until("all Challenges gone", LIMIT, async || {
        Ok(challenges(world).await.is_empty().then_some(()))
    })
    .await
    .unwrap();
}

/// The first CertificateRequest that passes.
async fn request(world: &World, what: &str, passes: impl Fn(&CertificateRequest) -> bool) -> CertificateRequest {
    until(what, LIMIT, async || {
        let all = world
            .api::<CertificateRequest>()
            .list(&ListParams::default())
            .await?
            .items;
        Ok(all.into_iter().find(|request| passes(request)))
    })
    .await
    .unwrap()
}

async fn challenge_saying(world: &World, words: &str) -> Challenge {
    let said = |challenge: &Challenge| {
        challenge
            .status
            .as_ref()
            .is_some_and(|status| status.reason.contains(words))
    };
    let found = until(words, LIMIT, async || {
        Ok(challenges(world).await.into_iter().find(said))
    })
    .await;
    match found {
        Ok(found) => found,
        Err(error) => panic!("{error}: {:?}", challenges(world).await),
    }
}

#[tokio::test]
async fn a_wildcard_and_its_base_name_are_proven_together_and_cleaned_up() {
    let ca = Ca::new(|config| config.bad_nonce_percent = 20).await;
    let world = ca.world("acme").await;
    ca.ready_issuer(&world, "hmac-md5").await;
    let issuer = world.issuer_ready("acme").await;
    let account = issuer.status.unwrap().acme.unwrap();
    assert!(account.uri.starts_with("https://") && account.last_registered_email == "admin@demo.test");
    let key = world.secret("acme-account").await;
    assert!(text(&key, "tls.key").starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    assert_eq!(key.labels()["app.kubernetes.io/managed-by"], "cert-manager");

    world
        .create(names(&world, "web", &["a.demo.test", "*.a.demo.test"]))
        .await;
    world.ready("web").await;
    no_challenges(&world).await;
    world.quiet().await;
    let chain = X509::bundle_from_pem(
        text(&world.secret("web-tls").await, "tls.crt").as_bytes(),
        limits::CHAIN,
    )
    .unwrap();
    let mut sans = chain[0].sans().dns.clone();
    sans.sort();
    assert_eq!(
        (sans.as_slice(), chain.len()),
        (&["*.a.demo.test".to_owned(), "a.demo.test".to_owned()][..], 2)
    );
    let orders = orders(&world).await;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].status.as_ref().unwrap().state, Some(State::Valid));
    let left = evercert_dns::Propagation {
        recursive: vec![ca.bind.address().to_string()],
        recursive_only: true,
        port: 53,
    };
    for authorization in &orders[0].status.as_ref().unwrap().authorizations {
        let name = evercert_dns::challenge_name(&authorization.identifier);
        assert!(matches!(
            left.check(&name, "any").await.unwrap(),
            evercert_dns::Visibility::Missing { .. }
        ));
    }
    eprintln!("writes: {:?}", world.writes());
}

#[tokio::test]
async fn thirty_orders_at_once_take_seconds() {
    let ca = Ca::new(|_| {}).await;
    let world = ca.world("acme-many").await;
    ca.ready_issuer(&world, "hmac-sha256").await;
    let began = Instant::now();
    for n in 0..30 {
        world
            .create(names(&world, &format!("web-{n}"), &[&format!("web-{n}.demo.test")]))
            .await;
    }
    for n in 0..30 {
        world.ready(&format!("web-{n}")).await;
    }
    let took = began.elapsed();
    eprintln!("30 orders in {took:?}");
    assert!(took < Duration::from_secs(25), "{took:?}");
    no_challenges(&world).await;
    assert_eq!(orders(&world).await.len(), 30);
}

#[tokio::test]
async fn a_wrong_tsig_secret_is_told_and_mended_by_its_correction() {
    let ca = Ca::new(|_| {}).await;
    let world = ca.world("acme-tsig").await;
    ca.ready_issuer(&world, "hmac-sha512").await;
    world
        .merge::<Secret>("tsig", json!({"stringData": {"secret": "d3Jvbmc="}}))
        .await;
    world.create(names(&world, "web", &["a.demo.test"])).await;
    let told = challenge_saying(&world, "BADSIG").await;
    assert_eq!(told.status.unwrap().state, Some(State::Pending));
    let key = ca.bind.key("hmac-sha512").unwrap().base64();
    world
        .merge::<Secret>("tsig", json!({"stringData": {"secret": key}}))
        .await;
    world.ready("web").await;
    assert_eq!(orders(&world).await.len(), 1, "the same order is continued");
}

#[tokio::test]
async fn a_refused_order_fails_the_request_with_the_servers_words() {
    let ca = Ca::new(|config| config.blocked = vec!["blocked.demo.test".into()]).await;
    let world = ca.world("acme-refused").await;
    ca.ready_issuer(&world, "hmac-sha1").await;
    world.create(names(&world, "web", &["blocked.demo.test"])).await;
    let failed = request(&world, "request failed", |request| {
        request_condition(request, "Ready").is_some_and(|ready| ready.reason == "Failed")
    })
    .await;
    let message = &request_condition(&failed, "Ready").unwrap().message;
    assert!(
        message.contains("rejectedIdentifier") && message.contains("blocked.demo.test"),
        "{message}"
    );
}

#[tokio::test]
async fn an_order_outlives_a_restart_and_a_ca_that_is_away() {
    let ca = Ca::new(|_| {}).await;
    let mut world = ca.world("acme-restart").await;
    ca.ready_issuer(&world, "hmac-sha256").await;
    // The record cannot be made, so the order waits.
    ca.bind.stop().await.unwrap();
    world.create(names(&world, "web", &["a.demo.test"])).await;
    challenge_saying(&world, "Error presenting challenge").await;
    let before = orders(&world).await;
    world.stop();
    ca.bind.restart().await.unwrap();
    world.start();
    world.ready("web").await;
    let after = orders(&world).await;
    assert_eq!(after.len(), 1);
    assert_eq!(
        after[0].status.as_ref().unwrap().url,
        before[0].status.as_ref().unwrap().url
    );
    assert!(ca.host.dir().exists());
}

#[tokio::test]
async fn solvers_that_are_not_supported_and_deletions_under_way_leave_nothing_stuck() {
    let ca = Ca::new(|_| {}).await;
    let world = ca.world("acme-stuck").await;
    ca.ready_issuer(&world, "hmac-sha256").await;
    let http = json!({"spec": {"acme": {"solvers": [{"http01": {"ingress": {}}}]}}});
    world.merge::<Issuer>("acme", http).await;
    world.create(names(&world, "web", &["a.demo.test"])).await;
    request(&world, "told that HTTP-01 is not supported", |request| {
        request_condition(request, "Ready")
            .is_some_and(|ready| ready.message.contains("HTTP-01 solvers are not supported yet"))
    })
    .await;
    let solvers = serde_json::to_value(&ca.issuer(&world.ns, "hmac-sha256").spec.acme.unwrap().solvers).unwrap();
    ca.bind.stop().await.unwrap();
    world
        .merge::<Issuer>("acme", json!({"spec": {"acme": {"solvers": solvers}}}))
        .await;
    challenge_saying(&world, "Error presenting challenge").await;
    // Without its credentials the record cannot be removed: the Challenge goes all the same.
    world
        .api::<Secret>()
        .delete("tsig", &DeleteParams::default())
        .await
        .unwrap();
    let before = challenges(&world).await.remove(0);
    world
        .api::<Challenge>()
        .delete(&before.name_any(), &DeleteParams::default())
        .await
        .unwrap();
    until("the Challenge gone", LIMIT, async || {
        Ok(challenges(&world)
            .await
            .iter()
            .all(|challenge| challenge.uid() != before.uid())
            .then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn issuers_that_cannot_work_say_why() {
    let ca = Ca::new(|config| config.external_accounts = [("kid".to_owned(), "aGVsbG8".to_owned())].into()).await;
    let world = ca.world("acme-issuers").await;
    let edits = [
        (
            "no-binding",
            json!({}),
            "ErrRegisterACMEAccount",
            "externalAccountBinding",
        ),
        (
            "nobody",
            json!({"server": "https://127.0.0.1:1/dir"}),
            "ErrRegisterACMEAccount",
            "127.0.0.1:1",
        ),
        (
            "wrong-ca",
            json!({"caBundle": null}),
            "ErrRegisterACMEAccount",
            "certificate",
        ),
        (
            "no-key",
            json!({"disableAccountKeyGeneration": true, "privateKeySecretRef": {"name": "absent"}}),
            "ErrVerifyACMEAccount",
            "absent",
        ),
    ];
    for (name, edit, reason, words) in edits {
        let mut issuer = serde_json::to_value(ca.issuer(&world.ns, "hmac-sha256")).unwrap();
        issuer["metadata"]["name"] = name.into();
        edit.as_object()
            .unwrap()
            .iter()
            .for_each(|(key, value)| issuer["spec"]["acme"][key] = value.clone());
        world.create(serde_json::from_value::<Issuer>(issuer).unwrap()).await;
        world
            .wait(name, &format!("Issuer {name}: {reason}, {words}"), |issuer: &Issuer| {
                let ready = issuer
                    .status
                    .as_ref()
                    .and_then(|status| conditions::find(&status.conditions, "Ready"));
                ready.is_some_and(|ready| ready.reason == reason && ready.message.contains(words))
            })
            .await;
    }
}
