//! Replay nonces (RFC 8555 section 6.5): every answer brings one, so a busy client never has to fetch any.

use std::sync::Mutex;

/// Most nonces kept; a server forgets old ones, so a long list is worth nothing.
const KEPT: usize = 64;
/// Longest nonce that is believed, in bytes.
const LONGEST: usize = 1024;

/// Unused nonces, newest used first.
#[derive(Debug, Default)]
pub struct NoncePool {
    unused: Mutex<Vec<String>>,
}

impl NoncePool {
    /// Takes the newest nonce out of the pool.
    pub fn take(&self) -> Option<String> {
        self.lock().pop()
    }

    /// Keeps a nonce if it is base64url, as the RFC asks, and there is room.
    pub fn put(&self, nonce: &str) {
        let sound = !nonce.is_empty() && nonce.len() <= LONGEST;
        if !sound
            || !nonce
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        {
            return;
        }
        let mut unused = self.lock();
        if unused.len() >= KEPT {
            unused.remove(0);
        }
        unused.push(nonce.to_owned());
    }

    /// Forgets all: after one was refused, the older ones are most likely stale too.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.unused.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_newest_once_and_stays_small() {
        let pool = NoncePool::default();
        for n in 0..1000 {
            pool.put(&format!("n{n}"));
        }
        for bad in ["", "a b", "ü", "a\"b", &"x".repeat(LONGEST + 1)] {
            pool.put(bad);
        }
        let taken: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
        assert_eq!((taken.len(), taken.first().map(String::as_str)), (KEPT, Some("n999")));
    }
}
