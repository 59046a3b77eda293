//! `evercert-demo`: starts a cluster and runs itself again inside of it, where the story is told.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use evercert_demo::{ground, java};
use evercert_harness::{UpOptions, cluster, enter};

/// The demo: three services, their certificates, five renewals under load, and the proof.
#[derive(Debug, Parser)]
struct Args {
    /// Leaves everything running and tells how to look around.
    #[arg(long)]
    keep: bool,
    /// Folder of the operators' images as OCI archives.
    #[arg(long, default_value = "target/e2e/images")]
    images: PathBuf,
    /// Folder for report.json.
    #[arg(long, default_value = "target/demo")]
    out: PathBuf,
}

fn main() -> ExitCode {
    evercert_harness::reexec::intercept();
    let args = Args::parse();
    // The images go into the cluster when it starts; inside, they are there.
    let options = if cluster::is_inside() {
        Ok(UpOptions::default())
    } else {
        options(&args)
    };
    match options {
        Ok(options) => enter(&options, |cluster| ground::tell(&cluster, &args.out, args.keep)),
        Err(error) => {
            eprintln!("evercert-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options(args: &Args) -> Result<UpOptions> {
    let java = java::archive().context("build the image of the Java services")?;
    let operator = |name: &str| {
        let path = args.images.join(format!("{name}.tar"));
        std::path::absolute(&path)
            .and_then(|path| path.metadata().map(|_| path))
            .with_context(|| format!("{} (make images)", path.display()))
    };
    let mut images = ground::OPERATORS
        .map(operator)
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    images.push(java);
    let dir = args.keep.then(|| PathBuf::from(ground::KEPT_DIR));
    Ok(UpOptions {
        dir,
        keep: args.keep,
        images,
        ..UpOptions::default()
    })
}
