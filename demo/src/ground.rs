//! The ground that the story is told on: this repository's own cluster, its router and ACME CA, and the variables that the
//! printed commands use. On another cluster a person sets these variables and repeats the commands.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evercert_harness::bind::{Bind, BindConfig};
use evercert_harness::host::Host;
use evercert_harness::pebble::{Pebble, PebbleConfig};
use evercert_harness::sandbox::network::ROUTER_IP;
use evercert_harness::{Cluster, paths, router, tools_binary};

use crate::names::{CUSTOMER_HOST, PREFERENCE_HOST};
use crate::say::Say;
use crate::shell::Shell;
use crate::story::{self, Stage, Verdict};

/// Names of the operators' images and charts.
pub const OPERATORS: [&str; 3] = ["evercert-issuer", "evercert-cert-utils", "evercert-reloader"];
/// Directory of a cluster that is kept; `evercert-cluster exec` looks there by itself.
pub const KEPT_DIR: &str = "/tmp/evercert-cluster";
/// The zone in which the ACME CA checks names.
const ZONE: &str = "evercert.test";
/// Where the ACME CA's root is left for clients such as curl.
const ROOT_FILE: &str = "acme-root.pem";

/// Tells the story inside `cluster`, writes the report, and says by the exit status whether it holds.
pub fn tell(cluster: &Cluster, out: &Path, keep: bool) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let result = runtime
        .context("start a runtime")
        .and_then(|runtime| runtime.block_on(told(cluster, out, keep)));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("\nThe demo did not get to its end: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn told(cluster: &Cluster, out: &Path, keep: bool) -> Result<bool> {
    let say = Say::default();
    fs::create_dir_all(out).with_context(|| format!("make {}", out.display()))?;
    let out = fs::canonicalize(out).with_context(|| format!("find {}", out.display()))?;
    let host = Host::inside()?;
    let stage = stage(&host, cluster, &say, &out).await?;
    let Verdict { report, shortfalls } = story::tell(&stage, &say).await?;
    let file = out.join("report.json");
    fs::write(&file, serde_json::to_string(&report)? + "\n").with_context(|| format!("write {}", file.display()))?;
    println!("\n  report: {}", file.display());
    for shortfall in &shortfalls {
        println!("  ✘ {shortfall}");
    }
    println!(
        "\n{}",
        if shortfalls.is_empty() {
            "The demo has proven what it promises."
        } else {
            "The demo FELL SHORT, see above."
        }
    );
    if keep {
        look_around(&out);
    }
    Ok(shortfalls.is_empty())
}

/// Starts what the cluster does not have by itself (router, ACME CA, DNS) and names it to the commands.
async fn stage(host: &Host, cluster: &Cluster, say: &Say, out: &Path) -> Result<Stage> {
    say.heading("A cluster with a router, an ACME CA and a DNS zone");
    router::start(cluster).await?;
    let bind = Bind::start(host, BindConfig::open(&[ZONE], ROUTER_IP)).await?;
    let pebble = Pebble::start(host, &PebbleConfig::new(bind.address())).await?;
    let acme_root = pebble.root(0).await?;
    fs::write(out.join(ROOT_FILE), &acme_root).with_context(|| format!("write {ROOT_FILE}"))?;
    let key = bind.key("hmac-sha256").context("BIND has no key for hmac-sha256")?;
    let variables = [
        ("ACME_DIRECTORY", pebble.directory_url()),
        ("ACME_CA", STANDARD.encode(pebble.ca_bundle())),
        ("NAMESERVER", bind.address().to_string()),
        ("TSIG_NAME", key.name.clone()),
        ("TSIG_SECRET", key.base64()),
        ("SCRATCH", out.display().to_string()),
    ];
    println!("    Every command below can be repeated by hand on a cluster of your own. They use these variables:\n");
    for (name, value) in &variables {
        let value = if name.ends_with("SECRET") {
            "(the TSIG key in base64)".into()
        } else {
            shown(value)
        };
        println!("      {name}={value}");
    }
    let env = variables.map(|(name, value)| (name.to_owned(), value));
    let shell = Shell {
        dir: paths::repository(),
        env: env.into_iter().chain(surroundings(cluster)?).collect(),
    };
    let router = SocketAddr::new(ROUTER_IP.parse()?, 443);
    Ok(Stage {
        shell,
        client: cluster.client().await?,
        router,
        acme_root: acme_root.into_bytes(),
    })
}

/// PATH with kubectl and helm in front, and the administrator's kubeconfig.
fn surroundings(cluster: &Cluster) -> Result<[(String, String); 2]> {
    let (kubectl, helm) = (cluster.dir().join("bin"), tools_binary::ensure()?);
    let path = format!(
        "{}:{}:{}",
        kubectl.display(),
        helm.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    Ok([
        ("PATH".into(), path),
        ("KUBECONFIG".into(), cluster.kubeconfig().display().to_string()),
    ])
}

/// Long values are cut: they are printed to be recognised, not to be copied.
fn shown(value: &str) -> String {
    if value.len() <= 60 {
        value.to_owned()
    } else {
        format!(
            "{}… ({} characters)",
            value.chars().take(24).collect::<String>(),
            value.len()
        )
    }
}

/// How a person goes on from here.
fn look_around(out: &Path) {
    let program = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join("evercert-cluster")));
    let enter = program
        .unwrap_or_else(|| "evercert-cluster".into())
        .display()
        .to_string()
        + " exec --";
    let root = out.join(ROOT_FILE);
    println!("\nEverything is still running. Look around:");
    println!("  {enter} kubectl get certificates,routes,pods -n demo");
    println!("  {enter} curl --cacert {} https://{CUSTOMER_HOST}/", root.display());
    println!("  {enter} curl --insecure --verbose https://{PREFERENCE_HOST}/");
    println!("and stop it:\n  {}", enter.replace(" exec --", " down"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown("short"), "short");
        assert_eq!(shown(&"x".repeat(100)), format!("{}… (100 characters)", "x".repeat(24)));
    }
}
