//! A certificate: read once, asked often.

mod facts;
mod parse;

pub use facts::{Certificate, to_pem_chain};
