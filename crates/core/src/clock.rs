//! The one clock of a process: wall time, replaced by a settable one in tests.
//!
//! `decide` never reads it; `gather` does, and passes `now` on.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

/// Wall clock, cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock {
    fixed: Option<Arc<watch::Sender<Timestamp>>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands still until [`Clock::set`]; clones share it.
    pub fn fixed(at: Timestamp) -> Self {
        Self {
            fixed: Some(Arc::new(watch::Sender::new(at))),
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.fixed.as_ref().map_or_else(Timestamp::now, |fixed| *fixed.borrow())
    }

    /// Sets a fixed clock, forwards or back; timers notice at once. Does nothing to the system clock.
    pub fn set(&self, to: Timestamp) {
        if let Some(fixed) = &self.fixed {
            fixed.send_replace(to);
        }
    }

    /// A handle whose [`ClockChanges::next`] resolves when a fixed clock is set; never for the system clock.
    pub fn changes(&self) -> ClockChanges {
        ClockChanges {
            fixed: self.fixed.as_ref().map(|fixed| fixed.subscribe()),
        }
    }
}

/// See [`Clock::changes`].
#[derive(Debug)]
pub struct ClockChanges {
    fixed: Option<watch::Receiver<Timestamp>>,
}

impl ClockChanges {
    /// Resolves at the next [`Clock::set`]. Safe to cancel.
    pub async fn next(&mut self) {
        if let Some(fixed) = &mut self.fixed
            && fixed.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
