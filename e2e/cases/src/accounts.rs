//! The operators' ServiceAccounts and what they are allowed to do.

use anyhow::Result;
use evercert_harness::audit::Call;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject};
use kube::api::{Api, ListParams};

use crate::operators::{ALL, Operator};
use crate::world::World;

/// One ServiceAccount of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub operator: Operator,
    /// Its name, in the operator's namespace.
    pub name: String,
}

impl Account {
    /// Whether it made this call.
    pub fn made(&self, call: &Call) -> bool {
        call.is_by(self.operator.namespace, &self.name)
    }

    fn is(&self, subject: &Subject) -> bool {
        subject.kind == "ServiceAccount"
            && subject.name == self.name
            && subject.namespace.as_deref() == Some(self.operator.namespace)
    }
}

/// The accounts that the operators' pods run as.
pub async fn all(world: &World) -> Result<Vec<Account>> {
    let client = world.client().await?;
    let mut accounts = Vec::new();
    for operator in ALL {
        let api: Api<Deployment> = Api::namespaced(client.clone(), operator.namespace);
        for deployment in api.list(&ListParams::default()).await? {
            let pod = deployment.spec.and_then(|spec| spec.template.spec);
            if let Some(name) = pod.and_then(|pod| pod.service_account_name) {
                accounts.push(Account { operator, name });
            }
        }
    }
    Ok(accounts)
}

/// One permission: a group, a resource and the rule's verbs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// API group.
    pub group: String,
    /// Resource, with its subresource.
    pub resource: String,
    /// Verbs.
    pub verbs: Vec<String>,
}

/// Everything that is bound to an account, through cluster and namespaced roles.
pub async fn permissions(world: &World, account: &Account) -> Result<Vec<Permission>> {
    let client = world.client().await?;
    let list = ListParams::default();
    let mut rules: Vec<PolicyRule> = Vec::new();
    for binding in Api::<ClusterRoleBinding>::all(client.clone()).list(&list).await? {
        if binding.subjects.iter().flatten().any(|subject| account.is(subject)) {
            let role = Api::<ClusterRole>::all(client.clone())
                .get(&binding.role_ref.name)
                .await?;
            rules.extend(role.rules.unwrap_or_default());
        }
    }
    for binding in Api::<RoleBinding>::all(client.clone()).list(&list).await? {
        let namespace = binding.metadata.namespace.unwrap_or_default();
        if !binding.subjects.iter().flatten().any(|subject| account.is(subject)) {
            continue;
        }
        let name = &binding.role_ref.name;
        rules.extend(match binding.role_ref.kind.as_str() {
            "Role" => Api::<Role>::namespaced(client.clone(), &namespace)
                .get(name)
                .await?
                .rules
                .unwrap_or_default(),
            _ => Api::<ClusterRole>::all(client.clone())
                .get(name)
                .await?
                .rules
                .unwrap_or_default(),
        });
    }
    Ok(rules.iter().flat_map(split).collect())
}

fn split(rule: &PolicyRule) -> Vec<Permission> {
    let groups = rule.api_groups.iter().flatten();
    let permission = |group: &String| {
        let of = |resource: &String| Permission {
            group: group.clone(),
            resource: resource.clone(),
            verbs: rule.verbs.clone(),
        };
        rule.resources.iter().flatten().map(of).collect::<Vec<_>>()
    };
    groups.flat_map(permission).collect()
}
