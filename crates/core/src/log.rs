//! Logs to standard error, as text or JSON; secrets stay out whatever the level.

use std::error::Error;
use std::fmt::Write as _;

use tracing_subscriber::EnvFilter;

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// Kept silent at every level: kube's client logs whole responses that it cannot parse, Secrets among them.
const NEVER: &str = "kube_client=off";
/// Chatty at debug without helping anyone.
const QUIET: &str = "kube_runtime=error,hyper=warn,hyper_util=warn,rustls=warn,h2=warn,tower=warn,reqwest=warn";

/// Starts logging at `level` (error, warn, info, debug, trace, or directives as of `RUST_LOG`). A second call does nothing.
pub fn init(format: Format, level: &str) {
    let level = if level.is_empty() { "info" } else { level };
    let filter = EnvFilter::try_new(format!("{QUIET},{level},{NEVER}"))
        .unwrap_or_else(|_| EnvFilter::new(format!("info,{QUIET},{NEVER}")));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// An error with all its causes on one line. A cause that repeats the text before it is left out, and of an answer of
/// the API server only its message is shown.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = own_text(error);
    let mut cause = error.source().filter(|_| answer(error).is_none());
    while let Some(error) = cause {
        let next = own_text(error);
        if !text.ends_with(&next) {
            let _ = write!(text, ": {next}");
        }
        cause = error.source().filter(|_| answer(error).is_none());
    }
    text
}

fn own_text(error: &(dyn Error + 'static)) -> String {
    answer(error).map_or_else(
        || error.to_string(),
        |message| message.trim_end_matches([':', ' ']).to_owned(),
    )
}

/// kube prints such an answer three times, and in full.
fn answer<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a str> {
    let error = error
        .downcast_ref::<kube::Error>()
        .or_else(|| error.downcast_ref::<Box<kube::Error>>().map(|e| &**e));
    match error {
        Some(kube::Error::Api(status)) => Some(&status.message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Step(&'static str, #[source] Option<Box<Step>>);

    #[test]
    fn chain_names_each_cause_once() {
        let inner = Step("no such host", None);
        let error = Step(
            "apply Secret a/b",
            Some(Box::new(Step("connect: no such host", Some(Box::new(inner))))),
        );
        assert_eq!(chain(&error), "apply Secret a/b: connect: no such host");
    }

    #[test]
    fn chain_shows_the_message_of_an_answer_once() {
        let status = kube::core::response::Status::failure("no such thing", "NotFound").with_code(404);
        let operation = crate::apply::Operation {
            verb: "get",
            kind: "Pod".into(),
            namespace: None,
            name: "x".into(),
        };
        let error = crate::apply::WriteError::new(operation, kube::Error::Api(status.boxed()));
        assert_eq!(chain(&error), "get Pod x: no such thing");
    }
}
