//! The router in a real cluster: terminations, refusals, and no lost request over rollouts. Needs what
//! `evercert-cluster check` asks for: `cargo test -p evercert-harness --test router -- --ignored`

mod load;
mod manifests;
mod serve;

use std::env;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use evercert_harness::bind::{Bind, BindConfig};
use evercert_harness::certificates::{Authority, Pair, Subject};
use evercert_harness::host::Host;
use evercert_harness::oci::{Image, Layer, NONROOT};
use evercert_harness::pebble::{Pebble, PebbleConfig};
use evercert_harness::sandbox::network::ROUTER_IP;
use evercert_harness::{Cluster, UpOptions, router};
use serde_json::{Value, json};

use load::Load;

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("serve") {
        return report(serve::main());
    }
    let asked = env::args().any(|argument| argument == "--ignored" || argument == "--include-ignored");
    if !asked && env::args().nth(1).as_deref() != Some(evercert_harness::reexec::MARK) {
        println!("router: ignored, needs root, cgroups and Debian packages; 60 s");
        return ExitCode::SUCCESS;
    }
    evercert_harness::enter(&UpOptions::default(), |cluster| {
        report(
            tokio::runtime::Runtime::new()
                .context("runtime")
                .and_then(|runtime| runtime.block_on(work(&cluster))),
        )
    })
}

fn report(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What all steps share.
struct Scene<'c> {
    cluster: &'c Cluster,
    namespace: String,
    edge: Authority,
    internal: Authority,
}

fn leaf(authority: &Authority, name: &str) -> Result<Pair> {
    Ok(authority.leaf(&Subject {
        common_name: name,
        names: &[name],
        ..Subject::default()
    })?)
}

async fn work(cluster: &Cluster) -> Result<()> {
    let image = cluster.dir().join("web.tar");
    let layer = Layer::new()
        .dir("tmp", 0o1777)
        .host_program("web", &env::current_exe()?)?;
    let entrypoint = vec!["/web".into(), "serve".into()];
    Image {
        name: "localhost/web:1".into(),
        entrypoint,
        user: NONROOT.into(),
        layers: vec![layer],
        ..Image::default()
    }
    .write(&image)?;
    cluster.import_image(&image)?;
    router::start(cluster).await?;
    let namespace = cluster.namespace("router").await?;
    let scene = Scene {
        cluster,
        namespace,
        edge: Authority::new("edge")?,
        internal: Authority::new("internal")?,
    };
    scene.names_and_the_ca_are_served_inside().await?;
    scene.deploy().await?;
    scene.terminations_are_as_the_routes_say().await?;
    scene.bad_routes_are_told_why_and_disturb_nobody().await?;
    scene.a_wrong_destination_ca_is_not_trusted().await?;
    scene.no_request_is_lost_over_rollouts().await?;
    scene.the_crd_refuses_what_openshift_refuses().await?;
    scene.an_api_server_outage_ends_and_traffic_goes_on().await
}

impl Scene<'_> {
    /// BIND behind cluster DNS, Pebble by its management port.
    async fn names_and_the_ca_are_served_inside(&self) -> Result<()> {
        let host = Host::inside()?;
        let bind = Bind::start(&host, BindConfig::open(&["demo.test"], ROUTER_IP)).await?;
        let found: Vec<_> = tokio::net::lookup_host("x.demo.test:443").await?.collect();
        ensure!(found == [format!("{ROUTER_IP}:443").parse()?], "x.demo.test: {found:?}");
        let service: Vec<_> = tokio::net::lookup_host("kubernetes.default.svc.cluster.local:443")
            .await?
            .collect();
        ensure!(service.len() == 1, "kubernetes: {service:?}");
        ensure!(
            tokio::net::lookup_host("nobody.example:443").await.is_err(),
            "an unknown name was resolved"
        );
        let pebble = Pebble::start(&host, &PebbleConfig::new(bind.address())).await?;
        ensure!(pebble.root(0).await?.contains("BEGIN CERTIFICATE"), "no root");
        Ok(())
    }

    async fn an_api_server_outage_ends_and_traffic_goes_on(&self) -> Result<()> {
        let client = load::client(&self.edge)?.build()?;
        self.cluster.kill("kube-apiserver").await?;
        load::eventually(&client, "https://re.demo.test/", 200).await?;
        ensure!(
            self.kubectl(&["get", "pods", "--request-timeout=2s"]).is_err(),
            "the API server still answers"
        );
        self.cluster.start("kube-apiserver").await?;
        self.kubectl(&["get", "pods"])?;
        load::eventually(&client, "https://re.demo.test/", 200).await
    }

    async fn deploy(&self) -> Result<()> {
        let internal = leaf(&self.internal, "pass.demo.test")?;
        self.cluster
            .apply(&manifests::workload(&self.namespace, &internal).to_string())
            .await?;
        let edge = leaf(&self.edge, "re.demo.test")?;
        let ca = &self.internal.pair.certificate;
        self.route(
            "pass",
            json!({"termination": "passthrough", "insecureEdgeTerminationPolicy": "Redirect"}),
        )
        .await?;
        let tls = json!({"termination": "reencrypt", "certificate": edge.certificate, "key": edge.key,
            "caCertificate": self.edge.pair.certificate, "destinationCACertificate": ca});
        self.route("re", tls).await?;
        self.route(
            "edge",
            json!({"termination": "edge", "insecureEdgeTerminationPolicy": "Allow"}),
        )
        .await?;
        self.kubectl(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
        Ok(())
    }

    async fn route(&self, name: &str, tls: Value) -> Result<()> {
        Ok(self
            .cluster
            .apply(&manifests::route(&self.namespace, name, &tls).to_string())
            .await?)
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let argv: Vec<_> = ["kubectl", "-n", &self.namespace]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        Ok(self.cluster.run(&argv)?)
    }

    async fn terminations_are_as_the_routes_say(&self) -> Result<()> {
        for name in ["pass", "re", "edge"] {
            let admitted = r#"--for=jsonpath={.status.ingress[0].conditions[?(@.type=="Admitted")].status}=True"#;
            self.kubectl(&["wait", admitted, &format!("route/{name}"), "--timeout=20s"])?;
        }
        let (inside, outside) = (
            load::client(&self.internal)?.build()?,
            load::client(&self.edge)?.build()?,
        );
        load::eventually(&inside, "https://pass.demo.test/", 200).await?;
        load::eventually(&outside, "https://re.demo.test/", 200).await?;
        ensure!(
            outside.get("https://pass.demo.test/").send().await.is_err(),
            "passthrough was decrypted"
        );
        load::eventually(&outside, "http://edge.demo.test/", 200).await?;
        load::eventually(&outside, "http://pass.demo.test/", 302).await?;
        load::eventually(&outside, "http://re.demo.test/", 503).await
    }

    async fn bad_routes_are_told_why_and_disturb_nobody(&self) -> Result<()> {
        let (one, other) = (leaf(&self.edge, "bad.demo.test")?, leaf(&self.edge, "bad.demo.test")?);
        self.route(
            "bad",
            json!({"termination": "edge", "certificate": one.certificate, "key": other.key}),
        )
        .await?;
        let reason = "--for=jsonpath={.status.ingress[0].conditions[0].reason}=ExtendedValidationFailed";
        self.kubectl(&["wait", reason, "route/bad", "--timeout=20s"])?;
        load::eventually(&load::client(&self.edge)?.build()?, "https://re.demo.test/", 200).await
    }

    async fn a_wrong_destination_ca_is_not_trusted(&self) -> Result<()> {
        let client = load::client(&self.edge)?.build()?;
        for (ca, status) in [(&self.edge, 503), (&self.internal, 200)] {
            let patch = json!({"spec": {"tls": {"destinationCACertificate": ca.pair.certificate}}}).to_string();
            self.kubectl(&["patch", "route/re", "--type=merge", "-p", &patch])?;
            load::eventually(&client, "https://re.demo.test/", status).await?;
        }
        Ok(())
    }

    /// Pods are replaced and a certificate is changed (a reload) while three kinds of clients go on asking.
    async fn no_request_is_lost_over_rollouts(&self) -> Result<()> {
        let edge = || load::client(&self.edge);
        let loads = [
            Load::start(edge()?.build()?, "https://re.demo.test/"),
            Load::start(edge()?.pool_max_idle_per_host(0).build()?, "https://re.demo.test/"),
            Load::start(
                load::client(&self.internal)?.pool_max_idle_per_host(0).build()?,
                "https://pass.demo.test/",
            ),
        ];
        for round in 0..3 {
            self.kubectl(&["rollout", "restart", "deployment/web"])?;
            let leaf = leaf(&self.edge, "re.demo.test")?;
            let patch = json!({"spec": {"tls": {"certificate": leaf.certificate, "key": leaf.key}}}).to_string();
            self.kubectl(&["patch", "route/re", "--type=merge", "-p", &patch])?;
            self.kubectl(&["rollout", "status", "deployment/web", "--timeout=60s"])?;
            println!("rollout {round} done");
        }
        let mut failures = Vec::new();
        for load in loads {
            let (requests, failed) = load.stop().await?;
            println!("{requests} requests, {} failed", failed.len());
            ensure!(requests > 20, "the load did not run");
            failures.extend(failed);
        }
        ensure!(failures.is_empty(), "lost requests: {failures:#?}");
        Ok(())
    }

    async fn the_crd_refuses_what_openshift_refuses(&self) -> Result<()> {
        let refused = [
            (
                json!({"termination": "passthrough", "certificate": "x"}),
                "TLS ends at the backend",
            ),
            (
                json!({"termination": "edge", "destinationCACertificate": "x"}),
                "for termination reencrypt only",
            ),
            (
                json!({"termination": "passthrough", "insecureEdgeTerminationPolicy": "Allow"}),
                "use None or Redirect",
            ),
            (json!({"certificate": "x"}), "Required"),
        ];
        for (tls, reason) in refused {
            let error = self.route("refused", tls).await.err().context("it was accepted")?;
            ensure!(format!("{error:?}").contains(reason), "{reason}: {error:?}");
        }
        Ok(())
    }
}
