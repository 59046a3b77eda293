//! The loop over Secrets.

use std::sync::Arc;

use evercert_core::apply::Writer;
use evercert_core::backoff::Backoff;
use evercert_core::controller::{self, ControllerConfig, Next};
use evercert_core::events::Events;
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Watched};
use futures::StreamExt;

use super::{act, decide::decide, gather};
use crate::Error;
use crate::names::FIELD_MANAGER;
use crate::remembered::Remembered;
use crate::secrets::{SecretMeta, Version};

const CONFIG: ControllerConfig = ControllerConfig {
    name: "keystores",
    concurrency: 4,
    backoff: Backoff::CERTIFICATES,
};

pub(super) struct Keystores {
    pub(super) secrets: Watched<SecretMeta>,
    pub(super) writer: Writer,
    pub(super) events: Events,
    pub(super) looked_at: Remembered<Version>,
}

/// Runs until shutdown.
pub async fn run(rt: &Runtime, secrets: Watched<SecretMeta>) {
    let triggers = vec![secrets.subscribe().boxed()];
    let keystores = Arc::new(Keystores {
        secrets,
        writer: Writer::new(rt.client.clone(), FIELD_MANAGER),
        events: rt.events.clone(),
        looked_at: Remembered::default(),
    });
    controller::run(rt, CONFIG, triggers, move |key| reconcile(keystores.clone(), key)).await;
}

async fn reconcile(keystores: Arc<Keystores>, key: Key) -> Result<Next, Error> {
    match gather::gather(&keystores, &key).await? {
        Some(found) => act::act(&keystores, &key, found.version, decide(&found.observed)).await,
        None => Ok(Next::Done),
    }
}
