//! Long-running child processes that die with this process.
//!
//! Every child has a parent-death signal. The kernel sends it when the *thread* that started the child ends, so all
//! children are started by one thread that lives as long as this process.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::command;
use crate::error::{During, Error, Result};

type Request = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts `command` so that it is killed when this process ends, however it ends.
pub fn spawn_tied(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        thread::spawn(move || {
            for (mut command, reply) in requests {
                let _ = reply.send(command.spawn());
            }
        });
        sender
    });
    let (reply, answer) = mpsc::channel();
    spawner.send((command, reply)).map_err(io::Error::other)?;
    answer.recv().map_err(io::Error::other)?
}

/// What to run and where its output goes. Can be started again after it ended.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Name in messages and of the log file.
    pub name: String,
    /// Program (absolute, or found in the PATH of `env`) and arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// Working directory.
    pub dir: PathBuf,
    /// Both output streams are appended here.
    pub log: PathBuf,
}

/// A started `Spec`.
#[derive(Debug)]
pub struct Process {
    /// What it was started from.
    pub spec: Spec,
    child: Child,
}

impl Process {
    /// Starts it, tied to this process.
    pub fn start(spec: Spec) -> Result<Self> {
        let (out, err) = (open_log(&spec.log)?, open_log(&spec.log)?);
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).args(&spec.argv);
        command
            .env_clear()
            .envs(spec.env.iter().map(|(k, v)| (k, v)))
            .current_dir(&spec.dir);
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let child = spawn_tied(command).during(format_args!("start {} (setpriv of util-linux)", spec.name))?;
        Ok(Self { spec, child })
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap_or_else(|_| Some(ExitStatus::from_raw(0)))
    }

    /// An error with the end of its log, if it has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.ended() {
            None => Ok(()),
            Some(_) => Err(Error::Ended {
                what: self.spec.name.clone(),
                log: self.spec.log.clone(),
                tail: log_tail(&self.spec.log),
            }),
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        kill(pid, signal).during(format_args!("send {signal} to {}", self.spec.name))
    }

    /// Ends it with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM), kills it after `limit`.
    pub async fn stop(&mut self, limit: Duration) {
        let _ = self.signal(Signal::SIGTERM);
        let deadline = tokio::time::Instant::now() + limit;
        while self.ended().is_none() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.kill();
    }
}

fn open_log(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).during(format_args!("make {}", parent.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .during(format_args!("open {}", path.display()))
}

/// The last lines of a log; empty where it cannot be read.
pub fn log_tail(path: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(16_384)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    command::tail(&read().unwrap_or_default())
}
