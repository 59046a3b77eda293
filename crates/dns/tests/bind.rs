//! Updates and the propagation check against a real BIND 9 on loopback; skipped with a message where it is not installed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    reason = "a test fails by panicking"
)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use evercert_dns::{Algorithm, Error, Propagation, Protocol, Rfc2136, TsigKey, Visibility};

const SECRET: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=";
const NAME: &str = "_acme-challenge.a.evercert.test";

/// A name server of this test's own, gone with it.
struct Named {
    child: Child,
    _dir: tempfile::TempDir,
    port: u16,
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Named {
    /// Primary for `evercert.test` with one key per algorithm; the key named `stranger` may change nothing.
    async fn start() -> Option<Self> {
        let binary = ["/usr/sbin/named", "/usr/bin/named"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let Some(binary) = binary else {
            eprintln!("skipped: BIND 9 (named) is not installed");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        std::fs::write(dir.path().join("zone"), zone()).unwrap();
        std::fs::write(
            dir.path().join("named.conf"),
            config(&dir.path().display().to_string(), port),
        )
        .unwrap();
        let conf = dir.path().join("named.conf");
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = Command::new(binary)
            .arg("-g")
            .arg("-c")
            .arg(conf)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let named = Self { child, _dir: dir, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while named.propagation(false).check("a.evercert.test", "").await.is_err() {
            assert!(Instant::now() < deadline, "named does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(named)
    }

    fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn client(&self, key: Option<TsigKey>, protocol: Protocol) -> Rfc2136 {
        Rfc2136::new(&self.server(), key, protocol).unwrap()
    }

    fn propagation(&self, recursive_only: bool) -> Propagation {
        Propagation {
            recursive: vec![self.server()],
            recursive_only,
            port: self.port,
        }
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn zone() -> String {
    let foreign: String = (0..50)
        .map(|n| format!("_acme-challenge.crowded TXT \"foreign-{n:0>40}\"\n"))
        .collect();
    format!(
        "$TTL 60\n@ SOA ns admin 1 60 60 60 5\n@ NS ns\nns A 127.0.0.1\na A 127.0.0.1\n\
         _acme-challenge.alias CNAME _acme-challenge.a\n_acme-challenge.loop CNAME _acme-challenge.loop2\n\
         _acme-challenge.loop2 CNAME _acme-challenge.loop\n{foreign}"
    )
}

fn config(dir: &str, port: u16) -> String {
    let algorithms = [
        ("md5", "hmac-md5"),
        ("sha1", "hmac-sha1"),
        ("sha256", "hmac-sha256"),
        ("sha512", "hmac-sha512"),
        ("stranger", "hmac-sha256"),
    ];
    let keys: String = algorithms
        .iter()
        .map(|(name, kind)| format!("key \"{name}\" {{ algorithm {kind}; secret \"{SECRET}\"; }};\n"))
        .collect();
    let grants: String = algorithms
        .iter()
        .take(4)
        .map(|(name, _)| format!("grant {name} zonesub TXT;"))
        .collect();
    format!(
        "options {{ directory \"{dir}\"; pid-file none; session-keyfile none; listen-on port {port} {{ 127.0.0.1; }}; \
         listen-on-v6 {{ none; }}; recursion no; allow-query {{ any; }}; }};\ncontrols {{ }};\n{keys}\
         zone \"evercert.test\" {{ type primary; file \"zone\"; update-policy {{ {grants} }}; }};\n"
    )
}

#[allow(clippy::unnecessary_wraps, reason = "callers compare with no key")]
fn key(name: &str, algorithm: Algorithm) -> Option<TsigKey> {
    Some(TsigKey::new(name, algorithm, SECRET.as_bytes()).unwrap())
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

async fn visible(propagation: &Propagation, name: &str, value: &str) -> bool {
    propagation.check(name, value).await.unwrap() == Visibility::Visible
}

#[tokio::test]
async fn every_algorithm_and_protocol_adds_and_deletes_its_own_value_only() {
    let Some(named) = Named::start().await else { return };
    let table = [
        ("md5", Algorithm::HmacMd5, Protocol::Udp),
        ("sha1", Algorithm::HmacSha1, Protocol::Tcp),
        ("sha256", Algorithm::HmacSha256, Protocol::Udp),
        ("sha512", Algorithm::HmacSha512, Protocol::Tcp),
    ];
    let propagation = named.propagation(false);
    for (name, algorithm, protocol) in table {
        let client = named.client(key(name, algorithm), protocol);
        client.add(NAME, "base", now()).await.unwrap();
        client.add(NAME, "wildcard", now()).await.unwrap();
        client.add(NAME, "wildcard", now()).await.unwrap();
        assert!(
            visible(&propagation, NAME, "base").await && visible(&propagation, NAME, "wildcard").await,
            "{name}"
        );
        client.delete(NAME, "base", now()).await.unwrap();
        client.delete(NAME, "base", now()).await.unwrap();
        assert!(
            !visible(&propagation, NAME, "base").await && visible(&propagation, NAME, "wildcard").await,
            "{name}"
        );
        client.delete(NAME, "wildcard", now()).await.unwrap();
    }
}

#[tokio::test]
async fn answers_too_long_for_udp_are_fetched_by_tcp() {
    let Some(named) = Named::start().await else { return };
    let name = "_acme-challenge.crowded.evercert.test";
    named
        .client(key("sha256", Algorithm::HmacSha256), Protocol::Udp)
        .add(name, "ours", now())
        .await
        .unwrap();
    assert!(visible(&named.propagation(false), name, "ours").await);
    assert!(visible(&named.propagation(false), name, &format!("foreign-{:0>40}", 49)).await);
}

#[tokio::test]
async fn refusals_say_what_to_change() {
    let Some(named) = Named::start().await else { return };
    let wrong_secret = Some(TsigKey::new("sha256", Algorithm::HmacSha256, b"d3Jvbmc=").unwrap());
    let table = [
        (wrong_secret, now(), NAME, "BADSIG"),
        (key("nobody", Algorithm::HmacSha256), now(), NAME, "BADKEY"),
        (key("sha256", Algorithm::HmacMd5), now(), NAME, "BADKEY"),
        (key("sha256", Algorithm::HmacSha256), now() - 86_400, NAME, "BADTIME"),
        (
            key("stranger", Algorithm::HmacSha256),
            now(),
            NAME,
            "allow this TSIG key",
        ),
        (None, now(), NAME, "wants a TSIG key"),
        (
            key("sha256", Algorithm::HmacSha256),
            now(),
            "_acme-challenge.other.example",
            "REFUSED",
        ),
    ];
    for (key, time, name, words) in table {
        let error = named
            .client(key, Protocol::Udp)
            .add(name, "value", time)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{words}: {error}");
        assert!(!error.contains(SECRET) && error.contains(&named.server()), "{error}");
    }
}

#[tokio::test]
async fn cnames_are_followed_and_loops_end() {
    let Some(named) = Named::start().await else { return };
    let propagation = named.propagation(false);
    named
        .client(key("sha256", Algorithm::HmacSha256), Protocol::Udp)
        .add(NAME, "v", now())
        .await
        .unwrap();
    assert!(visible(&propagation, "_acme-challenge.alias.evercert.test", "v").await);
    let target = propagation
        .resolve_cname("_acme-challenge.alias.evercert.test")
        .await
        .unwrap();
    assert_eq!(target, format!("{NAME}."));
    let error = propagation
        .check("_acme-challenge.loop.evercert.test", "v")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::CnameChain { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_value_names_the_server() {
    let Some(named) = Named::start().await else { return };
    let missing = named.propagation(false).check(NAME, "never").await.unwrap();
    let server = format!("ns.evercert.test:{}", named.port);
    assert_eq!(
        missing,
        Visibility::Missing {
            server,
            name: NAME.into(),
            cached_for: None
        }
    );
    let missing = named.propagation(true).check(NAME, "never").await.unwrap();
    let cached_for = None; // BIND is authoritative here, so nothing is cached
    assert_eq!(
        missing,
        Visibility::Missing {
            server: named.server(),
            name: NAME.into(),
            cached_for
        }
    );
}

#[tokio::test]
async fn a_silent_server_is_named() {
    let port = free_port();
    let client = Rfc2136::new(&format!("127.0.0.1:{port}"), None, Protocol::Tcp).unwrap();
    let error = client.add(NAME, "v", now()).await.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable { .. }) && error.to_string().contains(&port.to_string()),
        "{error}"
    );
}
