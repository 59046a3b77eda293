//! BIND and Pebble on loopback, as benchmarks and integration tests use them.

use std::process::Command;

use anyhow::Context;
use evercert_harness::bind::{ALGORITHMS, Bind, BindConfig};
use evercert_harness::command;
use evercert_harness::host::Host;
use evercert_harness::pebble::{Pebble, PebbleConfig};

/// Adds a TXT record by a signed update; what dig then says.
fn update(bind: &Bind<'_>, algorithm: &str, record: &str) -> anyhow::Result<String> {
    let key = bind.key(algorithm).context("a key of this algorithm")?;
    let (ip, port) = (bind.address().ip(), bind.address().port());
    let script = format!("server {ip} {port}\nupdate add {record} 5 TXT \"x\"\nsend\n");
    let file = std::env::temp_dir().join(format!("evercert-nsupdate-{}-{algorithm}", std::process::id()));
    std::fs::write(&file, script)?;
    let credential = format!("{algorithm}:{}:{}", key.name, key.base64());
    let result = command::run(Command::new("nsupdate").args(["-y", &credential]).arg(&file));
    let _ = std::fs::remove_file(&file);
    result?;
    Ok(command::run(Command::new("dig").args([
        &format!("@{ip}"),
        "-p",
        &port.to_string(),
        "+short",
        "TXT",
        record,
    ]))?)
}

#[tokio::test]
async fn bind_takes_updates_of_every_algorithm_only_for_its_zones_and_txt() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let host = Host::local(dir.path());
    let mut bind = Bind::start(&host, BindConfig::open(&["demo.test"], "10.88.0.80")).await?;
    for algorithm in ALGORITHMS {
        assert_eq!(
            update(&bind, algorithm, &format!("{algorithm}.demo.test"))?.trim(),
            "\"x\"",
            "{algorithm}"
        );
    }
    let mut closed = BindConfig::open(&["demo.test"], "10.88.0.80");
    closed.zones[0].updaters = vec!["evercert-sha1".into()];
    bind.reconfigure(closed).await?;
    assert!(update(&bind, "hmac-sha256", "a.demo.test").is_err());
    assert!(update(&bind, "hmac-sha1", "a.demo.test").is_ok());
    Ok(())
}

#[tokio::test]
async fn pebble_serves_its_directory_and_its_roots() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let host = Host::local(dir.path());
    let bind = Bind::start(&host, BindConfig::open(&["demo.test"], "10.88.0.80")).await?;
    let pebble = Pebble::start(&host, &PebbleConfig::new(bind.address())).await?;
    let ca = reqwest::Certificate::from_pem(pebble.ca_bundle().as_bytes())?;
    let client = reqwest::Client::builder()
        .user_agent("evercert-harness")
        .no_proxy()
        .tls_certs_only([ca])
        .build()?;
    let directory: serde_json::Value = client.get(pebble.directory_url()).send().await?.json().await?;
    assert!(directory["newOrder"].is_string(), "{directory}");
    let first = pebble.root(0).await?;
    assert!(first.contains("BEGIN CERTIFICATE") && pebble.intermediate(0).await?.contains("BEGIN CERTIFICATE"));
    pebble.restart().await?;
    assert_ne!(first, pebble.root(0).await?);
    Ok(())
}
