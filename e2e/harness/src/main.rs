//! `evercert-cluster`: starts, enters and ends the test cluster; writes images. The work is in the library.

mod args;
mod up;

use std::process::ExitCode;

use clap::Parser;
use evercert_harness::reexec;

fn main() -> ExitCode {
    reexec::intercept();
    match args::Args::parse().command.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("evercert-cluster: {error:#}");
            ExitCode::FAILURE
        }
    }
}
