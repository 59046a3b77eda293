//! How the demo talks: numbered headings, ticks, and the time since it began.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::steps::Step;

/// The voice of one run.
#[derive(Debug)]
pub struct Say {
    begun: Instant,
    number: AtomicUsize,
}

impl Default for Say {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            number: AtomicUsize::new(0),
        }
    }
}

impl Say {
    /// The heading of a step, numbered.
    pub fn step(&self, step: &Step) {
        self.heading(step.title);
        println!("    {}", step.why);
    }

    /// A heading without commands.
    pub fn heading(&self, title: &str) {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        println!("\n[{}] {number}. {title}", self.clock());
    }

    /// Something that was proven, or was not.
    pub fn check(&self, ok: bool, text: &str) -> bool {
        println!("    {} {text}", if ok { "✔" } else { "✘" });
        ok
    }

    /// Something seen.
    pub fn note(&self, text: &str) {
        println!("    [{}] {text}", self.clock());
    }

    /// Whole seconds since the beginning.
    pub fn seconds(&self) -> u64 {
        self.begun.elapsed().as_secs()
    }

    fn clock(&self) -> String {
        let seconds = self.seconds();
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }
}
