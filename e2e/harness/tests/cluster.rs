//! The cluster with a node, through `evercert-cluster`. Needs root and the packages of `evercert-cluster check`:
//! `cargo test -p evercert-harness --test cluster -- --ignored`

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_evercert-cluster");

/// What a cluster consists of, to be looked for after its end.
struct Run {
    keeper: u64,
    holder: u64,
    cgroup: String,
    namespace: PathBuf,
}

struct Up {
    child: Child,
    dir: PathBuf,
}

impl Up {
    fn start(test: &str) -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("evercert-{test}-{}", std::process::id()));
        let mut child = Command::new(PROGRAM);
        child
            .args(["up", "--dir"])
            .arg(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = child.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("stdout")?).read_line(&mut line)?;
        ensure!(line.starts_with('{'), "not ready: {line}");
        Ok(Self { child, dir })
    }

    fn exec(&self, argv: &[&str]) -> Result<String> {
        let output = Command::new(PROGRAM)
            .args(["exec", "--dir"])
            .arg(&self.dir)
            .arg("--")
            .args(argv)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{argv:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }

    fn run(&self) -> Result<Run> {
        let state: Value = serde_json::from_slice(&fs::read(self.dir.join("state.json"))?)?;
        let holder = state["holder"].as_u64().context("holder")?;
        Ok(Run {
            keeper: state["keeper"].as_u64().context("keeper")?,
            holder,
            cgroup: state["cgroup"].as_str().context("cgroup")?.to_owned(),
            namespace: fs::read_link(format!("/proc/{holder}/ns/net"))?,
        })
    }
}

/// Process numbers, cgroups and network namespaces of this run that are still there.
fn left(dir: &Path, run: &Run) -> Vec<String> {
    let mut left = Vec::new();
    let own = std::process::id().to_string();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(&*dir.to_string_lossy()) && entry.file_name() != *own {
            left.push(format!("process {}", line.trim()));
        }
    }
    for entry in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
        left.extend(
            entry
                .path()
                .join(&run.cgroup)
                .exists()
                .then(|| format!("cgroup {}", entry.path().display())),
        );
    }
    if network_namespaces().contains(&run.namespace) {
        left.push(format!("namespace {}", run.namespace.display()));
    }
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    left.extend(
        mounts
            .lines()
            .filter(|line| line.contains(&*dir.to_string_lossy()))
            .map(str::to_owned),
    );
    left.extend(dir.exists().then(|| format!("directory {}", dir.display())));
    left
}

fn network_namespaces() -> BTreeSet<PathBuf> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| fs::read_link(entry.path().join("ns/net")).ok())
        .collect()
}

fn eventually_nothing_left(dir: &Path, run: &Run) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let left = left(dir, run);
        if left.is_empty() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "still there: {left:#?}");
        sleep(Duration::from_millis(100));
    }
}

/// An image of one static program, as operators have it: it runs as nobody and resolves a Service.
fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "smoke"},
        "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": "smoke", "image": "localhost/smoke:1", "imagePullPolicy": "Never",
                "args": ["nslookup", "kubernetes.default.svc.cluster.local"],
                "resources": {"requests": {"cpu": "10m"}},
                "securityContext": {"runAsNonRoot": true, "readOnlyRootFilesystem": true},
            }],
        },
    })
}

#[test]
#[ignore = "needs root, cgroups and Debian packages; 15 s"]
fn a_pod_of_an_own_image_runs_and_resolves_names_and_nothing_is_left() -> Result<()> {
    let mut up = Up::start("smoke")?;
    let run = up.run()?;

    let archive = up.dir.join("smoke.tar");
    let mut oci = Command::new(PROGRAM);
    oci.args([
        "oci",
        "--name",
        "localhost/smoke:1",
        "--entrypoint",
        "/bin/busybox",
        "/bin/busybox:/bin/busybox",
        "--out",
    ]);
    ensure!(oci.arg(&archive).status()?.success());
    ensure!(
        Command::new(PROGRAM)
            .args(["image", "--dir"])
            .arg(&up.dir)
            .arg(&archive)
            .status()?
            .success()
    );

    let manifest = up.dir.join("pod.json");
    fs::write(&manifest, pod().to_string())?;
    up.exec(&["kubectl", "apply", "-f", &manifest.to_string_lossy()])?;
    let done = up.exec(&[
        "kubectl",
        "wait",
        "--for=jsonpath={.status.phase}=Succeeded",
        "pod/smoke",
        "--timeout=30s",
    ]);
    let log = up.exec(&["kubectl", "logs", "smoke"])?;
    done.with_context(|| log.clone())?;
    assert!(log.contains("10.96.0.1"), "{log}");

    drop(up.child.stdin.take());
    ensure!(up.child.wait()?.success());
    eventually_nothing_left(&up.dir, &run)
}

#[test]
#[ignore = "needs root, cgroups and Debian packages; 20 s"]
fn nothing_is_left_when_a_part_is_killed() -> Result<()> {
    // The starter: its keeper cleans up. The holder: the keeper sees the end.
    for victim in ["starter", "holder"] {
        let mut up = Up::start(victim)?;
        let run = up.run()?;
        let pid = if victim == "starter" {
            u64::from(up.child.id())
        } else {
            run.holder
        };
        ensure!(
            Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .status()?
                .success()
        );
        eventually_nothing_left(&up.dir, &run).with_context(|| format!("after the end of the {victim}"))?;
        drop(up.child.stdin.take());
        up.child.wait()?;
    }
    Ok(())
}

#[test]
#[ignore = "needs root, cgroups and Debian packages; 15 s"]
fn the_next_cluster_sweeps_what_a_killed_keeper_left() -> Result<()> {
    let mut first = Up::start("sweep")?;
    let old = first.run()?;
    ensure!(
        Command::new("kill")
            .args(["-KILL", &old.keeper.to_string()])
            .status()?
            .success()
    );
    first.child.kill()?;
    first.child.wait()?;
    let mut second = Up::start("sweep")?;
    let run = second.run()?;
    assert!(!Path::new("/sys/fs/cgroup/memory").join(&old.cgroup).exists());
    assert!(!network_namespaces().contains(&old.namespace));
    drop(second.child.stdin.take());
    second.child.wait()?;
    eventually_nothing_left(&second.dir, &run)
}
