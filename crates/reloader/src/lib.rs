//! Restarts workloads when a Secret or ConfigMap that they use has changed: a drop-in for Reloader.
//!
//! A pass looks at one workload and all its sources: [`gather`] reads, [`decide`] (pure) says what to do, [`act`] writes.
//!
//! | module | answers |
//! |---|---|
//! | [`selection`] | does a change of this source concern this workload? |
//! | [`references`] | which sources does a pod spec use, and in which container? |
//! | [`index`] | which workloads may a changed source concern? |
//! | [`decide`] | does the workload restart now? |
//! | [`hash`], [`envvar`], [`strategies`] | what is written, exactly as upstream writes it |
//! | [`seen`] | what did the workload last see, if its template does not say so? |
//! | [`flags`] | what can be configured? |
//! | [`report`], [`names`] | what do users and dashboards see? |

pub mod act;
pub mod annotations;
pub mod contents;
pub mod decide;
pub mod envvar;
pub mod flags;
pub mod gather;
pub mod hash;
pub mod index;
pub mod names;
pub mod operator;
pub mod pass;
pub mod references;
pub mod report;
pub mod seen;
pub mod selection;
pub mod source;
pub mod stores;
pub mod strategies;
pub mod workloads;
