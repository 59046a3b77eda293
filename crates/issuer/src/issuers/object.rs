//! Issuer and ClusterIssuer in one shape.

use std::sync::Arc;

use evercert_api::certmanager::v1::{ClusterIssuer, Issuer, IssuerSpec, IssuerStatus};
use evercert_api::meta::v1::ConditionStatus;
use evercert_core::conditions;
use evercert_core::events::reference;
use evercert_core::watch::Key;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;

use crate::flags::Settings;
use crate::names::conditions::READY;
use crate::names::{KIND_CLUSTER_ISSUER, KIND_ISSUER};

/// An Issuer or a ClusterIssuer.
#[derive(Debug, Clone)]
pub enum IssuerObject {
    /// Of one namespace.
    Namespaced(Arc<Issuer>),
    /// Of the cluster.
    Cluster(Arc<ClusterIssuer>),
}

/// What kind of source an issuer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerType {
    /// Signs with the requester's key.
    SelfSigned,
    /// Signs with a key from a Secret.
    Ca,
    /// Asks an ACME server.
    Acme,
    /// Not supported yet.
    Vault,
    /// Not supported yet.
    Venafi,
}

impl IssuerObject {
    /// Its spec.
    pub fn spec(&self) -> &IssuerSpec {
        match self {
            Self::Namespaced(issuer) => &issuer.spec,
            Self::Cluster(issuer) => &issuer.spec,
        }
    }

    /// Its status.
    pub fn status(&self) -> Option<&IssuerStatus> {
        match self {
            Self::Namespaced(issuer) => issuer.status.as_ref(),
            Self::Cluster(issuer) => issuer.status.as_ref(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// Its uid.
    pub fn uid(&self) -> &str {
        self.metadata().uid.as_deref().unwrap_or_default()
    }

    /// `metadata.generation`.
    pub fn generation(&self) -> i64 {
        self.metadata().generation.unwrap_or_default()
    }

    /// Whether it is a ClusterIssuer.
    pub fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// For events.
    pub fn reference(&self) -> ObjectReference {
        match self {
            Self::Namespaced(issuer) => reference(&**issuer),
            Self::Cluster(issuer) => reference(&**issuer),
        }
    }

    /// Where the Secrets are that it names.
    pub fn secret_namespace(&self, settings: &Settings) -> String {
        match self {
            Self::Namespaced(issuer) => issuer.namespace().unwrap_or_default(),
            Self::Cluster(_) => settings.cluster_resource_namespace.clone(),
        }
    }

    /// The value of the index `issuer` of the requests that name it.
    pub fn index_key(&self) -> String {
        match self {
            Self::Namespaced(issuer) => {
                index_key(KIND_ISSUER, &issuer.namespace().unwrap_or_default(), &issuer.name_any())
            }
            Self::Cluster(issuer) => index_key(KIND_CLUSTER_ISSUER, "", &issuer.name_any()),
        }
    }

    /// Its key in its store.
    pub fn key(&self) -> Key {
        Key::new(self.metadata().namespace.as_deref(), self.name())
    }

    /// True where its condition Ready is True and speaks of what the spec says now.
    pub fn is_ready(&self) -> bool {
        let ready = self
            .status()
            .and_then(|status| conditions::find(&status.conditions, READY));
        ready.is_some_and(|ready| {
            ready.status == ConditionStatus::True
                && ready.observed_generation.is_none_or(|seen| seen >= self.generation())
        })
    }

    /// What its condition Ready says.
    pub fn ready_message(&self) -> Option<&str> {
        let ready = self
            .status()
            .and_then(|status| conditions::find(&status.conditions, READY));
        ready.map(|ready| ready.message.as_str())
    }

    /// Its type, where the spec names exactly one.
    pub fn issuer_type(&self) -> Option<IssuerType> {
        let spec = self.spec();
        let types = [
            (spec.self_signed.is_some(), IssuerType::SelfSigned),
            (spec.ca.is_some(), IssuerType::Ca),
            (spec.acme.is_some(), IssuerType::Acme),
            (spec.vault.is_some(), IssuerType::Vault),
            (spec.venafi.is_some(), IssuerType::Venafi),
        ];
        let mut named = types.into_iter().filter(|(set, _)| *set).map(|(_, type_)| type_);
        named.next().filter(|_| named.next().is_none())
    }

    fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Namespaced(issuer) => &issuer.metadata,
            Self::Cluster(issuer) => &issuer.metadata,
        }
    }
}

/// Value of the index `issuer` for a reference from that namespace.
pub fn index_key(kind: &str, namespace: &str, name: &str) -> String {
    let namespace = if kind == KIND_CLUSTER_ISSUER { "" } else { namespace };
    format!("{kind}/{namespace}/{name}")
}
