//! What a collection needs from its surroundings.

use crate::upstream::pace::PaceOptions;
use crate::upstream::retry::RetryOptions;
use ringfence_core::context::{Clock, Random};
use ringfence_core::seal::Sealer;
use ringfence_store::db::Db;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Waits. Apart from the clock, so that a test can let hours pass at once.
pub trait Wait: Send + Sync + std::fmt::Debug {
    /// Comes back after so many milliseconds.
    fn wait(&self, duration_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Waits by the runtime's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimerWait;

impl Wait for TimerWait {
    fn wait(&self, duration_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(Duration::from_millis(duration_ms)))
    }
}

/// What every act of the collector takes first.
#[derive(Clone, Debug)]
pub struct CollectCtx {
    /// The ledger and the connections.
    pub db: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Patience.
    pub wait: Arc<dyn Wait>,
    /// Opens the secrets of connections.
    pub sealer: Arc<Sealer>,
    /// The folder that holds one corpus per connection.
    pub corpus_root: PathBuf,
    /// How fast to ask; `None` decides by the host.
    pub pace: Option<PaceOptions>,
    /// How often and how long to try again; `None` decides by the host.
    pub retry: Option<RetryOptions>,
    /// How often a request is tried, whatever the host; `None` leaves it to `retry`.
    pub max_attempts: Option<u32>,
}
