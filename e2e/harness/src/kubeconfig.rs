//! Kubeconfig files, written as JSON (which is YAML).

use std::path::Path;

use serde_json::{Value, json};

/// How to reach an API server.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    /// `https://HOST:PORT`
    pub url: &'a str,
    /// File with the CA that signed its certificate.
    pub ca: &'a Path,
}

impl Server<'_> {
    /// A kubeconfig whose user has a client certificate.
    pub fn with_certificate(&self, user: &str, files: &crate::certificates::PairFiles) -> Value {
        self.with_user(
            user,
            json!({"client-certificate": files.certificate, "client-key": files.key}),
        )
    }

    /// A kubeconfig whose user has a bearer token.
    pub fn with_token(&self, user: &str, token: &str) -> Value {
        self.with_user(user, json!({"token": token}))
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers build it in place")]
    fn with_user(&self, user: &str, credentials: Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "evercert",
            "clusters": [{"name": "evercert", "cluster": {"server": self.url, "certificate-authority": self.ca}}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "evercert", "context": {"cluster": "evercert", "user": user}}],
        })
    }
}
