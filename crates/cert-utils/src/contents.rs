//! Content of Secrets, read once for all that need it at the same time, and held no longer than they do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use evercert_core::watch::Key;
use k8s_openapi::api::core::v1::Secret;
use kube::{Client, Error};

use crate::secrets::{self, Version};

/// Reads Secrets for passes that run side by side: a hundred Routes on one Secret do not mean a hundred reads.
pub struct Contents {
    client: Client,
    slots: Mutex<HashMap<Key, Weak<Slot>>>,
}

/// Content of one Secret, alive as long as a pass holds it; `None` inside: it is gone.
pub type Slot = tokio::sync::Mutex<Option<Arc<Option<Secret>>>>;

impl Contents {
    /// Reads through this client.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            slots: Mutex::default(),
        }
    }

    /// The content at that version or a later one, and what keeps it for the next who asks.
    pub async fn get(&self, key: &Key, wanted: &Version) -> Result<(Arc<Option<Secret>>, Arc<Slot>), Error> {
        let slot = self.slot(key);
        let content = {
            let mut held = slot.lock().await;
            match held
                .as_ref()
                .filter(|content| is_version(content.as_ref().as_ref(), wanted))
            {
                Some(content) => content.clone(),
                None => held.insert(Arc::new(secrets::read(&self.client, key).await?)).clone(),
            }
        };
        Ok((content, slot))
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key).and_then(Weak::upgrade) {
            return slot;
        }
        slots.retain(|_, slot| slot.strong_count() > 0);
        let slot = Arc::new(Slot::default());
        slots.insert(key.clone(), Arc::downgrade(&slot));
        slot
    }
}

fn is_version(content: Option<&Secret>, wanted: &Version) -> bool {
    let version = content.map(|secret| (&secret.metadata.uid, &secret.metadata.resource_version));
    version == Some((&wanted.0, &wanted.1))
}
