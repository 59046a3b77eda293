//! The components inside: named processes that can be ended and started again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::control_plane::ControlPlane;
use crate::error::{Error, Result};
use crate::process::{Process, Spec};
use crate::sandbox::control::{Answer, Request};

/// Given to a component to end by itself.
const STOP_LIMIT: Duration = Duration::from_secs(10);
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// All components by name.
#[derive(Debug)]
pub(super) struct Components {
    dir: PathBuf,
    by_name: BTreeMap<String, Process>,
}

impl Components {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            by_name: BTreeMap::new(),
        }
    }

    /// Starts one of Kubernetes' or containerd's own components; named after its program.
    pub(super) fn launch(&mut self, control: &ControlPlane, argv: Vec<String>) -> Result<()> {
        let name = argv.first().cloned().unwrap_or_default();
        self.launch_as(&name, control, argv)
    }

    /// Starts a component whose program has another name.
    pub(super) fn launch_as(&mut self, name: &str, control: &ControlPlane, argv: Vec<String>) -> Result<()> {
        self.run(name, argv, BTreeMap::new(), control.log(name))
    }

    fn run(&mut self, name: &str, argv: Vec<String>, env: BTreeMap<String, String>, log: PathBuf) -> Result<()> {
        let dir = self.dir.display();
        let mut variables = vec![
            ("PATH".to_owned(), format!("{dir}/bin:{SYSTEM_PATH}")),
            ("HOME".to_owned(), dir.to_string()),
            ("KUBECONFIG".to_owned(), format!("{dir}/kubeconfig/admin")),
        ];
        variables.extend(env);
        if let Some(mut old) = self.by_name.remove(name) {
            old.kill();
        }
        let spec = Spec {
            name: name.to_owned(),
            argv,
            env: variables,
            dir: self.dir.clone(),
            log,
        };
        self.by_name.insert(name.to_owned(), Process::start(spec)?);
        Ok(())
    }

    /// An error where one of them has ended.
    pub(super) fn check_alive(&mut self) -> Result<()> {
        self.by_name.values_mut().try_for_each(Process::check_alive)
    }

    /// Process numbers of those that run.
    pub(super) fn pids(&mut self) -> BTreeMap<String, u32> {
        let running = self
            .by_name
            .iter_mut()
            .filter_map(|(name, process)| process.ended().is_none().then(|| (name.clone(), process.pid())));
        running.collect()
    }

    /// Does what is asked.
    pub(super) async fn answer(&mut self, request: Request) -> Answer {
        let error = self.act(request).await.err().map(|error| crate::chain(&error));
        Answer {
            error,
            pids: self.pids(),
        }
    }

    async fn act(&mut self, request: Request) -> Result<()> {
        match request {
            Request::List => {}
            Request::Run { name, argv, env } => {
                let log = self.dir.join("logs").join(format!("{name}.log"));
                self.run(&name, argv, env, log)?;
            }
            Request::Start { name } => {
                let process = self.find(&name)?;
                if process.ended().is_some() {
                    *process = Process::start(process.spec.clone())?;
                }
            }
            Request::Kill { name } => self.find(&name)?.kill(),
            Request::Stop { name } => self.find(&name)?.stop(STOP_LIMIT).await,
            Request::Signal { name, signal } => {
                let signal = Signal::from_str(&signal).map_err(|_| Error::Invalid(format!("{signal} is no signal")))?;
                self.find(&name)?.signal(signal)?;
            }
        }
        Ok(())
    }

    fn find(&mut self, name: &str) -> Result<&mut Process> {
        self.by_name
            .get_mut(name)
            .ok_or_else(|| Error::Invalid(format!("no component {name}")))
    }
}
