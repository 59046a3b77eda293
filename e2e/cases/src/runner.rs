//! Starts the cluster, runs the suites, says what came of them.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use evercert_harness::{Cluster, UpOptions, cluster, enter, reexec};

use crate::suites::{self, Suite};
use crate::world::World;
use crate::{install, operators};

/// The test binary: outside it starts a cluster, inside it runs the suites.
pub fn main() -> ExitCode {
    reexec::intercept();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for suite in suites::ALL {
            say(&format!("{}: test", suite.name));
        }
        return ExitCode::SUCCESS;
    }
    let options = if cluster::is_inside() {
        Ok(UpOptions::default())
    } else {
        options()
    };
    match options {
        Ok(options) => enter(&options, |cluster| inside(cluster, &arguments)),
        Err(error) => failed(&error),
    }
}

fn options() -> Result<UpOptions> {
    Ok(UpOptions {
        images: install::images()?,
        ..UpOptions::default()
    })
}

fn inside(cluster: Cluster, arguments: &[String]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let result = runtime
        .context("start a runtime")
        .and_then(|runtime| runtime.block_on(run(cluster, arguments)));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    say(&format!("e2e: {error:#}"));
    ExitCode::FAILURE
}

/// Runs what was asked for; true if all of it passed.
async fn run(cluster: Cluster, arguments: &[String]) -> Result<bool> {
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |suite: &&Suite| words.is_empty() || words.iter().any(|word| suite.name.contains(word.as_str()));
    let world = World::new(cluster)?;
    let began = Instant::now();
    install::all(&world).await.context("install the operators")?;
    say(&format!("installed in {:.1} s", began.elapsed().as_secs_f64()));
    let mut failures = Vec::new();
    for suite in suites::ALL.iter().filter(wanted) {
        let began = Instant::now();
        let result = (suite.run)(&world).await;
        let seconds = began.elapsed().as_secs_f64();
        match result {
            Ok(()) => say(&format!("ok      {} ({seconds:.1} s): {}", suite.name, suite.about)),
            Err(error) => {
                say(&format!("FAILED  {} ({seconds:.1} s): {error:#}", suite.name));
                diagnose(&world).await;
                failures.push(suite.name);
            }
        }
    }
    say(&if failures.is_empty() {
        "all suites passed".to_owned()
    } else {
        format!("failed: {}", failures.join(", "))
    });
    Ok(failures.is_empty())
}

/// What helps to understand a failure: pods, events, the last lines of each operator.
async fn diagnose(world: &World) {
    let mut commands = vec![
        vec!["get", "pods", "-A", "-o", "wide"],
        vec!["get", "certificates,certificaterequests,deployments", "-A"],
        vec!["get", "events", "-A", "--sort-by=.lastTimestamp"],
    ];
    for operator in operators::ALL {
        commands.push(vec![
            "logs",
            "-n",
            operator.namespace,
            "--all-containers",
            "--tail=40",
            "--prefix",
            "-l",
            "app.kubernetes.io/name",
        ]);
    }
    for command in commands {
        let text = match world.kubectl(&command).await {
            Ok(text) => text,
            Err(error) => format!("{error:#}"),
        };
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default();
        say(&format!("--- kubectl {}\n{}", command.join(" "), last.join("\n")));
    }
}

/// A line for whoever watches the run.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
