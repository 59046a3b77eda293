//! Requests to init over a Unix socket in the directory of the run: one JSON line there, one back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use crate::error::{During, Error, Result};

/// What init can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Request {
    /// Starts a component that has ended.
    Start {
        /// Component.
        name: String,
    },
    /// SIGKILL, and waits until it is gone.
    Kill {
        /// Component.
        name: String,
    },
    /// SIGTERM, waits, SIGKILL after 10 s.
    Stop {
        /// Component.
        name: String,
    },
    /// Sends a signal.
    Signal {
        /// Component.
        name: String,
        /// `SIGHUP`, `SIGSTOP`, `SIGCONT` …
        signal: String,
    },
    /// Makes a new component of a command and starts it; an old one of that name is killed.
    Run {
        /// Component; its log is `logs/NAME.log`.
        name: String,
        /// Program and arguments.
        argv: Vec<String>,
        /// Added to the usual environment.
        env: BTreeMap<String, String>,
    },
    /// Tells all components.
    List,
}

/// What init answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Why it could not be done.
    pub error: Option<String>,
    /// Running components with their process number inside.
    pub pids: BTreeMap<String, u32>,
}

/// Where init listens.
pub fn socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// Asks init of the cluster in `dir`.
pub async fn ask(dir: &Path, request: &Request) -> Result<Answer> {
    let action = || format!("ask the sandbox of {} for {request:?}", dir.display());
    let mut stream = UnixStream::connect(socket(dir)).await.during(action())?;
    let text = serde_json::to_string(request).map_err(|error| Error::Invalid(error.to_string()))?;
    stream
        .write_all(format!("{text}\n").as_bytes())
        .await
        .during(action())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.during(action())?;
    let answer: Answer = serde_json::from_str(&line).map_err(|error| Error::Invalid(error.to_string()))?;
    match answer.error {
        Some(reason) => Err(Error::Invalid(format!("{}: {reason}", action()))),
        None => Ok(answer),
    }
}
