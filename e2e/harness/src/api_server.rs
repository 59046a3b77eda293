//! What can be done with a running API server, of a plane or of a cluster: clients, namespaces, YAML, the audit log.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

use crate::audit::AuditLog;
use crate::control_plane::ControlPlane;
use crate::error::{During, Error, Result};
use crate::{objects, users};

/// A running API server. [`crate::Plane`] and [`crate::Cluster`] are used as one.
#[derive(Debug)]
pub struct ApiServer {
    pub(crate) control: ControlPlane,
}

static NAMESPACES: AtomicU32 = AtomicU32::new(0);

impl ApiServer {
    /// Cluster administrator. A client belongs to the runtime it was made in: make one a test.
    pub async fn client(&self) -> Result<Client> {
        users::client(&self.kubeconfig()).await
    }

    /// Kubeconfig of the cluster administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.control.kubeconfig("admin")
    }

    /// `https://HOST:PORT`
    pub fn url(&self) -> String {
        self.control.url()
    }

    /// Directory of this run: `logs`, `kubeconfig`, `pki`, `bin`.
    pub fn dir(&self) -> &Path {
        &self.control.dir
    }

    /// Makes a namespace of a name that nobody else has, and returns the name.
    pub async fn namespace(&self, prefix: &str) -> Result<String> {
        let number = NAMESPACES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{prefix}-{}-{number}", std::process::id());
        let namespaces: Api<Namespace> = Api::all(self.client().await?);
        let object = Namespace {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let created = namespaces.create(&PostParams::default(), &object).await;
        created.during(format_args!("create namespace {name}"))?;
        Ok(name)
    }

    /// Acts as a ServiceAccount (made if missing) with a token of its own: what RBAC does not grant is refused.
    pub async fn client_for(&self, namespace: &str, service_account: &str) -> Result<Client> {
        let kubeconfig = self.kubeconfig_for(namespace, service_account).await?;
        users::client(&kubeconfig).await
    }

    /// Kubeconfig of a ServiceAccount (made if missing), by TokenRequest.
    pub async fn kubeconfig_for(&self, namespace: &str, service_account: &str) -> Result<PathBuf> {
        let admin = self.client().await?;
        users::kubeconfig_for(&admin, &self.control, namespace, service_account).await
    }

    /// Applies every object of a YAML text (several documents); CRDs are waited for until they are served.
    pub async fn apply(&self, yaml: &str) -> Result<()> {
        objects::apply(&self.client().await?, yaml).await
    }

    /// Applies CRDs given as objects or as JSON and waits until they are served.
    pub async fn apply_crds<T: serde::Serialize>(&self, crds: impl IntoIterator<Item = T>) -> Result<()> {
        let client = self.client().await?;
        for crd in crds {
            let value = serde_json::to_value(crd).map_err(|error| Error::Invalid(format!("CRD: {error}")))?;
            objects::apply_one(&client, value).await?;
        }
        Ok(())
    }

    /// The audit log. A cluster always has one, a plane only with [`crate::plane::PlaneBuilder::audit`].
    pub fn audit(&self) -> Result<AuditLog> {
        if !self.control.audit {
            return Err(Error::Invalid(
                "this plane has no audit log: Plane::builder().audit(true)".into(),
            ));
        }
        Ok(AuditLog::new(self.control.audit_log()))
    }
}
