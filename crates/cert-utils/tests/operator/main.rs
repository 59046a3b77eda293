//! The operator from outside: its decisions in tables, and the whole of it against a real API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail loudly"
)]
#![allow(clippy::too_many_lines, reason = "tables are long")]

mod cluster;
mod fixtures;
mod keystores_decide;
mod keystores_live;
mod restarts;
mod routes_decide;
mod routes_live;
