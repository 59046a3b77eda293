//! A cluster with a real node in a sealed sandbox: started from outside, used from inside or outside.
//!
//! Nobody outside can reach its network. Code that talks to it runs inside ([`crate::enter`], [`Cluster::command`]);
//! files (logs, kubeconfigs, the audit log) and the control socket are the same on both sides.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Deref;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::api_server::ApiServer;
use crate::control_plane::usable_dir;
use crate::dns::Zones;
use crate::error::{During, Error, Result};
use crate::probe::Awaited;
use crate::reexec::{self, Role};
use crate::sandbox::control::{self, Answer, Request};
use crate::sandbox::options::{self, Run, UNNAMED, UpOptions};
use crate::sandbox::state::{Ready, State};
use crate::{cluster_binary, command, image, needs, paths, plane, sandbox, users};

/// Variable that names the cluster's directory to processes inside.
pub const DIR_VARIABLE: &str = "EVERCERT_CLUSTER_DIR";
/// It takes seconds; more on a machine that is compiling.
const UP_LIMIT: Duration = Duration::from_mins(3);
const DOWN_LIMIT: Duration = Duration::from_mins(1);
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    server: ApiServer,
    /// The helper that cleans up; its stdin is the lifeline. `None` where somebody else started the cluster.
    keeper: Option<Child>,
}

impl Cluster {
    /// Starts a cluster and waits until pods can run (5 to 8 s). Blocks; to be called outside, by a program that calls
    /// [`reexec::intercept`] first. Unless it is to be kept, the cluster ends when this process ends.
    pub fn up(wish: &UpOptions) -> Result<Self> {
        needs::check()?;
        let binary = cluster_binary::ensure()?;
        let dir = make_dir(wish.dir.as_deref())?;
        Run {
            dir: dir.clone(),
            binary,
            options: wish.clone(),
        }
        .save()?;
        let mut keeper = reexec::command(Role::Keeper, &dir)?;
        keeper
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut keeper = keeper.spawn().during("start the cluster's keeper")?;
        await_ready(&dir, &mut keeper)?;
        Ok(Self {
            server: server(&dir),
            keeper: Some(keeper),
        })
    }

    /// The cluster in this directory, started by somebody else.
    pub fn attach(dir: &Path) -> Result<Self> {
        let state = State::load(dir)?;
        if !is_inside() && !sandbox::is_ours(state.holder) {
            return Err(Error::Invalid(format!(
                "the cluster of {} is not running",
                dir.display()
            )));
        }
        Ok(Self {
            server: server(dir),
            keeper: None,
        })
    }

    /// The cluster that this process runs inside of.
    pub fn inside() -> Result<Self> {
        let dir = env::var_os(DIR_VARIABLE).map(PathBuf::from);
        Self::attach(&dir.ok_or_else(|| Error::Invalid(format!("not inside a cluster: {DIR_VARIABLE} is not set")))?)
    }

    /// A command that runs inside, as cluster administrator, in the current directory.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Result<Command> {
        let mut command = if is_inside() {
            Command::new(program)
        } else {
            let holder = State::load(self.dir())?.holder.to_string();
            let mut command = Command::new("nsenter");
            command.args(["-t", &holder, "--net", "--mount", "--pid", "--"]);
            // nsenter --mount moves to the root directory.
            let here = env::current_dir().during("find the working directory")?;
            command
                .args(["sh", "-c", r#"cd "$0" && exec "$@""#])
                .arg(here)
                .arg(program.as_ref());
            command
        };
        let path = env::var("PATH").unwrap_or_else(|_| PATH.into());
        command.env("PATH", format!("{}:{path}", self.dir().join("bin").display()));
        command
            .env("KUBECONFIG", self.kubeconfig())
            .env(DIR_VARIABLE, self.dir());
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(proxy).env_remove(proxy.to_uppercase());
        }
        Ok(command)
    }

    /// Runs a command inside and returns what it printed.
    pub fn run(&self, argv: &[&str]) -> Result<String> {
        let (program, arguments) = argv
            .split_first()
            .ok_or_else(|| Error::Invalid("empty command".into()))?;
        command::run(self.command(program)?.args(arguments))
    }

    /// Imports an OCI archive into the node.
    pub fn import_image(&self, archive: &Path) -> Result<()> {
        if is_inside() {
            return image::import(archive);
        }
        let archive = fs::canonicalize(archive).during(format_args!("find {}", archive.display()))?;
        self.run(&["ctr", "-n", "k8s.io", "images", "import", &archive.to_string_lossy()])
            .map(drop)
    }

    /// Start-up times and first process numbers.
    pub fn ready(&self) -> Result<Ready> {
        Ready::load(self.dir())
    }

    /// Puts names outside the cluster domain into force.
    pub fn set_zones(&self, zones: &Zones) -> Result<()> {
        zones.save(self.dir())
    }

    /// Running components and their process numbers inside.
    pub async fn components(&self) -> Result<BTreeMap<String, u32>> {
        Ok(self.ask(Request::List).await?.pids)
    }

    /// SIGKILL, as a crash; the component stays down until [`Cluster::start`].
    pub async fn kill(&self, component: &str) -> Result<()> {
        self.ask(Request::Kill {
            name: component.to_owned(),
        })
        .await
        .map(drop)
    }

    /// SIGTERM, and SIGKILL after 10 s.
    pub async fn stop(&self, component: &str) -> Result<()> {
        self.ask(Request::Stop {
            name: component.to_owned(),
        })
        .await
        .map(drop)
    }

    /// Sends a signal: `SIGSTOP`, `SIGCONT`, `SIGHUP` …
    pub async fn signal(&self, component: &str, signal: &str) -> Result<()> {
        let request = Request::Signal {
            name: component.to_owned(),
            signal: signal.to_owned(),
        };
        self.ask(request).await.map(drop)
    }

    /// Starts an ended component again; for the API server waits until it is ready (only inside).
    pub async fn start(&self, component: &str) -> Result<()> {
        self.ask(Request::Start {
            name: component.to_owned(),
        })
        .await?;
        if component != plane::API_SERVER || !is_inside() {
            return Ok(());
        }
        let client = self.client().await?;
        let log = self.server.control.log(component);
        let awaited = Awaited {
            what: component,
            limit: plane::START_LIMIT,
            log: &log,
        };
        awaited.until(async || Ok(users::api_answers(&client).await)).await
    }

    /// Runs a command as a component inside: log in `logs/NAME.log`, lives until it is killed or the cluster ends.
    pub async fn run_component(&self, name: &str, argv: Vec<String>, env: BTreeMap<String, String>) -> Result<()> {
        self.ask(Request::Run {
            name: name.to_owned(),
            argv,
            env,
        })
        .await
        .map(drop)
    }

    /// Where a component's log is.
    pub fn log(&self, component: &str) -> PathBuf {
        self.server.control.log(component)
    }

    /// False once the sandbox has ended, whatever ended it. To be called outside.
    pub fn is_running(&self) -> bool {
        State::load(self.dir()).is_ok_and(|state| sandbox::is_ours(state.keeper))
    }

    /// Ends the cluster and waits until nothing is left of it. Blocks; to be called outside.
    pub fn down(mut self) -> Result<()> {
        let Ok(state) = State::load(self.dir()) else {
            return Ok(());
        };
        if sandbox::is_ours(state.keeper) {
            let pid = Pid::from_raw(i32::try_from(state.keeper).unwrap_or(i32::MAX));
            kill(pid, Signal::SIGTERM).during("end the cluster's keeper")?;
        }
        if let Some(keeper) = &mut self.keeper {
            return keeper.wait().map(drop).during("wait for the cluster's keeper");
        }
        let deadline = Instant::now() + DOWN_LIMIT;
        while sandbox::is_ours(state.keeper) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    async fn ask(&self, request: Request) -> Result<Answer> {
        control::ask(self.dir(), &request).await
    }
}

impl Deref for Cluster {
    type Target = ApiServer;

    fn deref(&self) -> &ApiServer {
        &self.server
    }
}

/// True in a process inside a cluster.
pub fn is_inside() -> bool {
    env::var_os(DIR_VARIABLE).is_some()
}

fn server(dir: &Path) -> ApiServer {
    ApiServer {
        control: options::control_plane(dir, &[]),
    }
}

/// The directory that was asked for, which must not be there yet, or a fresh one.
fn make_dir(wish: Option<&Path>) -> Result<PathBuf> {
    let Some(wish) = wish else {
        let dir = tempfile::Builder::new().prefix(UNNAMED).tempdir_in(paths::temporary());
        return Ok(dir.during("make a temporary directory")?.keep());
    };
    let dir = std::path::absolute(wish).during("find the working directory")?;
    if !usable_dir(&dir) {
        return Err(Error::Invalid(format!(
            "{}: blanks in a path are not supported",
            dir.display()
        )));
    }
    if State::load(&dir).is_ok_and(|state| !sandbox::is_ours(state.keeper)) {
        fs::remove_dir_all(&dir).during(format_args!("remove what a killed cluster left in {}", dir.display()))?;
    }
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).during(format_args!("make {}", parent.display()))?;
    }
    fs::create_dir(&dir).during(format_args!(
        "make {} (is a cluster running there? evercert-cluster down)",
        dir.display()
    ))?;
    Ok(dir)
}

fn await_ready(dir: &Path, keeper: &mut Child) -> Result<()> {
    let deadline = Instant::now() + UP_LIMIT;
    while !Ready::exists(dir) {
        if keeper.try_wait().during("wait for the cluster's keeper")?.is_some() {
            let mut text = String::new();
            let _ = keeper.stderr.take().map(|mut pipe| pipe.read_to_string(&mut text));
            return Err(Error::Invalid(format!(
                "the cluster did not come up: {}",
                text.trim_end()
            )));
        }
        if Instant::now() > deadline {
            let log = dir.join("logs");
            return Err(Error::NotReady {
                what: "the cluster".into(),
                limit: UP_LIMIT,
                log,
            });
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
