//! 30 Certificates by ACME DNS-01 at once, against Pebble (no artificial waits) and BIND on loopback.

use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evercert_harness::bind::{Bind, BindConfig};
use evercert_harness::host::Host;
use evercert_harness::pebble::{Pebble, PebbleConfig};
use serde_json::json;

use crate::certificates::{self, certificate};
use crate::issuing;
use crate::report::{Budget, Report};
use crate::world::{SYSTEM, World};

const CERTIFICATES: usize = 30;
const LIMIT: Duration = Duration::from_mins(5);
const ALGORITHM: &str = "hmac-sha256";

/// `acme_30_orders_s`: from the first create to the last Ready; the account is registered before.
pub async fn measure(world: &World, report: &mut Report) -> Result<()> {
    eprintln!("==> {CERTIFICATES} Certificates by ACME DNS-01 at once");
    let host = Host::local(&world.plane.dir().join("acme"));
    let bind = Bind::start(&host, BindConfig::open(&["evercert.test"], "127.0.0.1")).await?;
    let pebble = Pebble::start(&host, &PebbleConfig::new(bind.address())).await?;
    let resolver = format!("--dns01-recursive-nameservers={}", bind.address());
    let mut issuer = issuing::start(world, &[&resolver, "--dns01-recursive-nameservers-only"]).await?;
    world.plane.apply(&acme_issuer(&bind, &pebble)?).await?;
    let key = json!({"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"});
    let warm_up = vec![certificate("warm-up", "bench-acme", &key)];
    certificates::issue(&world.client, SYSTEM, warm_up, LIMIT)
        .await
        .context("the ACME issuer does not issue")?;
    let wanted = (0..CERTIFICATES)
        .map(|n| certificate(&format!("a{n}"), "bench-acme", &key))
        .collect();
    let issued = certificates::issue(&world.client, SYSTEM, wanted, LIMIT).await?;
    issuer.check()?;
    report.add(
        "issuer",
        "acme_30_orders_s",
        issued.total.as_secs_f64(),
        Budget::AtMost(10.0),
    );
    issuer.stop().await
}

fn acme_issuer(bind: &Bind<'_>, pebble: &Pebble<'_>) -> Result<String> {
    let key = bind.key(ALGORITHM).context("BIND has no such key")?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tsig", "namespace": SYSTEM},
        "stringData": {"secret": key.base64()},
    });
    let issuer = json!({
        "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "bench-acme"},
        "spec": {"acme": {
            "server": pebble.directory_url(), "caBundle": STANDARD.encode(pebble.ca_bundle()),
            "privateKeySecretRef": {"name": "bench-acme-account"},
            "solvers": [{"dns01": {"rfc2136": {
                "nameserver": bind.address().to_string(), "tsigKeyName": key.name, "tsigAlgorithm": "HMACSHA256",
                "tsigSecretSecretRef": {"name": "tsig", "key": "secret"}}}}],
        }},
    });
    Ok(format!("{secret}\n---\n{issuer}\n"))
}
