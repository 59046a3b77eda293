//! HAProxy's configuration as text, and the certificate files it names. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use super::plan::{Backend, Insecure, Mode};
use super::slots::Slots;
use crate::sandbox::network::ROUTER_IP;

/// The configuration and, by name in the router's folder, the other files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    pub text: String,
    pub files: BTreeMap<String, String>,
}

/// Certificate for hosts that no Route has one for.
pub(super) const DEFAULT_CERTIFICATE: &str = "default.pem";
/// HAProxy's socket for commands.
pub(super) const SOCKET: &str = "haproxy.sock";

/// Everything for these backends; `dir` is the router's folder.
pub(super) fn render(backends: &[Backend], slots: &Slots, dir: &Path) -> Config {
    let mut config = Config {
        text: head(dir),
        files: files(backends, dir),
    };
    let out = &mut config.text;
    plain_frontend(out, backends);
    tls_frontends(out, backends, dir);
    for backend in backends {
        backend_section(out, backend, slots.of(&backend.name), dir);
    }
    config
}

/// Old workers end after 30 s; until then they answer what still comes on old connections and close them afterwards.
fn head(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "global
  maxconn 4000
  nbthread 1
  hard-stop-after 30s
  stats socket {dir}/{SOCKET} mode 600 level admin expose-fd listeners
  ssl-default-bind-options ssl-min-ver TLSv1.2
  tune.ssl.default-dh-param 2048

defaults
  mode http
  retries 3
  option redispatch 1
  option idle-close-on-response
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
  timeout http-keep-alive 300s
  timeout tunnel 1h
"
    )
}

fn files(backends: &[Backend], dir: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut list = format!("{}/{DEFAULT_CERTIFICATE}\n", dir.display());
    for backend in backends {
        let (Mode::Edge(served) | Mode::Reencrypt(served, _)) = &backend.mode else {
            continue;
        };
        if let Some(pem) = served {
            let _ = writeln!(list, "{}/{}.pem {}", dir.display(), backend.name, backend.host);
            files.insert(format!("{}.pem", backend.name), pem.clone());
        }
        if let Mode::Reencrypt(_, Some(ca)) = &backend.mode {
            files.insert(format!("{}.ca", backend.name), ca.clone());
        }
    }
    files.insert("certificates.list".into(), list);
    files
}

fn plain_frontend(out: &mut String, backends: &[Backend]) {
    let _ = writeln!(out, "\nfrontend plain\n  bind {ROUTER_IP}:80");
    for backend in by_path(backends) {
        let (name, rule) = (&backend.name, http_rule(backend));
        let _ = match (backend.insecure, &backend.mode) {
            (Insecure::Redirect, _) => writeln!(out, "  http-request redirect scheme https code 302 if {rule}"),
            (Insecure::Allow, Mode::Plain | Mode::Edge(_) | Mode::Reencrypt(..)) => {
                writeln!(out, "  use_backend {name} if {rule}")
            }
            _ => Ok(()),
        };
    }
}

/// The first looks at the SNI only; what is not passed through goes to the second, which ends TLS.
fn tls_frontends(out: &mut String, backends: &[Backend], dir: &Path) {
    let dir = dir.display();
    let _ = writeln!(
        out,
        "\nfrontend tls\n  mode tcp\n  bind {ROUTER_IP}:443\n  tcp-request inspect-delay 5s\n  \
         tcp-request content accept if {{ req.ssl_hello_type 1 }}"
    );
    for backend in backends.iter().filter(|backend| backend.mode == Mode::Passthrough) {
        let _ = writeln!(
            out,
            "  use_backend {} if {{ req.ssl_sni -i {} }}",
            backend.name, backend.host
        );
    }
    let _ = writeln!(out, "  default_backend to_termination");
    let _ = writeln!(
        out,
        "\nbackend to_termination\n  mode tcp\n  server local unix@{dir}/termination.sock send-proxy-v2\n\n\
         frontend termination\n  bind unix@{dir}/termination.sock mode 600 accept-proxy ssl \
         crt-list {dir}/certificates.list alpn http/1.1"
    );
    for backend in by_path(backends) {
        if let Mode::Edge(_) | Mode::Reencrypt(..) = backend.mode {
            let _ = writeln!(out, "  use_backend {} if {}", backend.name, http_rule(backend));
        }
    }
}

/// The longest path first: the first rule that fits is taken.
fn by_path(backends: &[Backend]) -> Vec<&Backend> {
    let mut sorted: Vec<_> = backends.iter().collect();
    sorted.sort_by_key(|backend| std::cmp::Reverse(backend.path.len()));
    sorted
}

fn http_rule(backend: &Backend) -> String {
    let host = format!("{{ req.hdr(host),field(1,:) -i {} }}", backend.host);
    if backend.path.is_empty() {
        host
    } else {
        format!("{host} {{ path_beg {} }}", backend.path)
    }
}

/// Session tickets are not used again towards backends, so that every new connection verifies the certificate.
fn backend_section(out: &mut String, backend: &Backend, servers: &[Option<SocketAddr>], dir: &Path) {
    let _ = writeln!(out, "\nbackend {}\n  balance roundrobin", backend.name);
    let options = match &backend.mode {
        Mode::Passthrough | Mode::Plain | Mode::Edge(_) => String::new(),
        Mode::Reencrypt(_, None) => " ssl verify none no-ssl-reuse".to_owned(),
        Mode::Reencrypt(_, Some(_)) => {
            format!(
                " ssl verify required ca-file {}/{}.ca no-ssl-reuse",
                dir.display(),
                backend.name
            )
        }
    };
    let _ = match backend.mode {
        Mode::Passthrough => writeln!(out, "  mode tcp"),
        _ => writeln!(
            out,
            "  retry-on conn-failure empty-response response-timeout\n  option forwardfor"
        ),
    };
    for (slot, server) in servers.iter().enumerate() {
        let _ = match server {
            Some(address) => writeln!(out, "  server s{slot} {address}{options}"),
            None => writeln!(out, "  server s{slot} 127.0.0.1:1{options} disabled"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(name: &str, mode: Mode, insecure: Insecure) -> Backend {
        Backend {
            name: name.into(),
            host: format!("{name}.test"),
            path: String::new(),
            mode,
            insecure,
            endpoints: vec![([10, 244, 0, 9], 8443).into()],
        }
    }

    #[test]
    fn each_termination_has_its_rules_and_files() {
        let backends = [
            backend("pass", Mode::Passthrough, Insecure::Redirect),
            backend("edge", Mode::Edge(None), Insecure::Allow),
            backend(
                "re",
                Mode::Reencrypt(Some("PEM".into()), Some("CA".into())),
                Insecure::Refuse,
            ),
        ];
        let slots = Slots::default().next(&backends);
        let config = render(&backends, &slots, Path::new("/r"));
        for line in [
            "  http-request redirect scheme https code 302 if { req.hdr(host),field(1,:) -i pass.test }",
            "  use_backend pass if { req.ssl_sni -i pass.test }",
            "  use_backend edge if { req.hdr(host),field(1,:) -i edge.test }",
            "  server s0 10.244.0.9:8443 ssl verify required ca-file /r/re.ca no-ssl-reuse",
            "  server s1 127.0.0.1:1 disabled",
        ] {
            assert!(
                config.text.lines().any(|present| present == line),
                "{line}\nin\n{}",
                config.text
            );
        }
        let files = [
            (
                "certificates.list".to_owned(),
                "/r/default.pem\n/r/re.pem re.test\n".to_owned(),
            ),
            ("re.ca".to_owned(), "CA".to_owned()),
            ("re.pem".to_owned(), "PEM".to_owned()),
        ];
        assert_eq!(config.files, BTreeMap::from(files));
    }
}
