//! Starting a plane: directory, ports, files, then the components in order.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use tokio::sync::Mutex;

use super::{Plane, PlaneBuilder, START_LIMIT};
use crate::api_server::ApiServer;
use crate::control_plane::{ControlPlane, Level, Ports};
use crate::error::{During, Error, Result};
use crate::probe::{self, Awaited};
use crate::process::{Process, Spec};
use crate::{cluster_binary, control_plane, paths, users};

/// A free port may be taken by somebody else before our component binds it: then all is done again.
const ATTEMPTS: usize = 3;

pub(super) async fn start(builder: &PlaneBuilder) -> Result<Plane> {
    let binary = tokio::task::spawn_blocking(cluster_binary::ensure);
    let binary = binary
        .await
        .map_err(|error| Error::Invalid(format!("build of the cluster binary: {error}")))??;
    let mut attempt = 1;
    loop {
        match start_once(builder, &binary).await {
            Err(Error::Ended { .. }) if attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

async fn start_once(builder: &PlaneBuilder, binary: &Path) -> Result<Plane> {
    let dir = tempfile::Builder::new()
        .prefix("evercert-plane-")
        .tempdir_in(paths::temporary());
    let dir = dir.during("make a temporary directory")?.keep();
    let watcher = watch(&dir)?;
    if !control_plane::usable_dir(&dir) {
        return Err(Error::Invalid(format!(
            "{}: blanks in a path are not supported",
            dir.display()
        )));
    }
    cluster_binary::link(binary, &dir.join("bin"))?;
    let etcd = dir.join("etcd");
    fs::create_dir(&etcd).during(format_args!("make {}", etcd.display()))?;
    private(&etcd)?;
    let control = ControlPlane {
        level: Level::Plane,
        ports: free_ports()?,
        audit: builder.audit,
        api_args: builder.api_args.clone(),
        dir,
    };
    control.write_files()?;
    let processes = components(builder, &control).await?;
    Ok(Plane {
        server: ApiServer { control },
        processes: Mutex::new(processes),
        _watcher: watcher,
    })
}

async fn components(builder: &PlaneBuilder, control: &ControlPlane) -> Result<Vec<Process>> {
    let mut processes = vec![Process::start(spec(control, control.etcd()))?];
    etcd_ready(control, &mut processes).await?;
    processes.push(Process::start(spec(control, control.api_server()))?);
    api_ready(control, &mut processes).await?;
    if builder.controller_manager {
        processes.push(Process::start(spec(control, control.controller_manager()))?);
    }
    if builder.scheduler {
        processes.push(Process::start(spec(control, control.scheduler()))?);
    }
    Ok(processes)
}

async fn etcd_ready(control: &ControlPlane, processes: &mut [Process]) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, control.ports.etcd));
    let awaited = Awaited {
        what: "etcd",
        limit: START_LIMIT,
        log: &control.log("etcd"),
    };
    awaited
        .until(async || {
            processes.iter_mut().try_for_each(Process::check_alive)?;
            Ok(probe::http_ok(address, "/health").await)
        })
        .await
}

/// Waits until the API server answers /readyz to the administrator.
pub(super) async fn api_ready(control: &ControlPlane, processes: &mut [Process]) -> Result<()> {
    let client = users::client(&control.kubeconfig("admin")).await?;
    let awaited = Awaited {
        what: super::API_SERVER,
        limit: START_LIMIT,
        log: &control.log(super::API_SERVER),
    };
    awaited
        .until(async || {
            processes.iter_mut().try_for_each(Process::check_alive)?;
            Ok(users::api_answers(&client).await)
        })
        .await
}

fn spec(control: &ControlPlane, mut argv: Vec<String>) -> Spec {
    let name = argv.first().cloned().unwrap_or_default();
    if let Some(program) = argv.first_mut() {
        *program = control.dir.join("bin").join(&name).display().to_string();
    }
    let path = env::var("PATH").unwrap_or_default();
    let env = vec![
        ("PATH".to_owned(), path),
        ("HOME".to_owned(), control.dir.display().to_string()),
    ];
    Spec {
        log: control.log(&name),
        dir: control.dir.clone(),
        name,
        argv,
        env,
    }
}

/// Ports that were free a moment ago, all different.
fn free_ports() -> Result<Ports> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during("find a free port");
    let held = [bind()?, bind()?, bind()?, bind()?, bind()?];
    let port = |listener: &TcpListener| listener.local_addr().map(|a| a.port()).during("find a free port");
    let [etcd, etcd_peer, api, controller_manager, scheduler] = &held;
    Ok(Ports {
        etcd: port(etcd)?,
        etcd_peer: port(etcd_peer)?,
        api: port(api)?,
        controller_manager: port(controller_manager)?,
        scheduler: port(scheduler)?,
    })
}

fn private(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).during(format_args!("chmod {}", dir.display()))
}

/// A shell in a session of its own that waits for its stdin to close, i.e. for this process to end, and removes `dir`.
fn watch(dir: &Path) -> Result<Child> {
    let script = r#"cat; for i in 1 2 3 4 5; do rm -rf "$0" && exit 0; sleep 0.2; done"#;
    let mut shell = Command::new("setsid");
    shell.args(["sh", "-c", script]).arg(dir);
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/");
    shell.spawn().during("start the clean-up shell (setsid)")
}
