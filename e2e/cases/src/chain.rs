//! The chain that suites renew: an internal CA, a certificate with keystores, a Deployment that mounts them.

use std::time::Duration;

use anyhow::{Context, Result};
use evercert_api::certmanager::v1::Certificate;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ListParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::json;

use crate::renewal::State;
use crate::wait::until;
use crate::world::World;

/// Time for one renewal with its rollout, on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(90);
/// Name of Certificate and Deployment.
const APP: &str = "app";

/// One chain in a namespace of its own.
#[derive(Clone)]
pub struct Chain {
    client: Client,
    /// The namespace.
    pub ns: String,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("ns", &self.ns).finish_non_exhaustive()
    }
}

impl Chain {
    /// Makes a chain and waits until its pod runs on its keystores.
    pub async fn set_up(world: &World, prefix: &str) -> Result<(Self, State)> {
        let ns = world.cluster.namespace(prefix).await?;
        world.cluster.apply(&manifest(&ns)).await?;
        let chain = Self {
            client: world.client().await?,
            ns,
        };
        let state = chain.settled("the first certificate").await?;
        Ok((chain, state))
    }

    /// Asks for a new certificate, as `cmctl renew` does.
    pub async fn renew(&self) -> Result<()> {
        let api: Api<Certificate> = Api::namespaced(self.client.clone(), &self.ns);
        until("the renewal to be asked for", LIMIT, async || {
            let mut certificate = api.get(APP).await?;
            let status = certificate.status.get_or_insert_default();
            status.conditions.retain(|condition| condition.type_ != "Issuing");
            status.conditions.push(serde_json::from_value(json!({
                "type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "asked for by a test",
                "lastTransitionTime": jiff::Timestamp::now(),
            }))?);
            api.replace_status(APP, &PostParams::default(), &certificate).await?;
            Ok(Some(()))
        })
        .await
    }

    /// Waits for another certificate than that of `before`, with everything that follows from it.
    pub async fn renewed(&self, before: &State) -> Result<State> {
        let what = format!("the successor of {}", before.serial);
        let renewed = until(&what, LIMIT, async || {
            Ok(self
                .state()
                .await?
                .filter(|now| now.is_settled() && now.serial != before.serial))
        });
        match renewed.await {
            Ok(state) => Ok(state),
            Err(error) => Err(error).with_context(|| format!("before: {before:?}")),
        }
    }

    /// Waits until nothing is under way.
    pub async fn settled(&self, what: &str) -> Result<State> {
        let settled = until(what, LIMIT, async || Ok(self.state().await?.filter(State::is_settled))).await;
        match settled {
            Ok(state) => Ok(state),
            Err(error) => Err(error).with_context(|| format!("in {}", self.ns)),
        }
    }

    /// The chain as it is now; `None` while parts of it do not exist.
    pub async fn state(&self) -> Result<Option<State>> {
        let certificates: Api<Certificate> = Api::namespaced(self.client.clone(), &self.ns);
        let deployments: Api<Deployment> = Api::namespaced(self.client.clone(), &self.ns);
        let secret = self.secret().await?;
        let (Some(secret), Some(certificate), Some(deployment)) = (
            secret,
            certificates.get_opt(APP).await?,
            deployments.get_opt(APP).await?,
        ) else {
            return Ok(None);
        };
        let replica_sets = self.replica_sets(&deployment).await?;
        Ok(State::of(&secret, &certificate, &deployment, replica_sets))
    }

    /// The certificate's Secret.
    pub async fn secret(&self) -> Result<Option<Secret>> {
        Ok(Api::<Secret>::namespaced(self.client.clone(), &self.ns)
            .get_opt("app-tls")
            .await?)
    }

    /// Every pod template that the Deployment ever had has one.
    async fn replica_sets(&self, of: &Deployment) -> Result<usize> {
        let all = Api::<ReplicaSet>::namespaced(self.client.clone(), &self.ns)
            .list(&ListParams::default())
            .await?;
        let owned = all.iter().filter(|set| {
            set.owner_references()
                .iter()
                .any(|owner| Some(&owner.uid) == of.uid().as_ref())
        });
        Ok(owned.count())
    }
}

fn manifest(ns: &str) -> String {
    let meta = |name: &str| format!("metadata: {{name: {name}, namespace: {ns}}}");
    let issuer = |name: &str, spec: &str| {
        format!(
            "apiVersion: cert-manager.io/v1\nkind: Issuer\n{}\nspec: {spec}\n---\n",
            meta(name)
        )
    };
    let certificate = |name: &str, spec: &str| {
        let key = "privateKey: {algorithm: ECDSA, size: 256, encoding: PKCS8, rotationPolicy: Always}";
        format!(
            "apiVersion: cert-manager.io/v1\nkind: Certificate\n{}\nspec:\n  {key}\n{spec}---\n",
            meta(name)
        )
    };
    let root = "  isCA: true\n  commonName: root\n  secretName: root\n  issuerRef: {name: self-signer}\n";
    let app = format!(
        "  secretName: app-tls\n  dnsNames: [app.{ns}.svc]\n  issuerRef: {{name: internal}}\n  secretTemplate:\n    annotations: \
         {{cert-utils-operator.redhat-cop.io/generate-java-keystores: \"true\"}}\n"
    );
    [
        issuer("self-signer", "{selfSigned: {}}"),
        certificate("root", root),
        issuer("internal", "{ca: {secretName: root}}"),
        certificate(APP, &app),
        deployment(&meta(APP)),
    ]
    .concat()
}

/// A pod that is ready once it has its keystore, and that ends at once.
fn deployment(meta: &str) -> String {
    let meta = meta.replace('}', ", annotations: {secret.reloader.stakater.com/reload: app-tls}}");
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
{meta}
spec:
  replicas: 1
  revisionHistoryLimit: 1000
  selector: {{matchLabels: {{app: app}}}}
  strategy: {{rollingUpdate: {{maxUnavailable: 0, maxSurge: 1}}}}
  template:
    metadata: {{labels: {{app: app}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: localhost/busybox:1
        imagePullPolicy: Never
        command: [busybox, sleep, "86400"]
        readinessProbe:
          exec: {{command: [busybox, test, -s, /keystores/keystore.jks]}}
          periodSeconds: 1
        resources: {{requests: {{cpu: 5m}}}}
        volumeMounts: [{{name: keystores, mountPath: /keystores}}]
      volumes:
      - name: keystores
        secret: {{secretName: app-tls}}
"#
    )
}
