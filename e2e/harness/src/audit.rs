//! Reads the API server's audit log: who called what how often, and what was refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{During, Result};

/// The audit log of one API server.
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: PathBuf,
}

/// A place in the log: calls after it are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

/// One finished request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `system:serviceaccount:NS:NAME` or a component.
    pub user: String,
    /// get, list, watch, create, update, patch, delete, deletecollection.
    pub verb: String,
    /// API group, empty for the core.
    pub group: String,
    /// `secrets`, or with its subresource `certificates/status`; empty for non-resource URLs.
    pub resource: String,
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Object name, may be empty.
    pub name: String,
    /// HTTP status.
    pub code: u16,
    /// Path and query.
    pub uri: String,
}

impl Call {
    /// True for create, update, patch and delete of anything.
    pub fn is_write(&self) -> bool {
        matches!(
            self.verb.as_str(),
            "create" | "update" | "patch" | "delete" | "deletecollection"
        )
    }

    /// True for events, which have a budget of their own.
    pub fn is_event(&self) -> bool {
        self.resource == "events"
    }

    /// True for leases of leader elections and nodes, which are written all the time.
    pub fn is_lease(&self) -> bool {
        self.resource == "leases"
    }

    /// Tells whether the ServiceAccount `namespace/name` made it.
    pub fn is_by(&self, namespace: &str, name: &str) -> bool {
        self.user.strip_prefix("system:serviceaccount:") == Some(&format!("{namespace}:{name}"))
    }
}

/// Sums over a set of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Writes of anything but events and leases, refused ones included.
    pub writes: usize,
    /// Writes of events.
    pub events: usize,
    /// Writes of leases.
    pub leases: usize,
    /// get and list.
    pub reads: usize,
    /// watch.
    pub watches: usize,
    /// Answers 403.
    pub forbidden: usize,
}

impl Counts {
    /// Adds up calls.
    pub fn of<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Self {
        let mut counts = Self::default();
        for call in calls {
            let slot = match call.verb.as_str() {
                _ if call.is_write() && call.is_event() => &mut counts.events,
                _ if call.is_write() && call.is_lease() => &mut counts.leases,
                _ if call.is_write() => &mut counts.writes,
                "watch" => &mut counts.watches,
                _ => &mut counts.reads,
            };
            *slot += 1;
            counts.forbidden += usize::from(call.code == 403);
        }
        counts
    }
}

/// How often each (verb, group/resource) was called: `"create secrets" → 3`, `"patch cert-manager.io/certificates/status"`.
pub fn by_verb<'a>(calls: impl IntoIterator<Item = &'a Call>) -> BTreeMap<String, usize> {
    let mut table = BTreeMap::new();
    for call in calls {
        let group = if call.group.is_empty() {
            String::new()
        } else {
            format!("{}/", call.group)
        };
        *table
            .entry(format!("{} {group}{}", call.verb, call.resource))
            .or_default() += 1;
    }
    table
}

impl AuditLog {
    /// The log at this path; it need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The present end of the log. Requests are logged when they are answered, just before the answer is sent.
    pub fn mark(&self) -> Mark {
        Mark(self.path.metadata().map_or(0, |meta| meta.len()))
    }

    /// Every finished call since `mark`, oldest first. Long calls count when they end: a watch that is open is not there.
    pub fn since(&self, mark: Mark) -> Result<Vec<Call>> {
        let mut file = File::open(&self.path).during(format_args!("open {}", self.path.display()))?;
        file.seek(SeekFrom::Start(mark.0)).during("seek in the audit log")?;
        let lines = BufReader::new(file).lines();
        let text = lines
            .collect::<std::io::Result<Vec<_>>>()
            .during(format_args!("read {}", self.path.display()))?;
        Ok(text.iter().filter_map(|line| parse(line)).collect())
    }

    /// Calls of one ServiceAccount since `mark`.
    pub fn by_service_account(&self, mark: Mark, namespace: &str, name: &str) -> Result<Vec<Call>> {
        let mut calls = self.since(mark)?;
        calls.retain(|call| call.is_by(namespace, name));
        Ok(calls)
    }
}

/// A line of the log; `None` for stages other than the end of a request, and for a line that is still being written.
fn parse(line: &str) -> Option<Call> {
    let entry: Entry = serde_json::from_str(line).ok()?;
    if entry.stage == "ResponseStarted" {
        return None;
    }
    let object = entry.object.unwrap_or_default();
    let resource = match object.subresource.as_str() {
        "" => object.resource,
        subresource => format!("{}/{subresource}", object.resource),
    };
    Some(Call {
        user: entry.user.username,
        verb: entry.verb,
        group: object.group,
        resource,
        namespace: object.namespace,
        name: object.name,
        code: entry.response.unwrap_or_default().code,
        uri: entry.uri,
    })
}

#[derive(Deserialize)]
struct Entry {
    stage: String,
    verb: String,
    #[serde(rename = "requestURI")]
    uri: String,
    user: User,
    #[serde(rename = "objectRef")]
    object: Option<ObjectRef>,
    #[serde(rename = "responseStatus")]
    response: Option<ResponseStatus>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ObjectRef {
    #[serde(rename = "apiGroup")]
    group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResponseStatus {
    code: u16,
}
