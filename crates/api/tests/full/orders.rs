use serde_json::{Value, json};

use super::{PEM, TIME, issuers};

pub fn all() -> Vec<Value> {
    let challenges = issuers::solvers().into_iter().map(|solver| challenge(&solver));
    std::iter::once(order()).chain(challenges).collect()
}

fn order() -> Value {
    let spec = json!({
        "request": PEM, "issuerRef": { "name": "acme", "kind": "Issuer", "group": "cert-manager.io" }, "commonName": "a.example.com",
        "dnsNames": ["a.example.com"], "ipAddresses": ["10.0.0.1"], "duration": "1h0m0s", "profile": "short", "replaces": "id.serial",
    });
    let authorization = json!({
        "url": "https://ca/authz/1", "identifier": "a.example.com", "wildcard": false, "initialState": "pending",
        "challenges": [{ "url": "https://ca/chall/1", "token": "t", "type": "dns-01" }],
    });
    let status = json!({
        "url": "https://ca/order/1", "finalizeURL": "https://ca/order/1/finalize", "authorizations": [authorization], "certificate": PEM,
        "state": "errored", "reason": "r", "failureTime": TIME,
    });
    json!({ "apiVersion": "acme.cert-manager.io/v1", "kind": "Order", "metadata": {}, "spec": spec, "status": status })
}

fn challenge(solver: &Value) -> Value {
    let spec = json!({
        "url": "https://ca/chall/1", "authorizationURL": "https://ca/authz/1", "dnsName": "a.example.com", "wildcard": true, "type": "DNS-01",
        "token": "t", "key": "k", "solver": solver, "issuerRef": { "name": "acme", "kind": "Issuer", "group": "cert-manager.io" },
    });
    let status =
        json!({ "processing": true, "presented": true, "presentedAt": TIME, "reason": "r", "state": "pending" });
    json!({ "apiVersion": "acme.cert-manager.io/v1", "kind": "Challenge", "metadata": {}, "spec": spec, "status": status })
}
