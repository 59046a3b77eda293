//! The yardstick: the calls of an issuance by a plain client with nothing behind them, 8 in flight, on the same server.

use std::time::Instant;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use crate::certificates::{self, certificate};
use crate::world::World;

const NAMESPACE: &str = "raw";
const IN_FLIGHT: usize = 8;

/// Issuances a second that the control plane itself allows: no operator may be running.
pub async fn issuances_per_s(world: &World, count: usize) -> Result<f64> {
    eprintln!("==> the same calls by a plain client");
    world
        .plane
        .apply(&format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}"
        ))
        .await?;
    let certificates = make_certificates(&world.client, count).await?;
    let began = Instant::now();
    stream::iter(certificates)
        .map(|certificate| one(world.client.clone(), certificate))
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>()
        .await?;
    #[allow(clippy::cast_precision_loss)] // a count of objects
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

async fn make_certificates(client: &Client, count: usize) -> Result<Vec<DynamicObject>> {
    let api = certificates::api(client, "Certificate", NAMESPACE);
    stream::iter(0..count)
        .map(|n| {
            let (api, key) = (api.clone(), json!({"algorithm": "ECDSA", "size": 256}));
            async move {
                let object = serde_json::from_value(certificate(&format!("c{n}"), "nobody", &key))?;
                api.create(&PostParams::default(), &object)
                    .await
                    .context("create a Certificate")
            }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect()
        .await
}

async fn one(client: Client, certificate: DynamicObject) -> Result<()> {
    let name = certificate.name_any();
    event(&client, &name, "Issuing").await?;
    request(&client, &name).await?;
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let apply = PatchParams::apply("evercert-bench").force();
    secrets
        .patch(&name, &apply, &Patch::Apply(secret(&name)))
        .await
        .context("apply a Secret")?;
    let certificates = certificates::api(&client, "Certificate", NAMESPACE);
    put_status(&certificates, certificate, certificate_status()).await?;
    event(&client, &name, "Issued").await
}

async fn request(client: &Client, name: &str) -> Result<()> {
    let requests = certificates::api(client, "CertificateRequest", NAMESPACE);
    let object: DynamicObject = serde_json::from_value(json!({
        "apiVersion": "cert-manager.io/v1", "kind": "CertificateRequest",
        "metadata": {"name": format!("{name}-1"), "annotations": {"cert-manager.io/certificate-name": name}},
        "spec": {"request": STANDARD.encode(vec![b'r'; 500]), "issuerRef": {"name": "nobody", "kind": "ClusterIssuer"},
                 "usages": ["digital signature", "key encipherment"]},
    }))?;
    let created = requests
        .create(&PostParams::default(), &object)
        .await
        .context("create a CertificateRequest")?;
    put_status(
        &requests,
        created,
        json!({
            "certificate": STANDARD.encode(vec![b'c'; 700]), "ca": STANDARD.encode(vec![b'a'; 600]),
            "conditions": [condition("Approved"), condition("Ready")],
        }),
    )
    .await
}

async fn put_status(api: &Api<DynamicObject>, mut object: DynamicObject, status: Value) -> Result<()> {
    let name = object.name_any();
    object.data["status"] = status;
    api.replace_status(&name, &PostParams::default(), &object)
        .await
        .context("write a status")?;
    Ok(())
}

async fn event(client: &Client, name: &str, reason: &str) -> Result<()> {
    let events: Api<Event> = Api::namespaced(client.clone(), NAMESPACE);
    let event: Event = serde_json::from_value(json!({
        "metadata": {"generateName": format!("{name}-")}, "eventTime": "2026-01-01T00:00:00.000000Z", "type": "Normal",
        "reason": reason, "action": "Issuing", "note": "the same length as a note of the issuer, more or less",
        "reportingController": "evercert.dev/bench", "reportingInstance": "bench",
        "regarding": {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "name": name, "namespace": NAMESPACE},
    }))?;
    events
        .create(&PostParams::default(), &event)
        .await
        .context("create an Event")?;
    Ok(())
}

fn secret(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": name, "annotations": {"cert-manager.io/certificate-name": name}},
        "data": {"tls.crt": STANDARD.encode(vec![b'c'; 700]), "tls.key": STANDARD.encode(vec![b'k'; 230]),
                 "ca.crt": STANDARD.encode(vec![b'a'; 600])},
    })
}

fn certificate_status() -> Value {
    json!({"conditions": [condition("Ready")], "revision": 1, "notBefore": "2026-01-01T00:00:00Z",
           "notAfter": "2026-04-01T00:00:00Z", "renewalTime": "2026-03-01T00:00:00Z"})
}

fn condition(kind: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": kind, "message": "as long as a message", "lastTransitionTime": "2026-01-01T00:00:00Z"})
}
