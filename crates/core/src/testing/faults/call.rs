//! What a request to the API server does to what; read from its method and path.

use std::fmt;

use http::{Method, Request};

/// A call as the audit log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is done.
    pub verb: Verb,
    /// Plural, with the subresource if there is one: `secrets`, `certificates/status`.
    pub resource: String,
    /// Namespace, if the call names one.
    pub namespace: Option<String>,
    /// Object, if the call names one.
    pub name: Option<String>,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads one object or a list.
    Get,
    /// Opens a watch.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Call {
    /// The call that a request makes.
    pub fn of<B>(request: &Request<B>) -> Self {
        let watch = request
            .uri()
            .query()
            .is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
        let verb = match *request.method() {
            Method::POST => Verb::Create,
            Method::PUT => Verb::Update,
            Method::PATCH => Verb::Patch,
            Method::DELETE => Verb::Delete,
            _ if watch => Verb::Watch,
            _ => Verb::Get,
        };
        let mut parts = request.uri().path().trim_matches('/').split('/');
        // api/v1/… or apis/group/version/…
        let root = parts.next().unwrap_or_default();
        parts.nth(usize::from(root == "apis"));
        let rest: Vec<_> = parts.collect();
        let (namespace, rest) = match rest.as_slice() {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let plural = rest.first().copied().unwrap_or_default();
        let resource = rest
            .get(2)
            .map_or_else(|| plural.to_owned(), |sub| format!("{plural}/{sub}"));
        Self {
            verb,
            resource,
            namespace,
            name: rest.get(1).map(|name| (*name).to_owned()),
        }
    }

    /// True for writes that matter: events are best effort, and leases only say who is alive.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb, Verb::Get | Verb::Watch) && !matches!(self.resource.as_str(), "events" | "leases")
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", format!("{:?}", self.verb).to_lowercase(), self.resource)?;
        match &self.name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str) -> (String, String, bool) {
        let call = Call::of(&Request::builder().method(method).uri(uri).body(()).unwrap());
        (
            call.to_string(),
            call.namespace.clone().unwrap_or_default(),
            call.is_write(),
        )
    }

    #[test]
    fn reads_verb_and_resource_when_given_any_path_of_the_api() {
        let status = "/apis/cert-manager.io/v1/namespaces/a/certificates/b/status";
        let table = [
            ("GET", "/api/v1/secrets?limit=5", "get secrets", "", false),
            (
                "GET",
                "/api/v1/namespaces/a/secrets?watch=true&x=y",
                "watch secrets",
                "a",
                false,
            ),
            (
                "PATCH",
                "/api/v1/namespaces/a/secrets/b?force=true",
                "patch secrets b",
                "a",
                true,
            ),
            ("GET", "/api/v1/namespaces/a", "get namespaces a", "", false),
            ("PUT", status, "update certificates/status b", "a", true),
            (
                "POST",
                "/apis/events.k8s.io/v1/namespaces/a/events",
                "create events",
                "a",
                false,
            ),
            (
                "PUT",
                "/apis/coordination.k8s.io/v1/namespaces/a/leases/l",
                "update leases l",
                "a",
                false,
            ),
            (
                "DELETE",
                "/apis/cert-manager.io/v1/clusterissuers/x",
                "delete clusterissuers x",
                "",
                true,
            ),
        ];
        for (method, uri, text, namespace, write) in table {
            assert_eq!(
                read(method, uri),
                (text.to_owned(), namespace.to_owned(), write),
                "{uri}"
            );
        }
    }
}
