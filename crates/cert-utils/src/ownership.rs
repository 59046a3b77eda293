//! Who wrote a field, as `metadata.managedFields` tells it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

use crate::names::{FIELD_MANAGER, UPSTREAM_FIELD_MANAGER};

/// Who holds a field, in the order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Owner {
    /// Somebody else applies it (server-side apply): it is theirs.
    Applier(String),
    /// This operator, or cert-utils-operator before it.
    Ours,
    /// Somebody else wrote it (update or patch), last by that name.
    Writer(String),
    /// Nobody is recorded.
    #[default]
    Nobody,
}

/// Owner of the field at `path`, a list of names as in `["data", "keystore.jks"]`.
pub fn owner(entries: &[ManagedFieldsEntry], path: &[&str]) -> Owner {
    let mut found = Owner::Nobody;
    for entry in entries
        .iter()
        .filter(|entry| entry.subresource.as_deref().unwrap_or_default().is_empty())
    {
        let Some(manager) = entry.manager.as_deref().filter(|_| holds(entry, path)) else {
            continue;
        };
        let applies = entry.operation.as_deref() == Some("Apply");
        found = match (found, manager) {
            (Owner::Applier(other), _) => Owner::Applier(other),
            (_, FIELD_MANAGER) => Owner::Ours,
            (_, UPSTREAM_FIELD_MANAGER) if !applies => Owner::Ours,
            (_, other) if applies => Owner::Applier(other.to_owned()),
            (Owner::Ours, _) => Owner::Ours,
            (_, other) => Owner::Writer(other.to_owned()),
        };
    }
    found
}

fn holds(entry: &ManagedFieldsEntry, path: &[&str]) -> bool {
    let mut at = entry.fields_v1.as_ref().map(|fields| &fields.0);
    for name in path {
        at = at.and_then(|fields| fields.get(format!("f:{name}")));
    }
    at.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::FieldsV1;
    use serde_json::json;

    fn entry(manager: &str, operation: &str, key: &str) -> ManagedFieldsEntry {
        ManagedFieldsEntry {
            manager: Some(manager.into()),
            operation: Some(operation.into()),
            fields_v1: Some(FieldsV1(json!({"f:data": {".": {}, format!("f:{key}"): {}}}))),
            ..ManagedFieldsEntry::default()
        }
    }

    #[test]
    fn an_applier_outranks_us_and_we_outrank_writers() {
        let key = "keystore.jks";
        let ours = entry(FIELD_MANAGER, "Apply", key);
        let upstream = entry("manager", "Update", key);
        let edit = entry("kubectl-edit", "Update", key);
        let issuer = entry("cert-manager-certificates-issuing", "Apply", key);
        let elsewhere = entry("kubectl-edit", "Update", "tls.crt");
        let theirs = Owner::Applier("cert-manager-certificates-issuing".into());
        let table = [
            (vec![], Owner::Nobody),
            (vec![&elsewhere], Owner::Nobody),
            (vec![&ours], Owner::Ours),
            (vec![&upstream], Owner::Ours),
            (vec![&edit], Owner::Writer("kubectl-edit".into())),
            (vec![&edit, &ours], Owner::Ours),
            (vec![&ours, &edit], Owner::Ours),
            (vec![&issuer, &ours], theirs.clone()),
            (vec![&ours, &issuer], theirs),
        ];
        for (entries, expected) in table {
            let entries: Vec<_> = entries.into_iter().cloned().collect();
            assert_eq!(owner(&entries, &["data", key]), expected, "{entries:?}");
        }
    }
}
