//! How long after a Secret's renewal its keystore is there: 100 annotated Secrets, renewed one after another at a steady pace.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evercert_core::contract;
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::operator::Operator;
use crate::report::{Budget, Report};
use crate::stats::percentile_ms;
use crate::world::World;

const NAMESPACE: &str = "keystores";
const SECRETS: usize = 100;
/// Renewals a second.
const PACE: u32 = 20;
const LIMIT: Duration = Duration::from_mins(1);

/// `keystore_p50_ms`: from the answer to the write of `tls.*` to the settled Secret, as a watch shows it.
pub async fn measure(world: &World, report: &mut Report) -> Result<()> {
    eprintln!("==> {SECRETS} Secrets with keystores, renewed at {PACE}/s");
    world
        .plane
        .apply(&format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {NAMESPACE}}}}}"
        ))
        .await?;
    let args = [
        "--leader-elect=false",
        "--metrics-bind-address=127.0.0.1:0",
        "--health-probe-bind-address=127.0.0.1:0",
    ];
    let operator = Operator::start(world, "evercert-cert-utils", &args).await?;
    let mut settled = watch_settled(world.client.clone());
    let pairs = [pair("first")?, pair("second")?];
    renew(&world.client, &pairs[0], &mut settled).await?;
    let times = renew(&world.client, &pairs[1], &mut settled).await?;
    report.add(
        "issuer",
        "keystore_p50_ms",
        percentile_ms(&times, 0.5),
        Budget::AtMost(100.0),
    );
    report.add("issuer", "keystore_p99_ms", percentile_ms(&times, 0.99), Budget::None);
    operator.stop().await
}

/// Writes every Secret and waits until each is settled.
async fn renew(client: &Client, pair: &Value, settled: &mut mpsc::UnboundedReceiver<Seen>) -> Result<Vec<Duration>> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let apply = PatchParams::apply("evercert-bench").force();
    let mut written = HashMap::new();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / PACE);
    for n in 0..SECRETS {
        pace.tick().await;
        let name = format!("s{n}");
        let secret = secrets
            .patch(&name, &apply, &Patch::Apply(secret(&name, pair)))
            .await
            .context("renew a Secret")?;
        let data = secret.data.clone().unwrap_or_default();
        let digest = contract::derived_digest(secret.annotations(), &data);
        written.insert((name, digest.context("the Secret asks for nothing")?), Instant::now());
    }
    let mut times = Vec::new();
    let deadline = Instant::now() + LIMIT;
    while times.len() < SECRETS {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(Some((key, at))) = tokio::time::timeout(left, settled.recv()).await else {
            bail!("{} of {SECRETS} Secrets have a keystore after {LIMIT:?}", times.len());
        };
        if let Some(began) = written.remove(&key) {
            times.push(at.saturating_duration_since(began));
        }
    }
    Ok(times)
}

/// Name of a Secret and the digest it is settled at, with the moment the watch showed it.
type Seen = ((String, String), Instant);

fn watch_settled(client: Client) -> mpsc::UnboundedReceiver<Seen> {
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let secrets: Api<Secret> = Api::namespaced(client, NAMESPACE);
        let mut events = watcher(secrets, watcher::Config::default()).applied_objects().boxed();
        while let Ok(Some(secret)) = events.try_next().await {
            let derived = secret.annotations().get(contract::annotations::DERIVED_FROM).cloned();
            if let Some(digest) = derived
                && tell.send(((secret.name_any(), digest), Instant::now())).is_err()
            {
                return;
            }
        }
    });
    told
}

fn secret(name: &str, pair: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
           "metadata": {"name": name, "annotations": {contract::annotations::GENERATE_JAVA_KEYSTORES: "true"}}, "data": pair})
}

/// A self-signed RSA-2048 pair, as the reference measured.
fn pair(name: &str) -> Result<Value> {
    use openssl::{asn1::Asn1Time, hash::MessageDigest, pkey::PKey, rsa::Rsa, x509::X509};
    let key = PKey::from_rsa(Rsa::generate(2_048)?)?;
    let mut subject = openssl::x509::X509NameBuilder::new()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_pubkey(&key)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(30)?)?;
    builder.sign(&key, MessageDigest::sha256())?;
    let certificate = STANDARD.encode(builder.build().to_pem()?);
    Ok(
        json!({"tls.crt": certificate, "tls.key": STANDARD.encode(key.private_key_to_pem_pkcs8()?), "ca.crt": certificate}),
    )
}
