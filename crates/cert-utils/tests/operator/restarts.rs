//! The operator dies at every one of its writes; the next one brings the same end.

use std::path::PathBuf;
use std::sync::Arc;

use evercert_cert_utils::operator;
use evercert_core::contract::annotations::{
    CERTS_FROM_SECRET, DERIVED_FROM, DESTINATION_CA_FROM_SECRET, GENERATE_JAVA_KEYSTORES,
};
use evercert_core::runtime::Runtime;
use evercert_core::testing::TestResult;
use evercert_core::testing::driver::{Limits, Scenario, kill_at_every_write};
use evercert_core::watch::Scope;
use evercert_harness::Plane;
use serde_json::json;

use crate::cluster::{World, annotation, data};
use crate::fixtures::{Authority, Leaf, authority};

/// One Secret that wishes keystores, and a Route on it.
struct Chain {
    kubeconfig: PathBuf,
    root: Authority,
    leaf: Leaf,
}

impl Scenario for Chain {
    type World = String;
    type End = (
        Vec<Option<Vec<u8>>>,
        Option<String>,
        Option<evercert_api::route::v1::RouteTls>,
    );

    fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    async fn prepare(&self) -> TestResult<String> {
        let world = World::prepare().await?;
        let wish = json!({GENERATE_JAVA_KEYSTORES: "true"});
        let inputs = [
            ("tls.crt", self.leaf.crt.as_str()),
            ("tls.key", &self.leaf.key),
            ("ca.crt", &self.root.pem()),
        ];
        world.create_secret("tls", wish, &inputs).await?;
        let annotations = json!({CERTS_FROM_SECRET: "tls", DESTINATION_CA_FROM_SECRET: "tls"});
        let spec = json!({"to": {"kind": "Service", "name": "web"}, "tls": {"termination": "reencrypt"}});
        world.create_route("web", annotations, spec).await?;
        Ok(world.namespace.clone())
    }

    async fn operate(&self, rt: Runtime, namespace: String) {
        operator::start(&rt, &Scope::Namespace(namespace)).await;
    }

    async fn end(&self, namespace: &String) -> TestResult<Option<Self::End>> {
        let world = World::at(
            Plane::shared().await.client().await?,
            self.kubeconfig.clone(),
            namespace.clone(),
        );
        let (secret, route) = (world.secrets.get("tls").await?, world.routes.get("web").await?);
        let stores: Vec<_> = ["keystore.jks", "truststore.jks"].map(|key| data(&secret, key)).into();
        let done =
            stores.iter().all(Option::is_some) && route.spec.tls.as_ref().is_some_and(|tls| tls.certificate.is_some());
        Ok(done.then(|| (stores, annotation(&secret, DERIVED_FROM), route.spec.tls)))
    }
}

#[tokio::test]
async fn the_end_is_the_same_whenever_the_operator_dies() -> TestResult {
    let root = authority("root");
    let leaf = root.leaf("web");
    let scenario = Chain {
        kubeconfig: Plane::shared().await.kubeconfig(),
        root,
        leaf,
    };
    let mut report = kill_at_every_write(Arc::new(scenario), Limits::default()).await?;
    report.writes.sort();
    assert_eq!(
        (report.writes, report.kills),
        (vec!["patch routes web".into(), "patch secrets tls".into()], 4)
    );
    Ok(())
}
