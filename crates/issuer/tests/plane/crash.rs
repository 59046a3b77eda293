//! The operator dies at every write of an issuance and of a renewal; the next one brings the same end, with no second certificate.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use evercert_api::certmanager::v1::{Certificate, CertificateRequest};
use evercert_core::runtime::Runtime;
use evercert_core::testing::TestResult;
use evercert_core::testing::builders::{ca_issuer, certificate, self_signed_issuer};
use evercert_core::testing::driver::{Limits, Scenario, kill_at_every_write};
use evercert_harness::Plane;
use evercert_issuer::flags::Settings;
use evercert_issuer::operator;
use evercert_pki::certificate::Certificate as X509;
use evercert_pki::key::PrivateKey;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, ResourceExt};
use serde_json::json;

use crate::issuing::with_ca;
use crate::support::{World, condition, server, text};

/// What happens to the Certificate `web` while the operator dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// It is new, its issuer ready.
    Issuing,
    /// It is new, and so is all that it needs.
    FromNothing,
    /// Its names are changed.
    Renewal,
}

struct Crash {
    story: Story,
    kubeconfig: PathBuf,
}

/// The end: for each Certificate its name, revision, conditions, names in the Secret; then what else is there.
type End = (Vec<(String, Option<i64>, String, String)>, Vec<String>, Vec<String>);

impl Scenario for Crash {
    type World = String;
    type End = End;

    fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    async fn prepare(&self) -> TestResult<String> {
        let mut world = World::new("crash").await;
        if self.story == Story::FromNothing {
            world.stop();
            world.create(self_signed_issuer(&world.ns, "self")).await;
            let mut root = certificate(&world.ns, "root", "self", "root.test");
            root.spec.is_ca = true;
            world.create(root).await;
            world.create(ca_issuer(&world.ns, "ca", "root-tls")).await;
        } else {
            with_ca(&world).await;
        }
        if self.story == Story::Renewal {
            world.create(certificate(&world.ns, "web", "ca", "old.test")).await;
            world.ready("web").await;
            world.quiet().await;
            world.stop();
            world
                .merge::<Certificate>("web", json!({"spec": {"dnsNames": ["web.test"]}}))
                .await;
        } else {
            world.stop();
            world.create(certificate(&world.ns, "web", "ca", "web.test")).await;
        }
        Ok(world.ns)
    }

    async fn operate(&self, rt: Runtime, world: String) {
        operator::start(
            rt,
            Settings {
                namespace: world,
                ..Settings::default()
            },
        )
        .await;
    }

    async fn end(&self, world: &String) -> TestResult<Option<End>> {
        let client = Plane::shared().await.client().await?;
        let certificates: Api<Certificate> = Api::namespaced(client.clone(), world);
        let secrets: Api<Secret> = Api::namespaced(client.clone(), world);
        let mut found = vec![];
        for certificate in certificates.list(&Default::default()).await? {
            let Some(secret) = secrets.get_opt(&certificate.spec.secret_name).await? else {
                return Ok(None);
            };
            let Some(line) = line(&certificate, &secret) else {
                return Ok(None);
            };
            found.push(line);
        }
        let requests: Api<CertificateRequest> = Api::namespaced(client, world);
        let requests = requests
            .list(&Default::default())
            .await?
            .items
            .iter()
            .map(ResourceExt::name_any)
            .collect();
        let secrets = secrets
            .list(&Default::default())
            .await?
            .items
            .iter()
            .map(ResourceExt::name_any)
            .collect();
        Ok(Some((found, requests, secrets)))
    }
}

/// What can be said of a Certificate that is done; `None` of one that is not.
fn line(certificate: &Certificate, secret: &Secret) -> Option<(String, Option<i64>, String, String)> {
    let ready = condition(certificate, "Ready")?;
    let status = certificate.status.as_ref()?;
    if condition(certificate, "Issuing").is_some()
        || ready.reason != "Ready"
        || status.next_private_key_secret_name.is_some()
    {
        return None;
    }
    let chain = X509::bundle_from_pem(text(secret, "tls.crt").as_bytes(), 95_000).ok()?;
    let key = PrivateKey::from_pem(text(secret, "tls.key").as_bytes()).ok()?;
    assert!(
        chain[0].matches(&key),
        "a Secret whose key does not match its certificate"
    );
    let names = secret.annotations()["cert-manager.io/alt-names"].clone();
    (names == certificate.spec.dns_names.join(","))
        .then(|| (certificate.name_any(), status.revision, ready.reason.clone(), names))
}

async fn drive(story: Story) -> usize {
    let kubeconfig = server().await.kubeconfig();
    let limits = Limits {
        quiet: Duration::from_millis(300),
        ..Limits::default()
    };
    let report = kill_at_every_write(Arc::new(Crash { story, kubeconfig }), limits)
        .await
        .unwrap();
    println!("{story:?}: {report:?}");
    report.kills
}

#[tokio::test]
async fn an_issuance_ends_the_same_wherever_the_operator_dies() {
    assert_eq!(drive(Story::Issuing).await, 8);
}

#[tokio::test]
async fn a_renewal_ends_the_same_wherever_the_operator_dies() {
    assert_eq!(drive(Story::Renewal).await, 10);
}

#[tokio::test]
async fn everything_at_once_ends_the_same_wherever_the_operator_dies() {
    assert!(drive(Story::FromNothing).await >= 20);
}
