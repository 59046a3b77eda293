//! A failed API call: what was done to which object, and what its failure means for the caller.

use std::fmt;

use kube::core::response::{Status, reason};

/// A call that failed. Its text names the object, never its content.
#[derive(Debug, thiserror::Error)]
#[error("{operation}")]
pub struct WriteError {
    /// What was attempted.
    pub operation: Operation,
    /// Why it failed.
    #[source]
    pub source: Box<kube::Error>,
}

/// One call on one object, as it reads in an error: `apply Secret shop/tls`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Verb as Kubernetes knows it: apply, patch, create, update status, delete, get.
    pub verb: &'static str,
    /// Kind of the object.
    pub kind: String,
    /// Namespace, if the kind has one.
    pub namespace: Option<String>,
    /// Name of the object.
    pub name: String,
}

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Try again later: network, time-out, overload, server error.
    Transient,
    /// Someone else wrote first, or the object exists already: look again, then decide again.
    Conflict,
    /// The object, its namespace or its kind is not there.
    NotFound,
    /// Permissions are missing; only an administrator can help.
    Forbidden,
    /// The server refuses this content; the same call will never succeed.
    Invalid,
}

/// Kinds whose content must not be seen: the server quotes what it refuses.
const CONFIDENTIAL: [&str; 2] = ["Secret", "Route"];

impl WriteError {
    /// A failed operation. What a server says about the content of a confidential kind is reduced to field names.
    pub fn new(operation: Operation, source: kube::Error) -> Self {
        let source = match source {
            kube::Error::Api(status) if CONFIDENTIAL.contains(&operation.kind.as_str()) => {
                kube::Error::Api(Box::new(without_values(*status)))
            }
            source => source,
        };
        Self {
            operation,
            source: Box::new(source),
        }
    }

    /// What the failure means for the caller.
    pub fn class(&self) -> ErrorClass {
        ErrorClass::of(&self.source)
    }

    /// The server's own words, where the server answered; safe to show to users.
    pub fn message(&self) -> Option<&str> {
        match &*self.source {
            kube::Error::Api(status) => Some(&status.message),
            _ => None,
        }
    }
}

impl ErrorClass {
    /// Class of any error of the client.
    pub fn of(error: &kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            let invalid = matches!(error, kube::Error::SerdeError(_) | kube::Error::BuildRequest(_));
            return if invalid { Self::Invalid } else { Self::Transient };
        };
        Self::of_status(status)
    }

    fn of_status(status: &Status) -> Self {
        match status.code {
            404 => Self::NotFound,
            409 => Self::Conflict,
            // A namespace on its way out refuses everything new for good: the object's world is gone.
            403 if status.message.contains("being terminated") => Self::NotFound,
            401 | 403 => Self::Forbidden,
            400 | 405 | 413 | 415 | 422 => Self::Invalid,
            _ if status.reason == reason::INVALID => Self::Invalid,
            // What apply answers to a patch that does not fit the kind.
            500 if status.message.contains("failed to create typed patch object") => Self::Invalid,
            _ => Self::Transient,
        }
    }
}

/// The same answer without the values that it may quote.
fn without_values(mut status: Status) -> Status {
    if ErrorClass::of_status(&status) != ErrorClass::Invalid {
        return status;
    }
    let fields: Vec<_> = status
        .details
        .iter()
        .flat_map(|details| &details.causes)
        .map(|cause| &*cause.field)
        .collect();
    status.message = match fields.as_slice() {
        [] => "the server refuses its content".to_owned(),
        fields => format!("the server refuses its content: {}", fields.join(", ")),
    };
    // Class and code stay; the causes repeat the values.
    status.code = 422;
    status.details = None;
    status
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verb,
            kind,
            namespace,
            name,
        } = self;
        match namespace {
            Some(namespace) => write!(f, "{verb} {kind} {namespace}/{name}"),
            None => write!(f, "{verb} {kind} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_says_what_to_do_when_the_server_answers_with_a_code() {
        let of = |code: u16, message: &str| {
            ErrorClass::of(&kube::Error::Api(Status::failure(message, "").with_code(code).boxed()))
        };
        let table = [
            (404, ErrorClass::NotFound),
            (409, ErrorClass::Conflict),
            (403, ErrorClass::Forbidden),
            (401, ErrorClass::Forbidden),
            (422, ErrorClass::Invalid),
            (400, ErrorClass::Invalid),
            (410, ErrorClass::Transient),
            (429, ErrorClass::Transient),
            (500, ErrorClass::Transient),
            (503, ErrorClass::Transient),
        ];
        for (code, expected) in table {
            assert_eq!(of(code, "why"), expected, "{code}");
        }
        let gone = "unable to create new content in namespace x because it is being terminated";
        assert_eq!(of(403, gone), ErrorClass::NotFound);
        assert_eq!(ErrorClass::of(&kube::Error::TlsRequired), ErrorClass::Transient);
    }

    #[test]
    fn error_names_the_object_when_printed() {
        let operation = Operation {
            verb: "apply",
            kind: "Secret".into(),
            namespace: Some("shop".into()),
            name: "tls".into(),
        };
        let error = WriteError::new(operation, kube::Error::TlsRequired);
        assert_eq!(error.to_string(), "apply Secret shop/tls");
    }
}
