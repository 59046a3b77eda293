//! Issuer and ClusterIssuer: whether each can sign, told in its condition Ready.

pub mod act;
pub mod ca;
pub mod decide;
pub mod object;
