//! The demo: three Java services, their certificates, and the proof that every renewal is one rollout without a lost request.
//!
//! `run` is the story from the first `kubectl` to the verdict. It only drives and looks: the work is done by the three
//! operators. What was seen goes into the `journal`; `renewals`, `report` and `table` make the result of it and are pure.

pub mod certs;
pub mod ground;
pub mod https;
pub mod java;
pub mod journal;
pub mod load;
pub mod names;
pub mod objects;
pub mod renew;
pub mod renewals;
pub mod report;
pub mod say;
pub mod shell;
pub mod steps;
pub mod story;
pub mod table;
pub mod watches;
