//! The admission policies of the issuer's chart on a real API server: who made a request is stamped, who may approve is asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests: helpers fail loudly, tables are long"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use evercert_api::certmanager::v1::{CertificateRequest, CertificateRequestSpec};
use evercert_api::meta::v1::IssuerReference;
use evercert_api::{ByteString, crd};
use evercert_harness::plane::Plane;
use evercert_harness::tools_binary;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

/// The policies as Helm renders them for a server that knows the kinds.
fn rendered() -> Result<String> {
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/evercert-issuer");
    let kinds = ["MutatingAdmissionPolicy", "ValidatingAdmissionPolicy"]
        .map(|kind| format!("admissionregistration.k8s.io/v1/{kind}"));
    let mut helm = Command::new(tools_binary::ensure()?.join("helm"));
    helm.args([
        "template",
        "evercert-issuer",
        chart,
        "--show-only",
        "templates/admission-policies.yaml",
    ]);
    helm.args(["--api-versions", &kinds[0], "--api-versions", &kinds[1]]);
    let output = helm.output().context("run helm")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// What jane may do in her namespace, and what the approver may besides.
fn roles(namespace: &str) -> String {
    let binding = |name: &str, role: &str, user: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": format!("{namespace}-{name}") },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": format!("{namespace}-{role}") },
            "subjects": [{ "kind": "ServiceAccount", "name": user, "namespace": namespace }],
        })
    };
    let role = |name: &str, rule: Value| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": format!("{namespace}-{name}") }, "rules": [rule],
        })
    };
    let requests = json!({ "apiGroups": ["cert-manager.io"], "resources": ["certificaterequests", "certificaterequests/status"], "verbs": ["*"] });
    let approve = json!({
        "apiGroups": ["cert-manager.io"], "resources": ["signers"], "verbs": ["approve"],
        "resourceNames": ["issuers.cert-manager.io/*", "clusterissuers.cert-manager.io/internal"],
    });
    let objects = [
        role("requests", requests),
        role("approve", approve),
        binding("jane", "requests", "jane"),
        binding("requests", "requests", "approver"),
        binding("approver", "approve", "approver"),
    ];
    objects.map(|object| format!("---\n{object}\n")).concat()
}

fn request(name: &str, kind: &str, issuer: &str) -> CertificateRequest {
    let spec = CertificateRequestSpec {
        request: ByteString(b"csr".to_vec()),
        issuer_ref: IssuerReference {
            name: issuer.into(),
            kind: kind.into(),
            ..IssuerReference::default()
        },
        username: "system:admin".into(),
        uid: "1".into(),
        groups: vec!["system:masters".into()],
        ..CertificateRequestSpec::default()
    };
    let mut request = CertificateRequest::new(name, spec);
    request.metadata.annotations =
        Some([("cert-manager.io/private-key-secret-name".to_owned(), "mine".to_owned())].into());
    request
}

/// Policies take effect a moment after they are created.
async fn in_force(api: &Api<CertificateRequest>) -> Result<()> {
    let end = Instant::now() + Duration::from_mins(1);
    let dry_run = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    while Instant::now() < end {
        if api.create(&dry_run, &request("probe", "", "ca")).await?.spec.username != "system:admin" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the policies did not take effect within 60 s")
}

async fn patch(client: &Client, namespace: &str, name: &str, change: Value) -> Result<CertificateRequest, String> {
    let api: Api<CertificateRequest> = Api::namespaced(client.clone(), namespace);
    let parameters = PatchParams::default();
    let answer = match change.get("status") {
        Some(_) => api.patch_status(name, &parameters, &Patch::Merge(&change)).await,
        None => api.patch(name, &parameters, &Patch::Merge(&change)).await,
    };
    answer.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn requesters_are_stamped_and_approvers_asked_when_the_policies_are_in_force() -> Result<()> {
    let plane = Plane::shared().await;
    plane.apply_crds(crd::all()).await?;
    let namespace = plane.namespace("policy").await?;
    plane.apply(&rendered()?).await?;
    plane.apply(&roles(&namespace)).await?;
    let jane = plane.client_for(&namespace, "jane").await?;
    let approver = plane.client_for(&namespace, "approver").await?;
    let requests: Api<CertificateRequest> = Api::namespaced(jane.clone(), &namespace);
    in_force(&requests).await?;

    for (name, kind, issuer) in [
        ("a", "", "ca"),
        ("b", "ClusterIssuer", "internal"),
        ("c", "ClusterIssuer", "secret"),
    ] {
        let made = requests
            .create(&PostParams::default(), &request(name, kind, issuer))
            .await?;
        assert_eq!(made.spec.username, format!("system:serviceaccount:{namespace}:jane"));
        assert!(
            !made.spec.groups.contains(&"system:masters".to_owned()),
            "{:?}",
            made.spec.groups
        );
        assert_ne!(made.spec.uid, "1");
    }

    let approved = || json!({ "status": { "conditions": [{ "type": "Approved", "status": "True" }] } });
    let denied = || json!({ "status": { "conditions": [{ "type": "Denied", "status": "True" }] } });
    let result = || json!({ "status": { "certificate": "YQ==" } });
    let annotated = |key: &str| json!({ "metadata": { "annotations": { key: "other" } } });
    // (who, request, change, part of the message; empty = accepted), one after the other
    let steps = [
        (&jane, "a", approved(), "may not approve or deny"),
        (&jane, "a", denied(), "may not approve or deny"),
        (&jane, "a", result(), ""),
        (&approver, "a", approved(), ""),
        (&approver, "b", approved(), ""),
        (&approver, "c", approved(), "clusterissuers.cert-manager.io/secret"),
        (
            &jane,
            "b",
            annotated("cert-manager.io/private-key-secret-name"),
            "cannot be changed",
        ),
        (&jane, "b", annotated("cert-manager.io/new"), "cannot be changed"),
        (
            &jane,
            "b",
            json!({ "metadata": { "annotations": { "cert-manager.io/private-key-secret-name": null } } }),
            "cannot be changed",
        ),
        (&jane, "b", annotated("example.com/note"), ""),
    ];
    for (client, name, change, expected) in steps {
        match (patch(client, &namespace, name, change.clone()).await, expected) {
            (Ok(_), "") => {}
            (Err(error), part) if !part.is_empty() && error.contains(part) => {}
            (answer, _) => panic!(
                "{name}: {change}\n expected: {expected:?}\n answer: {:?}",
                answer.map(|_| ())
            ),
        }
    }
    Ok(())
}
