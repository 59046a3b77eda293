//! The command line.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use evercert_harness::oci::{Image, Layer, NONROOT};
use evercert_harness::{Cluster, cluster_binary, needs, tools_binary};

use crate::up::UpArgs;

/// Directory of `up`, `exec`, `image` and `down` where none is given.
pub const DEFAULT_DIR: &str = "/tmp/evercert-cluster";

/// A real Kubernetes cluster in one sealed sandbox.
#[derive(Debug, Parser)]
#[command(name = "evercert-cluster", version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts a cluster and stays; prints one JSON line when it is ready. Ends on SIGTERM and when stdin closes.
    /// Reads on stdin: kill NAME, stop NAME, start NAME.
    Up(UpArgs),
    /// Runs a command inside, as cluster administrator.
    Exec(ExecArgs),
    /// Imports OCI archives into the node.
    Image {
        /// Directory of the cluster.
        #[arg(long, default_value = DEFAULT_DIR)]
        dir: PathBuf,
        /// Archives.
        #[arg(required = true)]
        archives: Vec<PathBuf>,
    },
    /// Ends a cluster that was started with --keep.
    Down {
        /// Directory of the cluster.
        #[arg(long, default_value = DEFAULT_DIR)]
        dir: PathBuf,
    },
    /// Writes an image as an OCI archive.
    Oci(OciArgs),
    /// Tells what this machine lacks; exit status 1 where it lacks something.
    Check {
        /// Prints only the names of missing Debian packages.
        #[arg(long)]
        packages: bool,
    },
    /// Builds the cluster binary unless it is cached; prints its path.
    ClusterBin,
    /// Builds Pebble and Helm unless they are cached; prints their folder.
    ToolsBin,
}

/// `exec`
#[derive(Debug, clap::Args)]
pub struct ExecArgs {
    /// Directory of the cluster.
    #[arg(long, default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// Program and arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    argv: Vec<String>,
}

/// `oci`
#[derive(Debug, clap::Args)]
pub struct OciArgs {
    /// Where the archive goes.
    #[arg(long)]
    out: PathBuf,
    /// Image name with tag: localhost/evercert-issuer:1
    #[arg(long)]
    name: String,
    /// Program inside the image.
    #[arg(long)]
    entrypoint: String,
    /// UID:GID
    #[arg(long, default_value = NONROOT)]
    user: String,
    /// SOURCE[:PATH]: a file, by default to /NAME, or a folder, by default to /.
    #[arg(required = true)]
    files: Vec<String>,
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Self::Up(args) => return args.run(),
            Self::Exec(args) => {
                let (program, arguments) = args.argv.split_first().context("no command")?;
                return Err(Cluster::attach(&args.dir)?
                    .command(program)?
                    .args(arguments)
                    .exec()
                    .into());
            }
            Self::Image { dir, archives } => {
                let cluster = Cluster::attach(&dir)?;
                archives.iter().try_for_each(|archive| cluster.import_image(archive))?;
            }
            Self::Down { dir } => Cluster::attach(&dir)?.down()?,
            Self::Oci(args) => args.run()?,
            Self::Check { packages } => return check(packages),
            Self::ClusterBin => println!("{}", cluster_binary::ensure()?.display()),
            Self::ToolsBin => println!("{}", tools_binary::ensure()?.display()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn check(packages: bool) -> Result<ExitCode> {
    if packages {
        for need in needs::missing() {
            println!("{}", need.package);
        }
        return Ok(ExitCode::SUCCESS);
    }
    needs::check()?;
    println!("everything is there");
    Ok(ExitCode::SUCCESS)
}

impl OciArgs {
    fn run(self) -> Result<()> {
        let mut layer = Layer::new().dir("tmp", 0o1777);
        for entry in &self.files {
            let (source, path) = entry.split_once(':').unwrap_or((entry, ""));
            let source = PathBuf::from(source);
            layer = if source.is_dir() {
                layer.host_dir(path, &source)?
            } else {
                let name = source
                    .file_name()
                    .context("a file without a name")?
                    .to_string_lossy()
                    .into_owned();
                layer.host_file(if path.is_empty() { &name } else { path }, &source)?
            };
        }
        if !self.entrypoint.starts_with('/') {
            bail!("--entrypoint must be an absolute path inside the image");
        }
        let image = Image {
            name: self.name,
            entrypoint: vec![self.entrypoint],
            user: self.user,
            layers: vec![layer],
            ..Image::default()
        };
        image.write(&self.out)?;
        Ok(())
    }
}
