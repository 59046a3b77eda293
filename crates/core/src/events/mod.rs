//! Kubernetes events: best effort, aggregated, never in the way of work.
//!
//! `publish` only puts a note into a bounded queue. A background task aggregates (same object, type, reason and note
//! within 10 minutes are one event with a count) and writes `events.k8s.io/v1`, a few at a time. kube's `Recorder` is not used: it keeps
//! whole events for minutes, merges different notes into one event, and writes each repetition.

mod aggregate;
mod reference;
mod sink;
mod writer;

pub use reference::reference;
pub use sink::{Events, Reporter};
