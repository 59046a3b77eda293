//! Looks at the Order of a request, or makes it.

use evercert_api::acme::v1::{Order, OrderSpec};
use evercert_api::certmanager::v1::CertificateRequest;
use evercert_core::apply::ErrorClass;
use evercert_core::controller::Next;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::ResourceExt;

use super::super::names::request as events;
use super::super::order_name::of_order;
use super::super::outcome::{Error, RequestOutcome};
use super::build::order_spec;
use super::decide::decide;
use crate::context::Context;
use crate::issuers::object::IssuerObject;

/// An approved request without a result, of a ready ACME issuer.
pub async fn request(
    ctx: &Context,
    request: &CertificateRequest,
    issuer: &IssuerObject,
) -> Result<RequestOutcome, Error> {
    let acme = issuer.spec().acme.clone().unwrap_or_default();
    let namespace = request.namespace().unwrap_or_default();
    if let Some(order) = existing(ctx, request) {
        return Ok(decide(
            &order,
            &request.uid().unwrap_or_default(),
            &request.spec.request.0,
        ));
    }
    let spec = match order_spec(&request.spec, &acme) {
        Ok(spec) => spec,
        Err((event, message)) => return Ok(RequestOutcome::Failed { event, message }),
    };
    let name = of_order(&request.name_any(), &spec);
    if let Some(order) = ctx.acme.orders.get(Some(&namespace), &name) {
        return Ok(decide(
            &order,
            &request.uid().unwrap_or_default(),
            &request.spec.request.0,
        ));
    }
    create(ctx, request, (name, spec)).await
}

/// The Order that this request owns, whatever its name: a setting that changed meanwhile must not order twice.
fn existing(ctx: &Context, request: &CertificateRequest) -> Option<std::sync::Arc<Order>> {
    ctx.acme
        .orders
        .by_index(super::super::state::BY_REQUEST, &request.uid()?)
        .into_iter()
        .next()
}

async fn create(
    ctx: &Context,
    request: &CertificateRequest,
    (name, spec): (String, OrderSpec),
) -> Result<RequestOutcome, Error> {
    let namespace = request.namespace();
    // The store has neither the request's labels nor its annotations; solvers are selected by the former.
    let Some(full) = ctx
        .acme
        .writer
        .get::<CertificateRequest>(namespace.as_deref(), &request.name_any())
        .await?
    else {
        return Ok(RequestOutcome::Pending {
            reason_event: None,
            message: "The request is being deleted".into(),
            next: Next::Done,
        });
    };
    let order = Order {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            namespace: namespace.clone(),
            labels: full.metadata.labels.clone(),
            annotations: copied(&full),
            owner_references: Some(vec![owner(&full)]),
            ..ObjectMeta::default()
        },
        spec,
        status: None,
    };
    match ctx.acme.writer.create(namespace.as_deref(), &order).await {
        Ok(order) => ctx.acme.orders.written(order),
        // The store is behind; the watch will bring it.
        Err(error) if error.class() == ErrorClass::Conflict => {}
        Err(error) => return Err(error.into()),
    }
    let message = format!("Created Order resource {}/{name}", namespace.unwrap_or_default());
    Ok(RequestOutcome::Pending {
        reason_event: Some((events::CREATED, message.clone())),
        message,
        next: Next::Done,
    })
}

fn copied(request: &CertificateRequest) -> Option<std::collections::BTreeMap<String, String>> {
    let mut annotations = request.metadata.annotations.clone()?;
    annotations.retain(|key, _| !key.starts_with("kubectl.kubernetes.io/"));
    Some(annotations)
}

fn owner(request: &CertificateRequest) -> OwnerReference {
    OwnerReference {
        api_version: "cert-manager.io/v1".into(),
        kind: "CertificateRequest".into(),
        name: request.name_any(),
        uid: request.uid().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}
