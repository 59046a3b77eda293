//! cert-manager's state metrics (certificates.md 8.3), rendered from the stores: what is deleted is gone from the next scrape.

use std::sync::Arc;

use evercert_api::certmanager::v1::Certificate;
use evercert_api::meta::v1::Condition;
use evercert_core::conditions;
use evercert_core::metrics::Text;
use jiff::Timestamp;
use kube::ResourceExt;

use crate::certificates::observed::IssuerRef;
use crate::certificates::request_match::issuer_ref;
use crate::context::Context;
use crate::names::conditions::READY;

/// Values of the label `condition`.
const STATES: [&str; 3] = ["True", "False", "Unknown"];

type Field = fn(&Certificate) -> Option<Timestamp>;

/// Adds the collectors.
pub fn register(ctx: &Arc<Context>) {
    let collectors = &ctx.rt.collectors;
    let shared = ctx.clone();
    collectors.add("certmanager_clock", move |text| clock(text, shared.rt.clock.now()));
    let shared = ctx.clone();
    collectors.add("certmanager_certificates", move |text| {
        certificates(text, &shared.certificates.list());
    });
    let shared = ctx.clone();
    collectors.add("certmanager_issuers", move |text| {
        text.gauge("certmanager_issuer_ready_status", "The ready status of the issuer.");
        for issuer in shared.issuers.list() {
            let status = issuer.status.as_ref().map(|status| &*status.conditions);
            let (name, namespace) = (issuer.name_any(), issuer.namespace().unwrap_or_default());
            ready(
                text,
                "certmanager_issuer_ready_status",
                &[("name", &name), ("namespace", &namespace)],
                status,
            );
        }
        text.gauge(
            "certmanager_clusterissuer_ready_status",
            "The ready status of the cluster issuer.",
        );
        for issuer in shared
            .cluster_issuers
            .iter()
            .flat_map(evercert_core::watch::Watched::list)
        {
            let status = issuer.status.as_ref().map(|status| &*status.conditions);
            ready(
                text,
                "certmanager_clusterissuer_ready_status",
                &[("name", &issuer.name_any())],
                status,
            );
        }
    });
}

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 fit 52 bits for 142 million years"
)]
fn seconds(at: Timestamp) -> f64 {
    at.as_second() as f64
}

fn clock(text: &mut Text, now: Timestamp) {
    let help = "The clock time given in seconds (from 1970/01/01 UTC).";
    text.counter("certmanager_clock_time_seconds", help);
    text.sample("certmanager_clock_time_seconds", &[], seconds(now));
    text.gauge("certmanager_clock_time_seconds_gauge", help);
    text.sample("certmanager_clock_time_seconds_gauge", &[], seconds(now));
}

fn certificates(text: &mut Text, all: &[Arc<Certificate>]) {
    let name = "certmanager_certificate_ready_status";
    text.gauge(name, "The ready status of the certificate.");
    for certificate in all {
        let labels = Labels::of(certificate);
        ready(
            text,
            name,
            &labels.all(),
            certificate.status.as_ref().map(|status| &*status.conditions),
        );
    }
    let not_after: Field = |certificate| Some(certificate.status.as_ref()?.not_after.as_ref()?.0);
    let not_before: Field = |certificate| Some(certificate.status.as_ref()?.not_before.as_ref()?.0);
    let renewal: Field = |certificate| Some(certificate.status.as_ref()?.renewal_time.as_ref()?.0);
    let families: [(&str, &str, Field); 4] = [
        (
            "certmanager_certificate_not_after_timestamp_seconds",
            "The timestamp after which the certificate is invalid, expressed in Unix epoch seconds.",
            not_after,
        ),
        (
            "certmanager_certificate_not_before_timestamp_seconds",
            "The timestamp before which the certificate is invalid, expressed in Unix epoch seconds.",
            not_before,
        ),
        (
            "certmanager_certificate_expiration_timestamp_seconds",
            "The timestamp after which the certificate expires, expressed in Unix Epoch Time.",
            not_after,
        ),
        (
            "certmanager_certificate_renewal_timestamp_seconds",
            "The timestamp after which the certificate should be renewed, expressed in Unix Epoch Time.",
            renewal,
        ),
    ];
    for (name, help, field) in families {
        text.gauge(name, help);
        for certificate in all {
            text.sample(
                name,
                &Labels::of(certificate).all(),
                field(certificate).map_or(0.0, seconds),
            );
        }
    }
}

struct Labels {
    name: String,
    namespace: String,
    issuer: IssuerRef,
}

impl Labels {
    fn of(certificate: &Certificate) -> Self {
        Self {
            name: certificate.name_any(),
            namespace: certificate.namespace().unwrap_or_default(),
            issuer: issuer_ref(&certificate.spec.issuer_ref),
        }
    }

    fn all(&self) -> [(&str, &str); 5] {
        [
            ("issuer_group", &self.issuer.group),
            ("issuer_kind", &self.issuer.kind),
            ("issuer_name", &self.issuer.name),
            ("name", &self.name),
            ("namespace", &self.namespace),
        ]
    }
}

/// Three samples, of which one is 1.
fn ready(text: &mut Text, name: &str, labels: &[(&str, &str)], status: Option<&[Condition]>) {
    let found = status
        .and_then(|status| conditions::find(status, READY))
        .map_or("Unknown", |ready| ready.status.as_str());
    for state in STATES {
        let labels: Vec<_> = std::iter::once(("condition", state))
            .chain(labels.iter().copied())
            .collect();
        text.sample(name, &labels, if state == found { 1.0 } else { 0.0 });
    }
}
