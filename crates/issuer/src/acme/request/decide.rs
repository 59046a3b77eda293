//! The result of a request from the state of its Order. Pure.

use evercert_api::acme::v1::{Order, State};
use evercert_core::controller::Next;
use evercert_pki::certificate::Certificate;
use evercert_pki::csr::Csr;
use evercert_pki::limits;

use super::super::names::ROUTINE;
use super::super::names::request as events;
use super::super::outcome::RequestOutcome;
use super::super::state::controller;
use crate::names::GROUP;

/// What the Order says about the request with this uid and CSR.
pub fn decide(order: &Order, request_uid: &str, csr_pem: &[u8]) -> RequestOutcome {
    let name = order.metadata.name.clone().unwrap_or_default();
    let namespace = order.metadata.namespace.clone().unwrap_or_default();
    let owner = controller(&order.metadata, "CertificateRequest", GROUP);
    if owner.is_none_or(|(_, uid)| uid != request_uid) {
        return foreign(&name);
    }
    let status = order.status.clone().unwrap_or_default();
    match (&status.state, &status.certificate) {
        (Some(state), _) if state.is_failure() => RequestOutcome::Failed {
            event: events::FAILED,
            message: format!(
                "Failed to wait for order resource {name:?} to become ready: order is in {:?} state: {}",
                state.as_str(),
                status.reason
            ),
        },
        (Some(State::Valid), Some(certificate)) => issued(certificate.0.clone(), csr_pem, &name),
        (state, _) => pending(&namespace, &name, state.as_ref(), &status.reason),
    }
}

/// The condition follows the Order's state, and its reason only where something is in the way: each change is a write.
fn pending(namespace: &str, name: &str, state: Option<&State>, reason: &str) -> RequestOutcome {
    let Some(state) = state else {
        let unusual = if reason.is_empty() {
            String::new()
        } else {
            format!(": {reason}")
        };
        let message = format!("Created Order resource {namespace}/{name}{unusual}");
        return RequestOutcome::Pending {
            reason_event: Some((events::CREATED, message.clone())),
            message,
            next: Next::Done,
        };
    };
    let mut message = format!(
        "Waiting on certificate issuance from order {namespace}/{name}: {:?}",
        state.as_str()
    );
    if !reason.is_empty() && !reason.starts_with(ROUTINE) {
        message = format!("{message}: {reason}");
    }
    RequestOutcome::Pending {
        reason_event: Some((events::PENDING, message.clone())),
        message,
        next: Next::Done,
    }
}

/// An Order of an earlier request of the same name: the garbage collector removes it, and the deletion wakes us.
fn foreign(name: &str) -> RequestOutcome {
    let message = format!("Order {name} belongs to another request; waiting until it is gone");
    let next = Next::After(std::time::Duration::from_secs(10));
    RequestOutcome::Pending {
        reason_event: Some((events::GET_ERROR, message.clone())),
        message,
        next,
    }
}

/// A certificate that does not fit the CSR fails the request: another order would only cost another certificate.
fn issued(pem: Vec<u8>, csr_pem: &[u8], name: &str) -> RequestOutcome {
    let failed = |why: &str| RequestOutcome::Failed {
        event: events::FAILED,
        message: format!("Order {name}: {why}"),
    };
    let Ok(chain) = Certificate::bundle_from_pem(&pem, limits::CHAIN) else {
        return failed("the ACME server's answer is no certificate chain");
    };
    let (Some(leaf), Ok(csr)) = (chain.first(), Csr::from_pem(csr_pem)) else {
        return failed("the ACME server's answer is no certificate chain");
    };
    if leaf.public_key() != Some(&csr.public_key) {
        return failed("the ACME server's certificate is for another key than the CSR's");
    }
    RequestOutcome::Issued { chain_pem: pem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_api::ByteString;
    use evercert_api::acme::v1::{OrderSpec, OrderStatus};
    use evercert_pki::csr::{CsrTemplate, build};
    use evercert_pki::key::{Curve, KeyAlgorithm, PrivateKey};
    use evercert_pki::sign::{Signer, SigningTemplate, sign};
    use evercert_pki::usage::Usages;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    fn csr_and_certificate() -> (Vec<u8>, Vec<u8>) {
        let key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
        let pem = build(&CsrTemplate::default(), &key).unwrap().into_bytes();
        let csr = Csr::from_pem(&pem).unwrap();
        let usages = Usages::from_names(&[] as &[&str], false).unwrap();
        let now: jiff::Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let template = SigningTemplate {
            csr: &csr,
            usages: &usages,
            is_ca: false,
            serial: [1; 16],
            not_before: now,
            not_after: now + std::time::Duration::from_hours(1),
            crl_distribution_points: &[],
            ocsp_servers: &[],
            issuing_certificate_urls: &[],
        };
        (
            pem,
            sign(&template, &Signer::SelfSigned(&key))
                .unwrap()
                .to_pem()
                .into_bytes(),
        )
    }

    fn order(owner: &str, status: OrderStatus) -> Order {
        let mut order = Order::new("web-1", OrderSpec::default());
        order.metadata.owner_references = Some(vec![OwnerReference {
            api_version: "cert-manager.io/v1".into(),
            kind: "CertificateRequest".into(),
            name: "web".into(),
            uid: owner.into(),
            controller: Some(true),
            ..OwnerReference::default()
        }]);
        order.status = Some(status);
        order
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn the_orders_state_is_the_requests_result() {
        let (csr, certificate) = csr_and_certificate();
        let (_, other) = csr_and_certificate();
        let state = |state| OrderStatus {
            state: Some(state),
            reason: "because".into(),
            ..OrderStatus::default()
        };
        let valid = |pem: &[u8]| OrderStatus {
            certificate: Some(ByteString(pem.to_vec())),
            ..state(State::Valid)
        };
        let table = [
            (
                "new",
                "uid",
                OrderStatus::default(),
                "pending: Created Order resource /web-1",
            ),
            (
                "on its way",
                "uid",
                state(State::Pending),
                "pending: Waiting on certificate issuance from order /web-1: \"pending\": because",
            ),
            (
                "valid, chain not there yet",
                "uid",
                state(State::Valid),
                "pending: Waiting on",
            ),
            (
                "invalid",
                "uid",
                state(State::Invalid),
                "failed: Failed to wait for order resource \"web-1\"",
            ),
            ("expired", "uid", state(State::Expired), "failed: "),
            ("errored", "uid", state(State::Errored), "failed: "),
            ("issued", "uid", valid(&certificate), "issued"),
            (
                "for another key",
                "uid",
                valid(&other),
                "failed: Order web-1: the ACME server's certificate is for another key",
            ),
            (
                "garbage",
                "uid",
                valid(b"garbage"),
                "failed: Order web-1: the ACME server's answer is no certificate chain",
            ),
            (
                "of another request",
                "old",
                valid(&certificate),
                "pending: Order web-1 belongs to another request",
            ),
        ];
        for (case, owner, status, expected) in table {
            let said = match decide(&order(owner, status), "uid", &csr) {
                RequestOutcome::Pending { message, .. } => format!("pending: {message}"),
                RequestOutcome::Failed { message, .. } | RequestOutcome::Invalid { message, .. } => {
                    format!("failed: {message}")
                }
                RequestOutcome::Issued { chain_pem } => {
                    assert_eq!(chain_pem, certificate);
                    "issued".into()
                }
            };
            assert!(said.starts_with(expected), "{case}: {said}");
        }
    }
}
