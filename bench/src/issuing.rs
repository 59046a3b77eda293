//! Figures of the issuer on the CA path: rate, latency, calls, CPU and memory per issuance.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::certificates::{self, Issued, certificate};
use crate::operator::Operator;
use crate::report::{Budget, Report};
use crate::stats::{per, percentile_ms};
use crate::world::{Moment, SYSTEM, World};
use crate::{idle, raw};

/// Section of the report.
const SECTION: &str = "issuer";
/// Name of the issuer's binary and ServiceAccount.
pub const ISSUER: &str = "evercert-issuer";
const ARGS: [&str; 4] = [
    "--leader-elect=false",
    "--cluster-resource-namespace=evercert",
    "--metrics-listen-address=127.0.0.1:0",
    "--internal-healthz-listen-address=127.0.0.1:0",
];
/// Namespace of the P-256 Certificates.
const P256: &str = "p256";
const LIMIT: Duration = Duration::from_mins(30);

/// Starts the issuer with the flags of all benchmarks and some more.
pub async fn start(world: &World, more: &[&str]) -> Result<Operator> {
    let args: Vec<&str> = ARGS.iter().chain(more).copied().collect();
    Operator::start(world, ISSUER, &args).await
}

/// P-256: all figures of the CA path, the same calls by a plain client, and the rest afterwards.
pub async fn measure(world: &World, count: usize, report: &mut Report) -> Result<()> {
    eprintln!("==> {count} P-256 Certificates from a CA issuer at once");
    let mut issuer = prepare(world).await?;
    let before = (world.moment().await?, issuer.cpu()?);
    let issued = issue(
        world,
        P256,
        count,
        &json!({"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}),
    )
    .await?;
    issuer.check()?;
    rate(report, "certs_per_s", &issued, count, 75.0);
    report.add(SECTION, "ready_p50_ms", percentile_ms(&issued.each, 0.5), Budget::None);
    report.add(SECTION, "ready_p99_ms", percentile_ms(&issued.each, 0.99), Budget::None);
    costs(world, &issuer, before, count, report).await?;
    idle::measure(world, report).await?;
    issuer.stop().await?;
    let raw = raw::issuances_per_s(world, count).await?;
    report.add(SECTION, "raw_issuances_per_s", raw, Budget::None);
    let rate = report.get(SECTION, "certs_per_s").unwrap_or(f64::NAN);
    report.add(SECTION, "certs_per_s_of_raw", rate / raw, Budget::AtLeast(0.7));
    Ok(())
}

/// RSA-2048: the key dominates.
pub async fn measure_rsa(world: &World, count: usize, report: &mut Report) -> Result<()> {
    eprintln!("==> {count} RSA-2048 Certificates from a CA issuer at once");
    let issuer = prepare(world).await?;
    let issued = issue(
        world,
        "rsa",
        count,
        &json!({"algorithm": "RSA", "size": 2048, "rotationPolicy": "Always"}),
    )
    .await?;
    rate(report, "rsa_certs_per_s", &issued, count, 22.0);
    issuer.stop().await
}

/// Many in one namespace: the cost of one must not grow with their number.
pub async fn measure_big(world: &World, count: usize, report: &mut Report) -> Result<()> {
    eprintln!("==> {count} P-256 Certificates in one namespace");
    let issuer = prepare(world).await?;
    let issued = issue(
        world,
        "big",
        count,
        &json!({"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}),
    )
    .await?;
    let wanted = report
        .get(SECTION, "certs_per_s")
        .map_or(Budget::None, |rate| Budget::AtLeast(0.85 * rate));
    let key = if count == 10_000 {
        "10k".to_owned()
    } else {
        count.to_string()
    };
    report.add(
        SECTION,
        &format!("certs_per_s_{key}"),
        count_f64(count) / issued.total.as_secs_f64(),
        wanted,
    );
    report.add(SECTION, &format!("issuer_rss_mb_{key}"), issuer.rss_mb()?, Budget::None);
    issuer.stop().await
}

async fn prepare(world: &World) -> Result<Operator> {
    let issuer = start(world, &[]).await?;
    world.plane.apply(&ca_issuer()).await?;
    let wait = certificates::issue(
        &world.client,
        SYSTEM,
        vec![certificate(
            "warm-up",
            "bench-ca",
            &json!({"algorithm": "ECDSA", "rotationPolicy": "Always"}),
        )],
        Duration::from_mins(1),
    );
    wait.await.context("the CA issuer does not issue")?;
    Ok(issuer)
}

async fn issue(world: &World, namespace: &str, count: usize, key: &Value) -> Result<Issued> {
    world
        .plane
        .apply(&format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}"
        ))
        .await?;
    let wanted = (0..count)
        .map(|n| certificate(&format!("c{n}"), "bench-ca", key))
        .collect();
    certificates::issue(&world.client, namespace, wanted, LIMIT).await
}

async fn costs(
    world: &World,
    issuer: &Operator,
    (moment, cpu): (Moment, Duration),
    count: usize,
    report: &mut Report,
) -> Result<()> {
    let now = world.moment().await?;
    let calls = world.calls(moment, ISSUER, Some(P256))?;
    let each = |total: usize| per(count_f64(total), count);
    let ms = |time: Duration| per(time.as_secs_f64() * 1_000.0, count);
    report.add(SECTION, "writes_per_issuance", each(calls.writes), Budget::AtMost(4.0));
    report.add(SECTION, "events_per_issuance", each(calls.events), Budget::AtMost(2.0));
    report.add(SECTION, "reads_per_issuance", each(calls.reads), Budget::AtMost(1.0));
    let apiserver = now.apiserver_cpu.saturating_sub(moment.apiserver_cpu);
    report.add(
        SECTION,
        "apiserver_cpu_ms_per_issuance",
        ms(apiserver),
        Budget::AtMost(18.0),
    );
    report.add(
        SECTION,
        "issuer_cpu_ms_per_issuance",
        ms(issuer.cpu()?.saturating_sub(cpu)),
        Budget::AtMost(3.0),
    );
    report.add(SECTION, "issuer_rss_mb", issuer.rss_mb()?, Budget::AtMost(60.0));
    Ok(())
}

fn rate(report: &mut Report, name: &str, issued: &Issued, count: usize, least: f64) {
    report.add(
        SECTION,
        name,
        count_f64(count) / issued.total.as_secs_f64(),
        Budget::AtLeast(least),
    );
}

#[allow(clippy::cast_precision_loss)] // counts of objects
fn count_f64(count: usize) -> f64 {
    count as f64
}

/// A self-signed root and a ClusterIssuer that signs with it.
fn ca_issuer() -> String {
    format!(
        "apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {{name: self, namespace: {SYSTEM}}}\nspec: {{selfSigned: {{}}}}\n\
         ---\n\
         apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: bench-root, namespace: {SYSTEM}}}\n\
         spec: {{secretName: bench-root, commonName: bench root, isCA: true, issuerRef: {{name: self}}, \
         privateKey: {{algorithm: ECDSA, size: 256, rotationPolicy: Always}}}}\n\
         ---\n\
         apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{name: bench-ca}}\nspec: {{ca: {{secretName: bench-root}}}}\n"
    )
}
