//! Configuration files and arguments of the node's own components: containerd, CNI, kubelet, kube-proxy.

use std::path::Path;

use serde_json::json;

use crate::control_plane::{ControlPlane, NODE_IP};
use crate::error::Result;
use crate::paths;

/// Address of cluster DNS as pods see it.
pub const DNS_SERVICE_IP: &str = "10.96.0.10";
/// Addresses of pods, in this node's bridge.
pub const POD_RANGE: &str = "10.244.0.0/24";
/// Kubelet's name of the node.
pub const NODE_NAME: &str = "node1";

/// Directories of the machine that the node gets an empty private copy of.
pub const PRIVATE_DIRS: [&str; 8] = [
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/run/containerd",
    "/var/lib/cni",
    "/etc/cni",
    "/run/netns",
    "/var/log/pods",
    "/var/log/containers",
];

/// Writes all configuration files. `run` is the name of the run's cgroups.
pub fn write_files(control: &ControlPlane, run: &str) -> Result<()> {
    let conf = control.dir.join("conf");
    paths::write(&conf.join("containerd.toml"), CONTAINERD)?;
    paths::write(&conf.join("kubelet.json"), kubelet_config(control, run).to_string())?;
    paths::write(&conf.join("kube-proxy.json"), proxy_config(control).to_string())?;
    let cni = private_copy(&control.dir, "/etc/cni").join("net.d/10-evercert.conflist");
    paths::write(&cni, cni_config().to_string())
}

/// Where the private copy of a directory lies on the machine.
pub fn private_copy(dir: &Path, path: &str) -> std::path::PathBuf {
    dir.join("root").join(path.trim_start_matches('/'))
}

/// containerd and its arguments.
pub fn containerd(control: &ControlPlane) -> Vec<String> {
    vec![
        "containerd".into(),
        "--config".into(),
        control.dir.join("conf/containerd.toml").display().to_string(),
    ]
}

/// kubelet and its arguments.
pub fn kubelet(control: &ControlPlane) -> Vec<String> {
    vec![
        "kubelet".into(),
        format!("--config={}", control.dir.join("conf/kubelet.json").display()),
        format!("--kubeconfig={}", control.kubeconfig(NODE_NAME).display()),
        format!("--hostname-override={NODE_NAME}"),
        format!("--node-ip={NODE_IP}"),
        "--root-dir=/var/lib/kubelet".into(),
        "--cert-dir=/var/lib/kubelet/pki".into(),
    ]
}

/// kube-proxy and its arguments.
pub fn kube_proxy(control: &ControlPlane) -> Vec<String> {
    vec![
        "kube-proxy".into(),
        format!("--config={}", control.dir.join("conf/kube-proxy.json").display()),
    ]
}

/// `restrict_oom_score_adj`: without SYS_RESOURCE the kubelet's wish of −998 for the pause container kills runc.
const CONTAINERD: &str = r#"version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
"#;

fn cni_config() -> serde_json::Value {
    json!({
        "cniVersion": "0.4.0", "name": "evercert",
        "plugins": [
            {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
             "ipam": {"type": "host-local", "ranges": [[{"subnet": POD_RANGE}]], "routes": [{"dst": "0.0.0.0/0"}]}},
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    })
}

/// Eviction and image collection look at the real disk: they are off, or a machine that is 85 % full deletes images.
fn kubelet_config(control: &ControlPlane, run: &str) -> serde_json::Value {
    let pki = control.dir.join("pki");
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "failCgroupV1": false, "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{run}"), "cgroupsPerQOS": true,
        "enforceNodeAllocatable": [], "failSwapOn": false,
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "address": NODE_IP, "healthzBindAddress": "127.0.0.1",
        "authentication": {
            "anonymous": {"enabled": false}, "webhook": {"enabled": true}, "x509": {"clientCAFile": pki.join("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": pki.join("kubelet.crt"), "tlsPrivateKeyFile": pki.join("kubelet.key"),
        "clusterDomain": "cluster.local", "clusterDNS": [DNS_SERVICE_IP], "resolvConf": "", "syncFrequency": "1s",
        "evictionHard": {
            "memory.available": "100Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%",
            "imagefs.available": "0%", "imagefs.inodesFree": "0%",
        },
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99, "registryPullQPS": 0, "eventRecordQPS": 0,
        "kubeAPIQPS": 200, "kubeAPIBurst": 400, "podLogsDir": "/var/log/pods", "volumePluginDir": control.dir.join("flex"),
    })
}

/// The zeros leave the conntrack sysctls alone, which are read-only in a network namespace of our own.
fn proxy_config(control: &ControlPlane) -> serde_json::Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "iptables",
        "bindAddress": NODE_IP, "hostnameOverride": NODE_NAME, "clusterCIDR": "10.244.0.0/16",
        "clientConnection": {"kubeconfig": control.kubeconfig("proxy")},
        "iptables": {"minSyncPeriod": "100ms"}, "nftables": {"minSyncPeriod": "100ms"},
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    })
}
