//! What can go wrong with an ACME call, and what a caller should do about it.

use crate::action::Action;
use crate::problem::Problem;
use crate::retry_after::RetryAfter;

/// A failed ACME call; the Display names the action and the host, never a key or a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer: name resolution, connection, TLS, time-out, or a body that broke off.
    #[error("{action}: no answer from {host}: {detail}")]
    Network {
        /// What was tried.
        action: Action,
        /// Host and port of the server.
        host: String,
        /// The innermost cause, clipped.
        detail: String,
    },
    /// The server refused.
    #[error("{action}: {problem}")]
    Refused {
        /// What was tried.
        action: Action,
        /// Its explanation.
        problem: Problem,
        /// When it wants to be asked again.
        retry_after: Option<RetryAfter>,
    },
    /// The answer is not what RFC 8555 asks for.
    #[error("{action}: {host} does not answer as an ACME server does: {detail}")]
    NotAcme {
        /// What was tried.
        action: Action,
        /// Host and port of the server.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The request cannot be made with what the caller gave: address, CA bundle, key.
    #[error("{what}")]
    Config {
        /// What is wrong and what to change.
        what: String,
    },
    /// The crypto library failed; with a sound key this does not happen.
    #[error("{operation} with the ACME account key failed")]
    Crypto {
        /// What was tried.
        operation: &'static str,
        /// Cause.
        #[source]
        source: openssl::error::ErrorStack,
    },
}

/// What a failed call means for the object that wanted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// May work later: network, 5xx, an answer that is not ACME. Retry with back-off, not before `retry_after`.
    Transient {
        /// The server's own wish.
        retry_after: Option<RetryAfter>,
    },
    /// The CA's limit is reached: wait, never fail.
    RateLimited {
        /// The server's own wish.
        retry_after: Option<RetryAfter>,
    },
    /// Refused for good: asking again changes nothing.
    Terminal,
}

impl Error {
    /// What the failure means for the object that wanted the call.
    pub fn class(&self) -> Class {
        match self {
            Self::Network { .. } | Self::NotAcme { .. } => Class::Transient { retry_after: None },
            Self::Refused {
                problem, retry_after, ..
            } => classify(problem, *retry_after),
            Self::Config { .. } | Self::Crypto { .. } => Class::Terminal,
        }
    }

    /// The problem document, where the server sent one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }

    /// True for a refusal with this short RFC 8555 error type, e.g. `accountDoesNotExist`.
    pub fn is(&self, short: &str) -> bool {
        self.problem().is_some_and(|problem| problem.is(short))
    }
}

fn classify(problem: &Problem, retry_after: Option<RetryAfter>) -> Class {
    if problem.status == 429 || problem.is("rateLimited") {
        return Class::RateLimited { retry_after };
    }
    // A 404 or 409 that is not ACME's own comes from a proxy or from a server that is still catching up with itself.
    let passing = matches!(problem.status, 404 | 408 | 409 | 425) && !problem.is_acme();
    let server_side = problem.status >= 500 || problem.status < 400;
    if server_side || passing || problem.is("badNonce") || problem.is("serverInternal") {
        return Class::Transient { retry_after };
    }
    Class::Terminal
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_real_refusals_are_terminal() {
        let wait = Some(RetryAfter::After(Duration::from_secs(7)));
        let acme = |short: &str| format!("urn:ietf:params:acme:error:{short}");
        let table = [
            (429, String::new(), Class::RateLimited { retry_after: wait }),
            (400, acme("rateLimited"), Class::RateLimited { retry_after: wait }),
            (503, acme("rateLimited"), Class::RateLimited { retry_after: wait }),
            (503, String::new(), Class::Transient { retry_after: wait }),
            (500, acme("serverInternal"), Class::Transient { retry_after: wait }),
            (400, acme("badNonce"), Class::Transient { retry_after: wait }),
            (404, String::new(), Class::Transient { retry_after: wait }),
            (302, String::new(), Class::Transient { retry_after: wait }),
            (404, acme("malformed"), Class::Terminal),
            (403, String::new(), Class::Terminal),
            (400, acme("rejectedIdentifier"), Class::Terminal),
            (401, acme("unauthorized"), Class::Terminal),
        ];
        for (status, kind, expected) in table {
            let problem = Problem {
                kind,
                status,
                ..Problem::default()
            };
            let error = Error::Refused {
                action: Action::NewOrder,
                problem,
                retry_after: wait,
            };
            assert_eq!(error.class(), expected, "{error}");
        }
    }
}
