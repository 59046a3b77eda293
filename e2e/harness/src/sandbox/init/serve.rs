//! Answers requests on the control socket, one connection at a time.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::components::Components;
use crate::error::{During, Result};
use crate::sandbox::control::{self, Answer};

/// A client that connects and says nothing must not hold up the others.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn serve(dir: &Path, mut components: Components) -> Result<()> {
    let path = control::socket(dir);
    let listener = UnixListener::bind(&path).during(format_args!("listen on {}", path.display()))?;
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // A client that goes away early has only itself to blame.
            let _ = answer(stream, &mut components).await;
        }
    }
}

async fn answer(stream: UnixStream, components: &mut Components) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if !matches!(timeout(PATIENCE, stream.read_line(&mut line)).await, Ok(Ok(_))) {
        return Ok(());
    }
    let answer = match serde_json::from_str(&line) {
        Ok(request) => components.answer(request).await,
        Err(error) => Answer {
            error: Some(error.to_string()),
            ..Answer::default()
        },
    };
    let text = serde_json::to_string(&answer)?;
    stream.write_all(format!("{text}\n").as_bytes()).await
}
