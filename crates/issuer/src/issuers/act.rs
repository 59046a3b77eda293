//! One pass over an issuer: find out, decide, tell. Its status is written only when it changes.

use evercert_api::acme::v1::AcmeIssuerStatus;
use evercert_api::certmanager::v1::{ClusterIssuer, Issuer, IssuerStatus};
use evercert_api::meta::v1::ConditionStatus;
use evercert_core::conditions::{self, Wanted};
use evercert_core::controller::Next;
use evercert_core::watch::Key;

use super::decide::{Observed, Plan, decide};
use super::object::{IssuerObject, IssuerType};
use crate::acme;
use crate::context::Context;
use crate::error::Error;
use crate::names::conditions::READY;

/// One pass over an Issuer.
pub async fn reconcile_issuer(ctx: &Context, key: &Key) -> Result<Next, Error> {
    match ctx.issuers.get_key(key) {
        Some(issuer) => reconcile(ctx, &IssuerObject::Namespaced(issuer)).await,
        None => Ok(Next::Done),
    }
}

/// One pass over a ClusterIssuer.
pub async fn reconcile_cluster_issuer(ctx: &Context, key: &Key) -> Result<Next, Error> {
    match ctx.cluster_issuers.as_ref().and_then(|issuers| issuers.get_key(key)) {
        Some(issuer) => reconcile(ctx, &IssuerObject::Cluster(issuer)).await,
        None => Ok(Next::Done),
    }
}

async fn reconcile(ctx: &Context, issuer: &IssuerObject) -> Result<Next, Error> {
    if issuer.issuer_type() == Some(IssuerType::Acme) {
        let outcome = acme::setup_issuer(ctx, issuer)
            .await
            .map_err(|error| Error::Acme(Box::new(error)))?;
        let told = Told {
            ready: outcome.ready,
            reason: &outcome.reason,
            message: &outcome.message,
            acme: outcome.acme,
        };
        tell(ctx, issuer, told).await?;
        return Ok(outcome.next);
    }
    let Plan {
        ready,
        reason,
        message,
        wake,
    } = decide(&gather(ctx, issuer).await?);
    tell(
        ctx,
        issuer,
        Told {
            ready,
            reason,
            message: &message,
            acme: None,
        },
    )
    .await?;
    Ok(wake.map_or(Next::Done, Next::At))
}

async fn gather(ctx: &Context, issuer: &IssuerObject) -> Result<Observed, Error> {
    Ok(match issuer.issuer_type() {
        Some(IssuerType::SelfSigned) => Observed::SelfSigned,
        Some(IssuerType::Ca) => {
            let name = issuer
                .spec()
                .ca
                .as_ref()
                .map(|ca| ca.secret_name.as_str())
                .unwrap_or_default();
            let found = ctx
                .ca(&issuer.secret_namespace(&ctx.settings), name, ctx.rt.clock.now())
                .await?;
            Observed::Ca(found.map(|pair| {
                pair.certificate()
                    .map_or(jiff::Timestamp::MAX, evercert_pki::certificate::Certificate::not_after)
            }))
        }
        Some(type_) => Observed::Unsupported(type_),
        None => Observed::Untyped,
    })
}

struct Told<'a> {
    ready: bool,
    reason: &'a str,
    message: &'a str,
    acme: Option<AcmeIssuerStatus>,
}

/// Writes the status if it changed, and tells of it in an event.
async fn tell(ctx: &Context, issuer: &IssuerObject, told: Told<'_>) -> Result<(), Error> {
    let mut status = issuer.status().cloned().unwrap_or_default();
    let before = status.clone();
    let state = if told.ready {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    let wanted = Wanted::new(READY, state, told.reason, told.message).of_generation(Some(issuer.generation()));
    conditions::set(&mut status.conditions, wanted, ctx.rt.clock.now());
    status.acme.clone_from(&told.acme);
    if status == before {
        return Ok(());
    }
    let news = conditions::find(&before.conditions, READY)
        .is_none_or(|ready| ready.message != told.message || ready.reason != told.reason);
    write(ctx, issuer, status).await?;
    if news {
        announce(ctx, issuer, &told);
    }
    Ok(())
}

fn announce(ctx: &Context, issuer: &IssuerObject, told: &Told<'_>) {
    let events = ctx.rt.events.reporting_as(if issuer.is_cluster() {
        "cert-manager-clusterissuers"
    } else {
        "cert-manager-issuers"
    });
    match (told.ready, told.message) {
        // A self-signed issuer says nothing, as upstream's.
        (true, "") => {}
        (true, message) => events.normal(&issuer.reference(), told.reason, message),
        (false, message) => events.warning(&issuer.reference(), told.reason, message),
    }
}

async fn write(ctx: &Context, issuer: &IssuerObject, status: IssuerStatus) -> Result<(), Error> {
    match issuer {
        IssuerObject::Namespaced(issuer) => {
            let issuer = Issuer {
                status: Some(status),
                ..(**issuer).clone()
            };
            ctx.issuers.written(ctx.writer.replace_status(&issuer).await?);
        }
        IssuerObject::Cluster(issuer) => {
            let issuer = ClusterIssuer {
                status: Some(status),
                ..(**issuer).clone()
            };
            let written = ctx.writer.replace_status(&issuer).await?;
            if let Some(issuers) = &ctx.cluster_issuers {
                issuers.written(written);
            }
        }
    }
    Ok(())
}
