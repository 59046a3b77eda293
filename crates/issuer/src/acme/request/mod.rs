//! A CertificateRequest of an ACME issuer: its Order is made once, and the Order's state becomes the request's result.

mod act;
mod build;
mod decide;

pub use act::request;
