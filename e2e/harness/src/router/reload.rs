//! Brings HAProxy to a configuration: by commands on its socket where only pods changed, else by a reload that hands
//! the listening sockets over.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::haproxy::{self, Config, DEFAULT_CERTIFICATE, SOCKET};
use super::plan::Backend;
use super::slots::{Change, Slots};
use crate::certificates::{Authority, Subject};
use crate::command::sh;
use crate::error::{During, Error, Result};
use crate::paths;
use crate::probe::Awaited;
use crate::process::{Process, Spec};

const LIMIT: Duration = Duration::from_secs(20);

/// A running HAProxy and what is in force in it.
#[derive(Debug)]
pub(super) struct Haproxy {
    dir: PathBuf,
    master: Option<Process>,
    slots: Slots,
    /// The configuration without addresses: as long as it is the same no reload is needed.
    structure: Config,
}

impl Haproxy {
    /// Not running yet; files go into `dir`.
    pub(super) fn new(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).during(format_args!("make {}", dir.display()))?;
        let own = Authority::new("evercert router default")?.leaf(&Subject {
            common_name: "router",
            organization: None,
            names: &["*.apps.test"],
        })?;
        write_private(
            &dir.join(DEFAULT_CERTIFICATE),
            &format!("{}{}", own.key, own.certificate),
        )?;
        Ok(Self {
            dir: dir.to_owned(),
            master: None,
            slots: Slots::default(),
            structure: Config::default(),
        })
    }

    /// Puts these backends into force.
    pub(super) async fn apply(&mut self, backends: &[Backend]) -> Result<()> {
        let next = self.slots.next(backends);
        let config = haproxy::render(backends, &next, &self.dir);
        let structure = haproxy::render(backends, &next.emptied(), &self.dir);
        let changes = self.slots.changes(&next);
        if self.running().is_some() && structure == self.structure {
            if changes.is_empty() {
                return Ok(());
            }
            // HAProxy would read the file if its worker crashed.
            write_private(&self.file(), &config.text)?;
            if self.command_changes(&changes).await.is_ok() {
                self.slots = next;
                return Ok(());
            }
        }
        self.write(&config)?;
        self.reload().await?;
        (self.slots, self.structure) = (next, structure);
        Ok(())
    }

    /// Writes everything and has HAProxy check it first: a configuration that it refuses never replaces a good one.
    fn write(&self, config: &Config) -> Result<()> {
        for (name, content) in &config.files {
            write_private(&self.dir.join(name), content)?;
        }
        let trial = self.dir.join("haproxy.cfg.new");
        write_private(&trial, &config.text)?;
        sh(&["haproxy", "-c", "-q", "-f", &trial.to_string_lossy()])?;
        fs::rename(&trial, self.file()).during("put the new haproxy.cfg in place")
    }

    async fn reload(&mut self) -> Result<()> {
        let before = self.worker().await;
        match self.running() {
            Some(master) => master.signal(Signal::SIGUSR2)?,
            None => self.master = Some(Process::start(spec(&self.dir, &self.file()))?),
        }
        let log = log(&self.dir);
        let awaited = Awaited {
            what: "HAProxy's new worker",
            limit: LIMIT,
            log: &log,
        };
        awaited
            .until(async || {
                let now = self.worker().await;
                Ok(now.is_some() && now != before)
            })
            .await
    }

    fn running(&mut self) -> Option<&Process> {
        let master = self.master.as_mut()?;
        if master.ended().is_some() { None } else { Some(master) }
    }

    /// Process number of the worker that answers.
    async fn worker(&self) -> Option<String> {
        let info = self.ask("show info").await.ok()?;
        info.lines()
            .find_map(|line| line.strip_prefix("Pid: "))
            .map(str::to_owned)
    }

    async fn command_changes(&self, changes: &[Change]) -> Result<()> {
        for change in changes {
            let server = format!("{}/s{}", change.backend, change.slot);
            let commands = match change.address {
                None => format!("set server {server} state maint"),
                Some(address) => format!(
                    "set server {server} state maint; set server {server} addr {} port {}; set server {server} state ready",
                    address.ip(),
                    address.port()
                ),
            };
            let answer = self.ask(&commands).await?;
            if answer.contains("No such") || answer.contains("nvalid") || answer.contains("denied") {
                return Err(Error::Invalid(format!(
                    "HAProxy refused {commands:?}: {}",
                    answer.trim()
                )));
            }
        }
        Ok(())
    }

    async fn ask(&self, command: &str) -> Result<String> {
        let action = || format!("tell HAProxy {command:?}");
        let mut stream = UnixStream::connect(self.dir.join(SOCKET)).await.during(action())?;
        stream
            .write_all(format!("{command}\n").as_bytes())
            .await
            .during(action())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.during(action())?;
        Ok(answer)
    }

    fn file(&self) -> PathBuf {
        self.dir.join("haproxy.cfg")
    }
}

fn spec(dir: &Path, file: &Path) -> Spec {
    let argv = ["haproxy", "-W", "-f"]
        .into_iter()
        .map(str::to_owned)
        .chain([file.display().to_string()])
        .collect();
    let env = std::env::vars()
        .filter(|(name, _)| name == "PATH" || name == "HOME")
        .collect();
    Spec {
        name: "haproxy".into(),
        argv,
        env,
        dir: dir.to_owned(),
        log: log(dir),
    }
}

fn log(dir: &Path) -> PathBuf {
    dir.join("haproxy.log")
}

/// Replaces a file as a whole; readable by root only, as there are private keys in most.
fn write_private(path: &Path, text: &str) -> Result<()> {
    let partial = path.with_extension("partial");
    paths::write(&partial, text)?;
    fs::set_permissions(&partial, fs::Permissions::from_mode(0o600))
        .during(format_args!("chmod {}", partial.display()))?;
    fs::rename(&partial, path).during(format_args!("rename {}", partial.display()))
}
