//! What the process remembers of each Certificate between passes. All of it can be lost at any time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ahash::RandomState;
use evercert_core::watch::Key;
use evercert_pki::key::PrivateKey;

use crate::certificates::observed::{Answer, Digest, SecretFacts};

/// Memories of all Certificates.
#[derive(Debug, Default)]
pub struct Memories {
    all: Mutex<HashMap<Key, Memory, RandomState>>,
}

/// What is remembered of one Certificate.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The Certificate's uid: another object of the same name starts from nothing.
    pub uid: String,
    /// Key of the next certificate.
    pub next_key: Option<Arc<HeldKey>>,
    /// uid of the request whose failure is in the status.
    pub accounted: Option<String>,
    /// The target Secret as last read or written.
    pub secret: Option<Arc<SecretFacts>>,
    /// How the certificate in the Secret differs from the spec: for a resourceVersion and a generation.
    pub secret_mismatch: Option<Arc<Compared>>,
    /// How requests differ from the spec.
    pub requests: Vec<Arc<MatchedRequest>>,
    /// Answer to the request of this uid.
    pub answer: Option<Arc<HeldAnswer>>,
}

/// A next key.
#[derive(Debug)]
pub struct HeldKey {
    /// Name of the Secret it is or would be in.
    pub secret: String,
    /// The key.
    pub key: PrivateKey,
    /// Whether it is in that Secret.
    pub stored: bool,
}

/// Comparison of a Secret with a spec.
#[derive(Debug)]
pub struct Compared {
    /// resourceVersion of the Secret.
    pub version: String,
    /// Generation of the Certificate.
    pub generation: i64,
    /// Fields that differ.
    pub mismatch: Vec<&'static str>,
}

/// Comparison of a request with a spec.
#[derive(Debug)]
pub struct MatchedRequest {
    /// uid of the request, whose spec cannot change.
    pub uid: String,
    /// Generation of the Certificate.
    pub generation: i64,
    /// Public key of its CSR.
    pub public: Option<Digest>,
    /// Fields that differ.
    pub mismatch: Vec<&'static str>,
}

/// An issuer's answer, as PEM.
#[derive(Clone)]
pub struct HeldAnswer {
    /// uid of the request.
    pub request: String,
    /// `status.certificate`.
    pub chain: Vec<u8>,
    /// `status.ca`.
    pub ca: Option<Vec<u8>>,
    /// What decisions need to know of it.
    pub facts: Answer,
}

impl Memories {
    /// The memory of a Certificate with that uid; another's is forgotten.
    pub fn get(&self, key: &Key, uid: &str) -> Memory {
        self.with(key, |memory| {
            if memory.uid != uid {
                *memory = Memory {
                    uid: uid.to_owned(),
                    ..Memory::default()
                };
            }
            memory.clone()
        })
    }

    /// Changes a memory.
    pub fn with<T>(&self, key: &Key, change: impl FnOnce(&mut Memory) -> T) -> T {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(memory) = all.get_mut(key) {
            return change(memory);
        }
        change(all.entry(key.clone()).or_default())
    }

    /// Forgets a Certificate.
    pub fn forget(&self, key: &Key) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// The next key that would be in this Secret, where a Certificate of this uid holds one in memory.
    pub fn key_for(&self, certificate: &Key, uid: &str, secret: &str) -> Option<Arc<HeldKey>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let held = all
            .get(certificate)
            .filter(|memory| memory.uid == uid)?
            .next_key
            .clone();
        held.filter(|held| held.secret == secret)
    }
}

impl std::fmt::Debug for HeldAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeldAnswer")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
