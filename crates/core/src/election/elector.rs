//! The acting half: tries, renews, watches for a release, gives back.

use std::time::{Duration, Instant};

use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{Api, PostParams};
use kube::runtime::watcher::watch_object;
use kube::{Client, Error};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::record::{ElectionConfig, Sighting, first, held, is_free, released};
use crate::shutdown::Shutdown;

/// Between two tries to watch the Lease; without the watch a follower only notices a release by asking.
const WATCH_RETRY: Duration = Duration::from_secs(5);

/// Leading did not come about.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ElectionError {
    /// The process was asked to stop first.
    #[error("asked to stop while waiting for the lease")]
    ShutDown,
    /// The three durations do not fit.
    #[error("lease duration must be longer than the renew deadline, and that longer than 1.2 times the retry period")]
    Durations,
}

/// We lead, until [`Leadership::lost`] resolves. Dropping it stops renewing without giving the Lease back.
#[derive(Debug)]
pub struct Leadership {
    lost: CancellationToken,
    stop: DropGuard,
    renewing: JoinHandle<Elector>,
}

/// Waits until this process leads. Errors of the API are logged and retried.
pub async fn acquire(
    client: &Client,
    config: ElectionConfig,
    shutdown: &Shutdown,
) -> Result<Leadership, ElectionError> {
    if config.lease_duration <= config.renew_deadline || config.renew_deadline <= config.retry_period.mul_f64(1.2) {
        return Err(ElectionError::Durations);
    }
    let api: Api<Lease> = Api::namespaced(client.clone(), &config.namespace);
    let mut releases = releases(api.clone(), &config.lease_name);
    let mut elector = Elector {
        api,
        config,
        sighting: Sighting::default(),
        lease: None,
    };
    tracing::info!(
        lease = elector.config.lease_name,
        identity = elector.config.identity,
        "waiting to lead"
    );
    loop {
        tokio::select! {
            () = shutdown.requested() => return Err(ElectionError::ShutDown),
            led = elector.attempt() => if led { break },
        }
        let wait = jittered(elector.config.retry_period);
        tokio::select! {
            () = shutdown.requested() => return Err(ElectionError::ShutDown),
            _ = releases.next() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    tracing::info!(lease = elector.config.lease_name, "leading");
    let (lost, stop) = (CancellationToken::new(), CancellationToken::new());
    let renewing = tokio::spawn(elector.renew(lost.clone(), stop.clone()));
    Ok(Leadership {
        lost,
        stop: stop.drop_guard(),
        renewing,
    })
}

impl Leadership {
    /// Resolves when another may lead: the process must stop writing at once.
    pub async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Gives the Lease back, so that another replica takes over at once.
    pub async fn release(self) {
        drop(self.stop);
        if let Ok(elector) = self.renewing.await
            && !self.lost.is_cancelled()
        {
            elector.release().await;
        }
    }
}

#[derive(Debug)]
struct Elector {
    api: Api<Lease>,
    config: ElectionConfig,
    sighting: Sighting,
    /// The Lease as we last wrote it.
    lease: Option<Lease>,
}

impl Elector {
    /// One try within the renew deadline; errors count as not leading.
    async fn attempt(&mut self) -> bool {
        match tokio::time::timeout(self.config.renew_deadline, self.take_or_renew()).await {
            Ok(Ok(led)) => led,
            Ok(Err(error)) => {
                tracing::debug!(lease = self.config.lease_name, %error, "lease not written");
                false
            }
            Err(_) => false,
        }
    }

    /// True where we hold the Lease after it; an error leaves open who does.
    async fn take_or_renew(&mut self) -> kube::Result<bool> {
        // We led a moment ago, so the next version follows from ours; if someone else wrote since, that is a conflict.
        if let Some(lease) = self.lease.take()
            && let Ok(lease) = self.write(&held(&lease, &self.config, Timestamp::now())).await
        {
            self.lease = Some(lease);
            return Ok(true);
        }
        let Some(current) = self.api.get_opt(&self.config.lease_name).await? else {
            return self.create().await;
        };
        self.sighting.update(&current, Instant::now());
        if !self.sighting.may_take(&self.config, Instant::now()) {
            return Ok(false);
        }
        match self.write(&held(&current, &self.config, Timestamp::now())).await {
            Ok(lease) => {
                self.lease = Some(lease);
                Ok(true)
            }
            Err(Error::Api(status)) if status.is_conflict() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn create(&mut self) -> kube::Result<bool> {
        match self
            .api
            .create(&PostParams::default(), &first(&self.config, Timestamp::now()))
            .await
        {
            Ok(lease) => {
                self.lease = Some(lease);
                Ok(true)
            }
            Err(Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The `resourceVersion` within makes the server refuse it when anybody wrote in between.
    async fn write(&self, lease: &Lease) -> kube::Result<Lease> {
        self.api
            .replace(&self.config.lease_name, &PostParams::default(), lease)
            .await
    }

    /// Renews until told to stop, or until the deadline passes or another holds the Lease: then `lost`.
    async fn renew(mut self, lost: CancellationToken, stop: CancellationToken) -> Self {
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return self,
                () = tokio::time::sleep(self.config.retry_period) => {}
            }
            let left = self.config.renew_deadline.saturating_sub(renewed.elapsed());
            let kept = self.lease.clone();
            let began = Instant::now();
            let taken_by_other = match tokio::time::timeout(left, self.take_or_renew()).await {
                Ok(Ok(true)) => {
                    renewed = began;
                    continue;
                }
                Ok(Ok(false)) => self.sighting_is_foreign(),
                Ok(Err(error)) => {
                    tracing::warn!(lease = self.config.lease_name, %error, "lease not renewed");
                    false
                }
                Err(_) => false,
            };
            self.lease = self.lease.or(kept);
            if taken_by_other || renewed.elapsed() >= self.config.renew_deadline {
                tracing::error!(lease = self.config.lease_name, taken_by_other, "lost the lease");
                lost.cancel();
                return self;
            }
        }
    }

    fn sighting_is_foreign(&self) -> bool {
        !self.sighting.may_take(&self.config, Instant::now())
    }

    async fn release(&self) {
        let Some(lease) = &self.lease else { return };
        let free = released(lease, Timestamp::now());
        match tokio::time::timeout(self.config.renew_deadline, self.write(&free)).await {
            Ok(Ok(_)) => tracing::info!(lease = self.config.lease_name, "gave the lease back"),
            Ok(Err(error)) => tracing::warn!(lease = self.config.lease_name, %error, "lease not given back"),
            Err(_) => tracing::warn!(lease = self.config.lease_name, "lease not given back in time"),
        }
    }
}

/// One item each time the Lease is seen free or gone.
fn releases(api: Api<Lease>, name: &str) -> BoxStream<'static, ()> {
    let free = |lease: &Option<Lease>| lease.as_ref().is_none_or(is_free);
    watch_object(api, name)
        .then(|seen| match seen {
            Ok(lease) => std::future::ready(Some(lease)).left_future(),
            Err(_) => tokio::time::sleep(WATCH_RETRY).map(|()| None).right_future(),
        })
        .filter_map(move |seen| std::future::ready(seen.filter(free).map(drop)))
        .boxed()
}

/// Up to a fifth longer, so that followers do not ask in step.
fn jittered(period: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let share = RandomState::new().hash_one(0) % 200;
    period + period.mul_f64(f64::from(u8::try_from(share).unwrap_or(0)) / 1000.0)
}
