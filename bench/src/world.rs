//! The API server that everything is measured on, with the CRDs and the operators' accounts. Owns no figures.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use evercert_harness::Plane;
use evercert_harness::audit::{AuditLog, Counts, Mark, by_verb};
use kube::Client;

use crate::usage;

/// Namespace of the operators' ServiceAccounts and of the Secrets of ClusterIssuers.
pub const SYSTEM: &str = "evercert";

/// A control plane without a node: etcd, API server with audit log, controller manager.
#[allow(missing_debug_implementations)] // kube's client has none
pub struct World {
    pub plane: Plane,
    pub client: Client,
    pub audit: AuditLog,
    /// The built operators.
    pub binaries: PathBuf,
}

/// CPU time of API server and etcd together, and the place in the audit log, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub apiserver_cpu: Duration,
    pub mark: Mark,
}

impl World {
    /// Starts it and applies the issuer's CRDs.
    pub async fn start(binaries: PathBuf) -> Result<Self> {
        let plane = Plane::builder().audit(true).start().await?;
        let client = plane.client().await?;
        plane.apply_crds(evercert_api::crd::all()).await?;
        plane
            .apply(&format!(
                "{{apiVersion: v1, kind: Namespace, metadata: {{name: {SYSTEM}}}}}"
            ))
            .await?;
        let audit = plane.audit()?;
        Ok(Self {
            plane,
            client,
            audit,
            binaries,
        })
    }

    /// Kubeconfig of an operator's ServiceAccount. Rights are not what is measured here, so it is an administrator.
    pub async fn account(&self, name: &str) -> Result<PathBuf> {
        let kubeconfig = self.plane.kubeconfig_for(SYSTEM, name).await?;
        self.plane
            .apply(&format!(
                "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: {name}}}, \
                 roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}, \
                 subjects: [{{kind: ServiceAccount, name: {name}, namespace: {SYSTEM}}}]}}"
            ))
            .await?;
        Ok(kubeconfig)
    }

    /// Now, as the server's clocks have it.
    pub async fn moment(&self) -> Result<Moment> {
        let apiserver_cpu = usage::cpu(self.plane.pid("kube-apiserver").await?)?;
        Ok(Moment {
            apiserver_cpu,
            mark: self.audit.mark(),
        })
    }

    /// What a ServiceAccount has called since, in one namespace or in all; what was called how often goes to stderr.
    pub fn calls(&self, since: Moment, account: &str, namespace: Option<&str>) -> Result<Counts> {
        let mut calls = self.audit.by_service_account(since.mark, SYSTEM, account)?;
        // The last calls of the warm-up may reach the log after the mark.
        calls.retain(|call| namespace.is_none_or(|namespace| call.namespace == namespace));
        for (call, count) in by_verb(&calls) {
            eprintln!("      {count:>8} × {call}");
        }
        Ok(Counts::of(&calls))
    }
}
