//! Certificates, kubeconfigs and arguments of etcd, API server, controller manager and scheduler.
//!
//! Shared by the plane (no node, loopback ports) and the cluster (a real node in a sandbox). Pure apart from writing
//! files; starting them is done elsewhere.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::certificates::{Authority, PairFiles, Subject, signing_key};
use crate::error::Result;
use crate::kubeconfig::Server;
use crate::paths;

/// Address of the node, where the API server, DNS, the CA and the router listen.
pub const NODE_IP: &str = "10.88.0.1";
/// The same as an address.
pub const NODE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);
/// The `kubernetes` Service.
pub const API_SERVICE_IP: &str = "10.96.0.1";
/// All Services.
pub const SERVICE_RANGE: &str = "10.96.0.0/16";

/// How much of a cluster there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Control plane only, on loopback; no pod ever runs.
    Plane,
    /// With a real node, inside a sandbox.
    Node,
}

/// TCP ports, all on loopback except the API server's at `Level::Node`.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// etcd for clients.
    pub etcd: u16,
    /// etcd for peers (there are none, but it listens).
    pub etcd_peer: u16,
    /// API server.
    pub api: u16,
    /// Controller manager's health and metrics.
    pub controller_manager: u16,
    /// Scheduler's health and metrics.
    pub scheduler: u16,
}

impl Ports {
    /// The usual ones, for use in a network namespace of their own.
    pub const USUAL: Self = Self {
        etcd: 2379,
        etcd_peer: 2380,
        api: 6443,
        controller_manager: 10257,
        scheduler: 10259,
    };
}

/// Everything the arguments depend on.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    /// Directory of this run.
    pub dir: PathBuf,
    /// Plane or node.
    pub level: Level,
    /// Where things listen.
    pub ports: Ports,
    /// Write an audit log at Metadata level.
    pub audit: bool,
    /// More flags for the API server.
    pub api_args: Vec<String>,
}

impl ControlPlane {
    /// Where the cluster CA's certificate lies.
    pub fn ca(&self) -> PathBuf {
        self.dir.join("pki/ca.crt")
    }

    /// A component's or user's kubeconfig.
    pub fn kubeconfig(&self, name: &str) -> PathBuf {
        self.dir.join("kubeconfig").join(name)
    }

    /// Where the audit log is, if one is asked for.
    pub fn audit_log(&self) -> PathBuf {
        self.log("audit")
    }

    /// A component's log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir.join("logs").join(format!("{name}.log"))
    }

    /// Base URL of the API server for clients on this machine (or in this sandbox).
    pub fn url(&self) -> String {
        let host = if self.level == Level::Node {
            NODE_IP
        } else {
            "127.0.0.1"
        };
        format!("https://{host}:{}", self.ports.api)
    }

    /// Makes the CAs, all certificates, kubeconfigs and the audit policy.
    pub fn write_files(&self) -> Result<()> {
        let pki = self.dir.join("pki");
        let ca = Authority::new("evercert test cluster")?;
        ca.pair.write(&pki, "ca")?;
        let front_proxy = Authority::new("evercert front proxy")?;
        front_proxy.pair.write(&pki, "front-proxy-ca")?;
        let client = Subject {
            common_name: "front-proxy-client",
            ..Subject::default()
        };
        front_proxy.leaf(&client)?.write(&pki, "front-proxy-client")?;

        let names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "127.0.0.1",
            API_SERVICE_IP,
            NODE_IP,
        ];
        ca.leaf(&Subject {
            common_name: "kube-apiserver",
            organization: None,
            names: &names,
        })?
        .write(&pki, "apiserver")?;
        ca.leaf(&Subject {
            common_name: "system:node:node1",
            organization: Some("system:nodes"),
            names: &["node1", NODE_IP],
        })?
        .write(&pki, "kubelet")?;
        let (private, public) = signing_key()?;
        paths::write(&pki.join("sa.key"), private)?;
        paths::write(&pki.join("sa.pub"), public)?;
        self.write_users(&ca)?;
        paths::write(&self.dir.join("conf/audit.yaml"), AUDIT_POLICY)
    }

    fn write_users(&self, ca: &Authority) -> Result<()> {
        let users = [
            ("admin", "admin", Some("system:masters")),
            ("kcm", "system:kube-controller-manager", None),
            ("scheduler", "system:kube-scheduler", None),
            ("proxy", "system:kube-proxy", None),
            ("node1", "system:node:node1", Some("system:nodes")),
            (
                "apiserver-kubelet-client",
                "kube-apiserver-kubelet-client",
                Some("system:masters"),
            ),
        ];
        for (name, common_name, organization) in users {
            let pair = ca.leaf(&Subject {
                common_name,
                organization,
                names: &[],
            })?;
            let files = pair.write(&self.dir.join("pki"), name)?;
            self.write_kubeconfig(name, &files)?;
        }
        Ok(())
    }

    fn write_kubeconfig(&self, name: &str, files: &PairFiles) -> Result<()> {
        let ca = self.ca();
        let config = Server {
            url: &self.url(),
            ca: &ca,
        }
        .with_certificate(name, files);
        paths::write(&self.kubeconfig(name), config.to_string())
    }

    /// etcd and its arguments.
    pub fn etcd(&self) -> Vec<String> {
        let (client, peer) = (loopback(self.ports.etcd), loopback(self.ports.etcd_peer));
        words(&[
            "etcd --name=evercert --unsafe-no-fsync --log-level=warn --quota-backend-bytes=8589934592",
            &format!("--data-dir={}", self.at("etcd")),
            &format!("--listen-client-urls={client} --advertise-client-urls={client}"),
            &format!("--listen-peer-urls={peer} --initial-advertise-peer-urls={peer}"),
            &format!("--initial-cluster=evercert={peer}"),
        ])
    }

    /// kube-apiserver and its arguments.
    pub fn api_server(&self) -> Vec<String> {
        let pki = self.at("pki");
        let mut argv = words(&[
            "kube-apiserver --allow-privileged=true --authorization-mode=Node,RBAC --profiling=false",
            &format!(
                "--etcd-servers={} --secure-port={}",
                loopback(self.ports.etcd),
                self.ports.api
            ),
            &format!("--service-cluster-ip-range={SERVICE_RANGE} --client-ca-file={pki}/ca.crt"),
            &format!("--tls-cert-file={pki}/apiserver.crt --tls-private-key-file={pki}/apiserver.key"),
            "--service-account-issuer=https://kubernetes.default.svc",
            &format!("--service-account-key-file={pki}/sa.pub --service-account-signing-key-file={pki}/sa.key"),
            &format!("--requestheader-client-ca-file={pki}/front-proxy-ca.crt"),
            "--requestheader-allowed-names=front-proxy-client --requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra-",
            &format!("--proxy-client-cert-file={pki}/front-proxy-client.crt"),
            &format!("--proxy-client-key-file={pki}/front-proxy-client.key"),
        ]);
        match self.level {
            // Webhooks are called at their EndpointSlice addresses: there is no kube-proxy. With the taint plugin on and
            // the node-lifecycle controller off nothing would ever be scheduled.
            Level::Plane => argv.extend(words(&[
                "--bind-address=127.0.0.1 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none",
                "--enable-aggregator-routing=true --disable-admission-plugins=TaintNodesByCondition",
            ])),
            Level::Node => argv.extend(words(&[
                &format!(
                    "--bind-address=0.0.0.0 --advertise-address={NODE_IP} --kubelet-preferred-address-types=InternalIP"
                ),
                "--enable-admission-plugins=NodeRestriction",
                &format!("--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt"),
                &format!("--kubelet-client-key={pki}/apiserver-kubelet-client.key"),
                &format!("--kubelet-certificate-authority={pki}/ca.crt"),
            ])),
        }
        if self.audit {
            argv.push(format!("--audit-policy-file={}", self.at("conf/audit.yaml")));
            argv.push(format!("--audit-log-path={}", self.audit_log().display()));
            argv.push("--audit-log-maxsize=10000".into());
        }
        argv.extend(self.api_args.iter().cloned());
        argv
    }

    /// kube-controller-manager and its arguments. With the default client rate it takes 5 s longer to start.
    pub fn controller_manager(&self) -> Vec<String> {
        let pki = self.at("pki");
        let controllers = if self.level == Level::Node {
            "*"
        } else {
            "*,-node-lifecycle-controller"
        };
        let mut argv = vec![
            "kube-controller-manager".to_owned(),
            format!("--controllers={controllers}"),
        ];
        argv.extend(words(&[
            &self.component_flags("kcm", self.ports.controller_manager),
            "--use-service-account-credentials=true --kube-api-qps=2000 --kube-api-burst=4000",
            &format!("--root-ca-file={pki}/ca.crt --service-account-private-key-file={pki}/sa.key"),
            &format!("--cluster-signing-cert-file={pki}/ca.crt --cluster-signing-key-file={pki}/ca.key"),
            &format!("--flex-volume-plugin-dir={}", self.at("flex")),
        ]));
        argv
    }

    /// kube-scheduler and its arguments.
    pub fn scheduler(&self) -> Vec<String> {
        words(&[
            "kube-scheduler",
            &self.component_flags("scheduler", self.ports.scheduler),
        ])
    }

    fn component_flags(&self, user: &str, port: u16) -> String {
        let file = self.kubeconfig(user);
        let file = file.display();
        format!(
            "--kubeconfig={file} --authentication-kubeconfig={file} --authorization-kubeconfig={file} \
             --bind-address=127.0.0.1 --secure-port={port} --leader-elect=false"
        )
    }

    fn at(&self, path: &str) -> String {
        self.dir.join(path).display().to_string()
    }
}

/// Reads of health are left out; everything else is one line at the end of the request.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, nonResourceURLs: ['/healthz*', '/livez*', '/readyz*']}
- {level: Metadata}
";

fn loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Splits at blanks: no path of ours has one (checked when the directory is made).
fn words(lines: &[&str]) -> Vec<String> {
    lines
        .iter()
        .flat_map(|line| line.split_whitespace())
        .map(str::to_owned)
        .collect()
}

/// True where a directory can stand in our argument lists and configuration files.
pub fn usable_dir(dir: &Path) -> bool {
    dir.is_absolute()
        && dir
            .to_str()
            .is_some_and(|text| !text.contains(|c: char| c.is_whitespace() || c == '"'))
}
