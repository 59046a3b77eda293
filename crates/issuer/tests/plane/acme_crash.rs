//! The operator dies at every write of an ACME issuance; the next one brings the same end with at most one order more at the CA.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use evercert_api::acme::v1::{Challenge, Order, State};
use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_core::runtime::Runtime;
use evercert_core::testing::TestResult;
use evercert_core::testing::driver::{Limits, Scenario, kill_at_every_write};
use evercert_harness::Plane;
use evercert_issuer::flags::Settings;
use evercert_issuer::operator;
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::key::PrivateKey;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};

use crate::acme::{Ca, names};
use crate::support::{condition, server, text};

struct Crash {
    ca: Ca,
    kubeconfig: PathBuf,
}

/// Names of requests and Secrets, and states of Orders.
type End = (Vec<String>, Vec<String>, Vec<Option<State>>);

impl Scenario for Crash {
    type World = String;
    type End = End;

    fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    async fn prepare(&self) -> TestResult<String> {
        let mut world = self.ca.world("acme-crash").await;
        self.ca.ready_issuer(&world, "hmac-sha256").await;
        world.quiet().await;
        world.stop();
        world.create(names(&world, "web", &["crash.demo.test"])).await;
        Ok(world.ns)
    }

    async fn operate(&self, rt: Runtime, world: String) {
        let mut settings = Settings {
            namespace: world,
            ..Settings::default()
        };
        self.ca.believed_by(&mut settings);
        operator::start(rt, settings).await;
    }

    async fn end(&self, world: &String) -> TestResult<Option<End>> {
        let client = Plane::shared().await.client().await?;
        let certificate = Api::<Certificate>::namespaced(client.clone(), world).get("web").await?;
        let ready = condition(&certificate, "Ready").is_some_and(|ready| ready.reason == "Ready");
        let challenges = Api::<Challenge>::namespaced(client.clone(), world)
            .list(&Default::default())
            .await?;
        if !ready || condition(&certificate, "Issuing").is_some() || !challenges.items.is_empty() {
            return Ok(None);
        }
        let secrets = Api::<Secret>::namespaced(client.clone(), world);
        let secret = secrets.get("web-tls").await?;
        let chain = X509::bundle_from_pem(text(&secret, "tls.crt").as_bytes(), 95_000)?;
        assert!(chain[0].matches(&PrivateKey::from_pem(text(&secret, "tls.key").as_bytes())?));
        let requests = Api::<CertificateRequest>::namespaced(client.clone(), world);
        let requests = requests.list(&Default::default()).await?;
        let orders = Api::<Order>::namespaced(client, world)
            .list(&Default::default())
            .await?;
        Ok(Some((
            requests.iter().map(ResourceExt::name_any).collect(),
            secrets
                .list(&Default::default())
                .await?
                .iter()
                .map(ResourceExt::name_any)
                .collect(),
            orders
                .iter()
                .map(|order| order.status.as_ref().and_then(|status| status.state.clone()))
                .collect(),
        )))
    }
}

#[tokio::test]
async fn an_acme_issuance_ends_the_same_wherever_the_operator_dies() {
    let kubeconfig = server().await.kubeconfig();
    let ca = Ca::new(|_| {}).await;
    let limits = Limits {
        quiet: Duration::from_millis(300),
        ..Limits::default()
    };
    let report = kill_at_every_write(Arc::new(Crash { ca, kubeconfig }), limits)
        .await
        .unwrap();
    println!("{report:?}");
    assert!(report.kills >= 30, "{report:?}");
}
