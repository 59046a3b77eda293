//! The router in a real cluster: terminations, refusals, and no lost request over rollouts. Needs what
//! `evercert-cluster check` asks for: `cargo test -p evercert-harness --test router -- --ignored`

mod load;
mod manifests;
mod serve;

use std::env;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use evercert_harness::certificates::{Authority, Pair, Subject};
use evercert_harness::control_plane::NODE_IP;
use evercert_harness::oci::{Image, Layer, NONROOT};
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
            eprintln!("{error:?}");
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
    scene.deploy().await?;
    scene.terminations_are_as_the_routes_say().await?;
    scene.bad_routes_are_told_why_and_disturb_nobody().await?;
    scene.a_wrong_destination_ca_is_not_trusted().await?;
    scene.no_request_is_lost_over_rollouts().await?;
    scene.the_crd_refuses_what_openshift_refuses().await
}

impl Scene<'_> {
    fn leaf(&self, authority: &Authority, name: &str) -> Result<Pair> {
        Ok(authority.leaf(&Subject {
            common_name: name,
            names: &[name],
            ..Subject::default()
        })?)
    }

    async fn deploy(&self) -> Result<()> {
        let internal = self.leaf(&self.internal, "pass.demo.test")?;
        self.cluster
            .apply(&manifests::workload(&self.namespace, &internal).to_string())
            .await?;
        let edge = self.leaf(&self.edge, "re.demo.test")?;
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

    /// A client that trusts only this CA and finds every host at the router.
    fn client(&self, authority: &Authority) -> Result<reqwest::ClientBuilder> {
        let ca = reqwest::Certificate::from_pem(authority.pair.certificate.as_bytes())?;
        let router = |port: u16| format!("{ROUTER_IP}:{port}").parse::<SocketAddr>();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([ca])
            .timeout(Duration::from_secs(10));
        builder = builder.redirect(reqwest::redirect::Policy::none());
        for name in ["pass", "re", "edge"] {
            builder = builder.resolve(&format!("{name}.demo.test"), SocketAddr::new(router(443)?.ip(), 0));
        }
        Ok(builder)
    }

    async fn terminations_are_as_the_routes_say(&self) -> Result<()> {
        for name in ["pass", "re", "edge"] {
            let admitted = r#"--for=jsonpath={.status.ingress[0].conditions[?(@.type=="Admitted")].status}=True"#;
            self.kubectl(&["wait", admitted, &format!("route/{name}"), "--timeout=20s"])?;
        }
        let (inside, outside) = (self.client(&self.internal)?.build()?, self.client(&self.edge)?.build()?);
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
        let (one, other) = (
            self.leaf(&self.edge, "bad.demo.test")?,
            self.leaf(&self.edge, "bad.demo.test")?,
        );
        self.route(
            "bad",
            json!({"termination": "edge", "certificate": one.certificate, "key": other.key}),
        )
        .await?;
        let reason = r#"--for=jsonpath={.status.ingress[0].conditions[0].reason}=ExtendedValidationFailed"#;
        self.kubectl(&["wait", reason, "route/bad", "--timeout=20s"])?;
        load::eventually(&self.client(&self.edge)?.build()?, "https://re.demo.test/", 200).await
    }

    async fn a_wrong_destination_ca_is_not_trusted(&self) -> Result<()> {
        let client = self.client(&self.edge)?.build()?;
        for (ca, status) in [(&self.edge, 503), (&self.internal, 200)] {
            let patch = json!({"spec": {"tls": {"destinationCACertificate": ca.pair.certificate}}}).to_string();
            self.kubectl(&["patch", "route/re", "--type=merge", "-p", &patch])?;
            load::eventually(&client, "https://re.demo.test/", status).await?;
        }
        Ok(())
    }

    /// Pods are replaced and a certificate is changed (a reload) while three kinds of clients go on asking.
    async fn no_request_is_lost_over_rollouts(&self) -> Result<()> {
        let edge = || self.client(&self.edge);
        let loads = [
            Load::start(edge()?.build()?, "https://re.demo.test/"),
            Load::start(edge()?.pool_max_idle_per_host(0).build()?, "https://re.demo.test/"),
            Load::start(
                self.client(&self.internal)?.pool_max_idle_per_host(0).build()?,
                "https://pass.demo.test/",
            ),
        ];
        for round in 0..3 {
            self.kubectl(&["rollout", "restart", "deployment/web"])?;
            let leaf = self.leaf(&self.edge, "re.demo.test")?;
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
        println!("node {NODE_IP}: everything as it should be");
        Ok(())
    }
}
