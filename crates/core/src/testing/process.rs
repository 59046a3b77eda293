//! An operator as if it were a process: a tokio runtime of its own, which can die at any moment with all its tasks.

use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

use super::TestResult;

/// A running operator. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `main` on threads of its own; make its client inside of it.
    ///
    /// # Errors
    /// If no thread or runtime can be had.
    pub fn start<F, Fut>(main: F) -> TestResult<Self>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("operator-under-test".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = stopped.cancelled() => {}
                        () = main() => {}
                    }
                });
                // Drops every task where it stands, as a crash does.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Kills it: no cleanup, nothing in flight finishes.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic in it was printed already.
            let _ = thread.join();
        }
    }
}
