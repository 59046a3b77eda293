//! A scripted ACME server on loopback: correct where nothing is scripted, wrong exactly where a test says so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, Response, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// One scripted answer.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    /// Path it applies to.
    pub path: &'static str,
    /// Status to answer with.
    pub status: u16,
    /// Headers to add.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Sends `body` again and again.
    pub endless: bool,
}

/// What the server has seen and what it will do.
#[derive(Debug, Default)]
pub struct Script {
    faults: Mutex<VecDeque<Fault>>,
    requests: Mutex<Vec<(String, Value, Value)>>,
    nonces: Mutex<u64>,
    base: Mutex<String>,
}

impl Script {
    /// Starts a server; its directory is at `<base>/dir`.
    pub async fn start() -> (Arc<Self>, String) {
        let script = Arc::new(Self::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        script.base.lock().unwrap().clone_from(&base);
        let app = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (script, format!("{base}/dir"))
    }

    /// Answers the next request for the fault's path with it, once.
    pub fn then(&self, fault: Fault) {
        self.faults.lock().unwrap().push_back(fault);
    }

    /// A problem document for the next request to `path`.
    pub fn refuse(&self, path: &'static str, status: u16, kind: &str, headers: &[(&'static str, &str)]) {
        let body = json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": format!("scripted {kind}")});
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        self.then(Fault {
            path,
            status,
            headers,
            body: body.to_string().into_bytes(),
            endless: false,
        });
    }

    /// Protected header and payload of each signed request, with its path.
    pub fn signed_requests(&self) -> Vec<(String, Value, Value)> {
        self.requests.lock().unwrap().clone()
    }

    fn nonce(&self) -> String {
        let mut count = self.nonces.lock().unwrap();
        *count += 1;
        format!("nonce-{count}")
    }

    fn fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let at = faults.iter().position(|fault| fault.path == path)?;
        faults.remove(at)
    }
}

async fn answer(State(script): State<Arc<Script>>, method: Method, uri: Uri, body: Bytes) -> Response<Body> {
    if method == Method::POST {
        let jws: Value = serde_json::from_slice(&body).unwrap();
        let part = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(jws[name].as_str().unwrap()).unwrap();
            serde_json::from_slice(&bytes).unwrap_or(Value::Null)
        };
        script
            .requests
            .lock()
            .unwrap()
            .push((uri.path().to_owned(), part("protected"), part("payload")));
    }
    let builder = Response::builder().header("replay-nonce", script.nonce());
    if let Some(fault) = script.fault(uri.path()) {
        let builder = fault
            .headers
            .iter()
            .fold(builder, |b, (name, value)| b.header(*name, value))
            .status(fault.status);
        if fault.endless {
            let chunk = Bytes::from(fault.body);
            let stream = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
            return builder.body(Body::from_stream(stream)).unwrap();
        }
        return builder.body(Body::from(fault.body)).unwrap();
    }
    regular(&script, uri.path(), builder)
}

fn regular(script: &Script, path: &str, builder: axum::http::response::Builder) -> Response<Body> {
    let base = script.base.lock().unwrap().clone();
    let order = json!({"status": "pending", "identifiers": [], "authorizations": [format!("{base}/authz/1")], "finalize": format!("{base}/finalize/1")});
    let (location, body) = match path {
        "/dir" => {
            let urls = json!({"newNonce": format!("{base}/nonce"), "newAccount": format!("{base}/account"),
                "newOrder": format!("{base}/order"), "revokeCert": format!("{base}/revoke"),
                "meta": {"externalAccountRequired": true, "profiles": {"short": "six days"}}});
            (None, urls)
        }
        "/account" | "/account/1" => (
            Some("/account/1"),
            json!({"status": "valid", "contact": ["mailto:a@example.com"]}),
        ),
        "/order" => (Some("/order/1"), order),
        "/order/1" | "/finalize/1" => (None, order),
        "/authz/1" => {
            let challenge =
                json!({"type": "dns-01", "url": format!("{base}/challenge/1"), "token": "tok", "status": "pending"});
            (
                None,
                json!({"identifier": {"type": "dns", "value": "a.example"}, "status": "pending", "challenges": [challenge]}),
            )
        }
        _ => (None, json!({})),
    };
    let builder = location
        .into_iter()
        .fold(builder.status(StatusCode::OK), |b, to| b.header("location", to));
    builder.body(Body::from(body.to_string())).unwrap()
}
