//! The order in which a cluster comes up.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Instant;

use k8s_openapi::api::core::v1::{ConfigMap, Node, ServiceAccount};
use kube::{Api, Client};

use super::components::Components;
use crate::control_plane::{ControlPlane, NODE_ADDRESS};
use crate::error::Result;
use crate::probe::{self, Awaited};
use crate::sandbox::network;
use crate::sandbox::options::Run;
use crate::sandbox::state::Ready;
use crate::{command, dns, image, node, plane, users};

/// Everything in order; each stage's time is noted.
pub(super) async fn up(run: &Run) -> Result<Components> {
    let control = run.control_plane();
    let mut stages = Stages {
        start: Instant::now(),
        timings: BTreeMap::new(),
        components: Components::new(&run.dir),
    };
    network::mounts(&run.dir)?;
    network::links()?;
    stages.mark("sandbox");
    stages.components.launch(&control, node::containerd(&control))?;
    stages.components.launch(&control, control.etcd())?;
    stages.etcd(&control).await?;
    stages.components.launch(&control, control.api_server())?;
    stages.containerd(&control).await?;
    image::import_all(run)?;
    stages.mark("images");
    let client = users::client(&control.kubeconfig("admin")).await?;
    stages
        .wait("kube-apiserver", &control, async || users::api_answers(&client).await)
        .await?;
    stages.components.launch(&control, control.controller_manager())?;
    stages.components.launch(&control, control.scheduler())?;
    stages.components.launch(&control, node::kubelet(&control))?;
    stages.components.launch(&control, node::kube_proxy(&control))?;
    dns::install(&client, &run.dir).await?;
    stages.components.launch_as("dns", &control, dns::argv(&run.dir)?)?;
    stages
        .wait("kubelet", &control, async || node_ready(&client).await)
        .await?;
    network::reject_unknown_services()?;
    let server = SocketAddr::from((NODE_ADDRESS, 53));
    stages
        .wait("dns", &control, async || {
            dns::answers(server, "kubernetes.default.svc.cluster.local", dns::Kind::A).await
        })
        .await?;
    stages
        .wait("kube-controller-manager", &control, async || {
            defaults_exist(&client).await
        })
        .await?;
    stages.mark("ready");
    let Stages {
        timings,
        mut components,
        ..
    } = stages;
    Ready {
        timings_ms: timings,
        pids: components.pids(),
    }
    .save(&run.dir)?;
    Ok(components)
}

struct Stages {
    start: Instant,
    timings: BTreeMap<String, u64>,
    components: Components,
}

impl Stages {
    fn mark(&mut self, stage: &str) {
        let ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.timings.insert(stage.to_owned(), ms);
    }

    async fn wait(&mut self, what: &str, control: &ControlPlane, mut test: impl AsyncFnMut() -> bool) -> Result<()> {
        let log = control.log(what);
        let awaited = Awaited {
            what,
            limit: plane::START_LIMIT,
            log: &log,
        };
        let components = &mut self.components;
        awaited
            .until(async || {
                components.check_alive()?;
                Ok(test().await)
            })
            .await?;
        self.mark(what);
        Ok(())
    }

    async fn etcd(&mut self, control: &ControlPlane) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, control.ports.etcd));
        self.wait("etcd", control, async || probe::http_ok(address, "/health").await)
            .await
    }

    async fn containerd(&mut self, control: &ControlPlane) -> Result<()> {
        self.wait("containerd", control, async || {
            Path::new("/run/containerd/containerd.sock").exists() && command::sh(&["ctr", "version"]).is_ok()
        })
        .await
    }
}

/// Ready and without taints, so that pods are scheduled at once.
async fn node_ready(client: &Client) -> bool {
    let nodes: Api<Node> = Api::all(client.clone());
    let Ok(node) = nodes.get(node::NODE_NAME).await else {
        return false;
    };
    let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
    let tainted = node
        .spec
        .and_then(|spec| spec.taints)
        .is_some_and(|taints| !taints.is_empty());
    !tainted && conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True")
}

/// What every pod needs: the default ServiceAccount and the cluster CA.
async fn defaults_exist(client: &Client) -> bool {
    let accounts: Api<ServiceAccount> = Api::default_namespaced(client.clone());
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    accounts.get("default").await.is_ok() && maps.get("kube-root-ca.crt").await.is_ok()
}
