//! Types that the groups share.

pub mod v1;
