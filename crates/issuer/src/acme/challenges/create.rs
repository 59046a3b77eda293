//! Makes the Challenge of an Order, with the finalizer that keeps it until its record is removed.

use evercert_api::acme::v1::{Challenge, ChallengeSpec, Order};
use evercert_core::apply::ErrorClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::ResourceExt;

use super::super::names::FINALIZER;
use super::super::order_name::named;
use super::super::outcome::Error;
use crate::context::Context;
use crate::issuers::object::IssuerObject;
use crate::names::{API_VERSION, KIND_CLUSTER_ISSUER, KIND_ISSUER};

/// The name of the new Challenge; `None` where it exists already.
pub async fn create(
    ctx: &Context,
    order: &Order,
    issuer: &IssuerObject,
    spec: ChallengeSpec,
) -> Result<Option<String>, Error> {
    let keyless = ChallengeSpec {
        key: String::new(),
        ..spec.clone()
    };
    let name = named(
        &order.name_any(),
        serde_json::to_string(&keyless).unwrap_or_default().as_bytes(),
    );
    let challenge = Challenge {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            namespace: order.namespace(),
            finalizers: Some(vec![FINALIZER.into()]),
            owner_references: Some(vec![order_owner(order), issuer_owner(issuer)]),
            ..ObjectMeta::default()
        },
        spec,
        status: None,
    };
    match ctx.acme.writer.create(order.namespace().as_deref(), &challenge).await {
        Ok(challenge) => {
            ctx.acme.challenges.written(challenge);
            Ok(Some(name))
        }
        Err(error) if error.class() == ErrorClass::Conflict => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn order_owner(order: &Order) -> OwnerReference {
    OwnerReference {
        api_version: "acme.cert-manager.io/v1".into(),
        kind: "Order".into(),
        name: order.name_any(),
        uid: order.uid().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// An owner beside the Order, as upstream's, without control.
fn issuer_owner(issuer: &IssuerObject) -> OwnerReference {
    OwnerReference {
        api_version: API_VERSION.into(),
        kind: if issuer.is_cluster() {
            KIND_CLUSTER_ISSUER
        } else {
            KIND_ISSUER
        }
        .into(),
        name: issuer.name().into(),
        uid: issuer.uid().into(),
        controller: None,
        block_owner_deletion: Some(true),
    }
}
