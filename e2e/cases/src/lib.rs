//! End-to-end suites against the real cluster of `evercert-harness`: real pods, real images, Helm, RBAC.
//!
//! [`runner`] starts one cluster, installs the three operators from their charts and runs the [`suites`] in order, each in
//! a namespace of its own. [`world`] is what suites use to look and act; [`chain`] is the certificate → keystore → workload
//! chain that most of them renew.

pub mod accounts;
pub mod chain;
pub mod install;
pub mod operators;
pub mod process;
pub mod renewal;
pub mod runner;
pub mod suites;
pub mod wait;
pub mod world;

pub use runner::main;
