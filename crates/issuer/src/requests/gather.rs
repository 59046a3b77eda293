//! Reads what a decision about a CertificateRequest needs; all of it from stores.

use evercert_api::certmanager::v1::{CertificateRequest, KeyUsage};
use evercert_core::conditions;
use evercert_pki::csr::Csr;
use evercert_pki::usage::Usages;
use kube::ResourceExt;

use super::decide::{Issuer, Observed};
use crate::certificates::request_match::issuer_ref;
use crate::context::Context;
use crate::issuers::object::IssuerObject;
use crate::names::conditions::{APPROVED, DENIED};
use crate::names::{GROUP, KIND_CLUSTER_ISSUER, KIND_ISSUER};
use crate::stores::is_terminal;

/// A request, its issuer, and what is known of both.
pub struct Gathered {
    /// For the decision.
    pub observed: Observed,
    /// Its CSR, where it can be read.
    pub csr: Option<Csr>,
    /// Its issuer, where it is one of ours.
    pub issuer: Option<IssuerObject>,
}

/// Everything about that request.
pub fn gather(ctx: &Context, request: &CertificateRequest) -> Gathered {
    let set = |type_| {
        request
            .status
            .as_ref()
            .is_some_and(|status| conditions::is_true(&status.conditions, type_))
    };
    let terminal = is_terminal(request);
    let issuer = ctx.issuer(
        &request.namespace().unwrap_or_default(),
        &issuer_ref(&request.spec.issuer_ref),
    );
    let checked = if terminal { Ok(None) } else { check(request).map(Some) };
    let observed = Observed {
        terminal,
        approved: set(APPROVED),
        denied: set(DENIED),
        may_approve: ctx.settings.approves(),
        invalid: checked.as_ref().err().cloned(),
        issuer: issuer_state(request, issuer.as_ref()),
    };
    Gathered {
        observed,
        csr: checked.ok().flatten(),
        issuer,
    }
}

/// The rules of admission (certificates.md 3.1): the CSR decodes, its signature verifies, and it asks for nothing else than the request.
fn check(request: &CertificateRequest) -> Result<Csr, String> {
    let csr = Csr::from_pem(&request.spec.request.0).map_err(|error| format!("spec.request: {error}"))?;
    let names: Vec<_> = request.spec.usages.iter().map(KeyUsage::as_str).collect();
    let usages = Usages::from_names(&names, request.spec.is_ca).map_err(|error| format!("spec.usages: {error}"))?;
    csr.check_agrees(&usages, request.spec.is_ca)
        .map_err(|error| format!("spec.request: {error}"))?;
    Ok(csr)
}

fn issuer_state(request: &CertificateRequest, issuer: Option<&IssuerObject>) -> Issuer {
    let reference = issuer_ref(&request.spec.issuer_ref);
    if reference.group != GROUP {
        return Issuer::External;
    }
    let Some(issuer) = issuer else {
        let known = matches!(reference.kind.as_str(), KIND_ISSUER | KIND_CLUSTER_ISSUER);
        let hint = if known {
            ""
        } else {
            " (the kind must be Issuer or ClusterIssuer)"
        };
        return Issuer::Missing(format!("{} {:?}{hint}", reference.kind, reference.name));
    };
    match issuer.issuer_type() {
        None => Issuer::Untyped,
        Some(type_) if issuer.is_ready() => Issuer::Ready(type_),
        Some(_) => Issuer::NotReady(issuer.ready_message().unwrap_or("it was not looked at yet").to_owned()),
    }
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathered")
            .field("observed", &self.observed)
            .finish_non_exhaustive()
    }
}
