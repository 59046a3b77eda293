//! ClusterIssuer: an Issuer for all namespaces, with the same spec and status.
//!
//! Written by hand, because the derive makes one kind for each spec type.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::object::{HasSpec, HasStatus};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::certmanager::v1::{IssuerSpec, IssuerStatus};

/// A cluster-scoped source of certificates.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct ClusterIssuer {
    /// Standard metadata.
    pub metadata: ObjectMeta,
    /// How certificates are signed.
    pub spec: IssuerSpec,
    /// State; written by the operator.
    pub status: Option<IssuerStatus>,
}

impl ClusterIssuer {
    /// A ClusterIssuer of that name, without status.
    pub fn new(name: &str, spec: IssuerSpec) -> Self {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        Self {
            metadata,
            spec,
            status: None,
        }
    }
}

impl Serialize for ClusterIssuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ClusterIssuer", 4 + usize::from(self.status.is_some()))?;
        object.serialize_field("apiVersion", &Self::api_version(&()))?;
        object.serialize_field("kind", &Self::kind(&()))?;
        object.serialize_field("metadata", &self.metadata)?;
        object.serialize_field("spec", &self.spec)?;
        match &self.status {
            Some(status) => object.serialize_field("status", status)?,
            None => object.skip_field("status")?,
        }
        object.end()
    }
}

impl Resource for ClusterIssuer {
    type DynamicType = ();
    type Scope = kube::core::ClusterResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "ClusterIssuer".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "cert-manager.io".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "clusterissuers".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl HasSpec for ClusterIssuer {
    type Spec = IssuerSpec;

    fn spec(&self) -> &IssuerSpec {
        &self.spec
    }

    fn spec_mut(&mut self) -> &mut IssuerSpec {
        &mut self.spec
    }
}

impl HasStatus for ClusterIssuer {
    type Status = IssuerStatus;

    fn status(&self) -> Option<&IssuerStatus> {
        self.status.as_ref()
    }

    fn status_mut(&mut self) -> &mut Option<IssuerStatus> {
        &mut self.status
    }
}
