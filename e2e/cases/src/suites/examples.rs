//! Every file of `examples/` does what its comments say, applied as a user does. The ACME CA and the DNS server that they
//! name are Pebble and BIND here: their addresses are put in, nothing else is changed.

use std::fs;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evercert_harness::bind::{Bind, BindConfig};
use evercert_harness::host::Host;
use evercert_harness::pebble::{Pebble, PebbleConfig};
use evercert_harness::sandbox::network::ROUTER_IP;
use evercert_harness::{paths, router};

use crate::world::World;

/// In the order in which one needs the other.
const FILES: [&str; 8] = [
    "self-signed",
    "ca",
    "acme-rfc2136",
    "acme-letsencrypt",
    "keystore",
    "route-reencrypt",
    "route-passthrough",
    "reload",
];
/// What has to be so in the end: kind/name, namespace, and a JSON path that exists, with its value where one is given.
const CLAIMS: [(&str, &str, &str); 10] = [
    ("secret/hello-tls", "shop", r"{.data.tls\.crt}"),
    ("secret/www-tls", "shop", r"{.data.tls\.crt}"),
    ("secret/shop-tls", "shop", r"{.data.tls\.crt}"),
    ("secret/billing-tls", "shop", r"{.data.keystore\.jks}"),
    ("secret/billing-tls", "shop", r"{.data.truststore\.jks}"),
    ("route/orders", "shop", "{.spec.tls.certificate}"),
    ("route/orders", "shop", "{.spec.tls.destinationCACertificate}"),
    ("route/orders", "shop", "{.status.ingress[0].conditions[0].status}=True"),
    (
        "route/vault",
        "secure",
        "{.status.ingress[0].conditions[0].status}=True",
    ),
    (
        "deployment/billing",
        "shop",
        r"{.metadata.annotations.evercert\.dev/seen}",
    ),
];

pub async fn run(world: &World) -> Result<()> {
    let host = Host::inside()?;
    router::start(&world.cluster).await?;
    let bind = Bind::start(&host, BindConfig::open(&["example.com"], ROUTER_IP)).await?;
    let pebble = Pebble::start(&host, &PebbleConfig::new(bind.address())).await?;
    let key = bind.key("hmac-sha256").context("BIND has a key for hmac-sha256")?;
    for namespace in ["shop", "secure"] {
        world.kubectl(&["create", "namespace", namespace]).await?;
    }
    let literal = format!("--from-literal=secret={}", key.base64());
    world
        .kubectl(&[
            "create",
            "secret",
            "generic",
            "dns-tsig",
            "-n",
            "cert-manager",
            &literal,
        ])
        .await?;

    let ca = STANDARD.encode(pebble.ca_bundle());
    let here = world.cluster.dir().join("examples");
    fs::create_dir_all(&here)?;
    for name in FILES {
        let text = fs::read_to_string(paths::repository().join(format!("examples/{name}.yaml")))?;
        let file = here.join(format!("{name}.yaml"));
        fs::write(&file, localized(&text, &pebble.directory_url(), &ca, &key.name))?;
        world
            .kubectl(&["apply", "-f", &file.display().to_string()])
            .await
            .with_context(|| format!("examples/{name}.yaml"))?;
    }
    for namespace in ["shop", "secure"] {
        world
            .kubectl(&[
                "wait",
                "-n",
                namespace,
                "--for=condition=Ready",
                "certificate",
                "--all",
                "--timeout=120s",
            ])
            .await?;
    }
    for (object, namespace, path) in CLAIMS {
        world
            .kubectl(&[
                "wait",
                "-n",
                namespace,
                object,
                &format!("--for=jsonpath={path}"),
                "--timeout=60s",
            ])
            .await?;
    }
    reload(world).await
}

/// The example with this cluster's CA, DNS key and addresses in place of the public ones.
fn localized(text: &str, directory: &str, ca: &str, key: &str) -> String {
    let line = |line: &str| match line.trim_start().split_once(": ") {
        Some(("server", _)) => {
            let indent = line.len() - line.trim_start().len();
            let pad = " ".repeat(indent);
            format!("{pad}server: {directory}\n{pad}caBundle: {ca}\n")
        }
        Some(("tsigKeyName", _)) => format!("{}\n", line.replace("evercert", key)),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect::<Vec<_>>().concat()
}

/// The Deployment of the example restarts when its ConfigMap changes. Its image is nobody's, so no pod ever runs.
async fn reload(world: &World) -> Result<()> {
    let patch = r#"{"data":{"log-level":"debug"}}"#;
    world
        .kubectl(&[
            "patch",
            "configmap",
            "-n",
            "shop",
            "billing-config",
            "--type=merge",
            "-p",
            patch,
        ])
        .await?;
    let variable = "--for=jsonpath={.spec.template.spec.containers[0].env[0].name}=STAKATER_BILLING_CONFIG_CONFIGMAP";
    world
        .kubectl(&["wait", "-n", "shop", "deployment/billing", variable, "--timeout=60s"])
        .await?;
    let sets = world
        .kubectl(&["get", "replicaset", "-n", "shop", "-l", "app=billing", "-o", "name"])
        .await?;
    ensure!(sets.lines().count() == 2, "one change made these ReplicaSets:\n{sets}");
    // Its pods wait for an image for ever: not something for the suites that follow.
    world
        .kubectl(&["delete", "deployment", "-n", "shop", "billing"])
        .await
        .map(drop)
}
