//! The audit log of the whole run against the roles: nothing was missing, nothing is granted in vain.

use anyhow::{Result, ensure};
use evercert_harness::audit::{Call, by_verb};

use crate::accounts::{self, Permission};
use crate::runner::say;
use crate::world::World;

/// Permissions that are asked for without a call of their own: group, resource, by whom.
const ASKED_BY_OTHERS: &[(&str, &str, &str)] = &[
    ("cert-manager.io", "signers", "the policy that guards approvals"),
    (
        "cert-manager.io",
        "certificates/finalizers",
        "OwnerReferencesPermissionEnforcement, as on OpenShift",
    ),
    ("cert-manager.io", "certificaterequests/finalizers", "the same"),
    ("acme.cert-manager.io", "orders/finalizers", "the same"),
    ("cert-manager.io", "issuers/finalizers", "the same"),
    ("cert-manager.io", "clusterissuers/finalizers", "the same"),
    (
        "route.openshift.io",
        "routes/custom-host",
        "OpenShift, where a Route with a host and a certificate is written",
    ),
];

pub async fn run(world: &World) -> Result<()> {
    let calls = world.calls().await?;
    let mut unused = Vec::new();
    for account in accounts::all(world).await? {
        let made: Vec<&Call> = calls.iter().filter(|call| account.made(call)).collect();
        ensure!(!made.is_empty(), "{} made no call at all: wrong account?", account.name);
        let forbidden: Vec<&Call> = made.iter().filter(|call| call.code == 403).copied().collect();
        ensure!(
            forbidden.is_empty(),
            "{}: forbidden: {:?}",
            account.name,
            by_verb(forbidden)
        );
        for permission in accounts::permissions(world, &account).await? {
            let excused = ASKED_BY_OTHERS
                .iter()
                .any(|(group, resource, _)| (*group, *resource) == (&permission.group, &permission.resource));
            if !excused && !made.iter().any(|call| uses(call, &permission)) {
                unused.push(format!(
                    "{}: {}/{} {:?}",
                    account.name, permission.group, permission.resource, permission.verbs
                ));
            }
        }
        say(&format!("        {}: {} calls", account.name, made.len()));
    }
    ensure!(unused.is_empty(), "granted, never used: {unused:#?}");
    Ok(())
}

fn uses(call: &Call, permission: &Permission) -> bool {
    let resource = permission.resource == "*" || permission.resource == call.resource;
    call.group == permission.group && resource && permission.verbs.contains(&call.verb)
}
