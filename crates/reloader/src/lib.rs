//! Restarts workloads when a Secret or ConfigMap that they use has changed: a drop-in for Reloader.
//!
//! A pass looks at one workload and all its sources: `gather` reads, `decide` (pure) says what to do, `act` writes.
//!
//! | module | answers |
//! |---|---|
//! | [`selection`] | does a change of this source concern this workload? |
//! | [`references`] | which sources does a pod spec use, and in which container? |
//! | [`decide`] | does it restart now? |
//! | [`hash`], [`envvar`], [`strategies`] | what is written, exactly as upstream writes it |
//! | [`seen`] | what did the workload last see, if its template does not say so? |

pub mod annotations;
pub mod decide;
pub mod envvar;
pub mod hash;
pub mod names;
pub mod references;
pub mod seen;
pub mod selection;
pub mod source;
pub mod strategies;
pub mod workloads;
