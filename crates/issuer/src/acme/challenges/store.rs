//! Writes of a Challenge's pass: its status, and its finalizer.

use std::sync::Arc;

use evercert_api::acme::v1::Challenge;
use evercert_core::apply::ErrorClass;
use kube::ResourceExt;

use super::super::names::FINALIZER;
use super::super::outcome::Error;
use super::pass::{Pass, Then};

impl Pass<'_> {
    /// Takes the finalizer off.
    pub async fn release(&mut self) -> Result<Then, Error> {
        let kept: Vec<&String> = self
            .stored
            .finalizers()
            .iter()
            .filter(|finalizer| *finalizer != FINALIZER)
            .collect();
        let patch =
            serde_json::json!({"metadata": {"finalizers": kept, "resourceVersion": self.stored.resource_version()}});
        self.patch(&patch).await?;
        self.ctx.acme.challenge_memory.forget(self.key);
        Ok(Then::Gone)
    }

    /// Puts the finalizer on, as Challenges of other makers have none before work begins.
    pub async fn add_finalizer(&mut self) -> Result<(), Error> {
        let mut finalizers = self.stored.finalizers().to_vec();
        finalizers.push(FINALIZER.into());
        let patch = serde_json::json!({"metadata": {"finalizers": finalizers, "resourceVersion": self.stored.resource_version()}});
        if let Some(challenge) = self.patch(&patch).await? {
            self.stored = Arc::new(challenge);
        }
        Ok(())
    }

    async fn patch(&self, patch: &serde_json::Value) -> Result<Option<Challenge>, Error> {
        let (namespace, name) = (self.stored.namespace(), self.stored.name_any());
        match self
            .ctx
            .acme
            .writer
            .merge::<Challenge>(namespace.as_deref(), &name, patch)
            .await
        {
            Ok(challenge) => {
                if challenge.metadata.deletion_timestamp.is_none() {
                    self.ctx.acme.challenges.written(challenge.clone());
                }
                Ok(Some(challenge))
            }
            Err(error) if error.class() == ErrorClass::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the status if it differs from the stored one.
    pub async fn write(&mut self) -> Result<(), Error> {
        if self.stored.status.clone().unwrap_or_default() == self.status {
            return Ok(());
        }
        let mut challenge = (*self.stored).clone();
        challenge.status = Some(self.status.clone());
        let challenge = self.ctx.acme.writer.replace_status(&challenge).await?;
        self.ctx.acme.challenges.written(challenge.clone());
        self.stored = Arc::new(challenge);
        Ok(())
    }
}
