//! Who may do what, in memory: an immutable snapshot that is swapped on every change (design §5).
//!
//! [`snapshot`] is what it holds, [`rights`] what it answers, [`follow`] how it keeps up
//! with the change feed. Reading takes no lock and never waits.

pub mod follow;
pub mod rights;
mod shards;
pub mod snapshot;

use arc_swap::ArcSwap;
use snapshot::Snapshot;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// The node's handle on the directory.
#[derive(Debug, Default)]
pub struct Directory {
    current: ArcSwap<Snapshot>,
    // Monotonic time at which the last good look at the feed began; 0 before the first.
    seen_ms: AtomicU64,
    wake: Notify,
    // Whoever reads the feed holds this, so that no snapshot is replaced by an older one.
    reading: tokio::sync::Mutex<()>,
    // Refused requests that hope for news take turns.
    asking: tokio::sync::Mutex<()>,
}

impl Directory {
    /// The snapshot in force.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// The snapshot in force, for one short look without counting references.
    #[must_use]
    pub fn look(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// How long ago the snapshot was known to be complete, in milliseconds.
    #[must_use]
    pub fn staleness_ms(&self, monotonic_ms: u64) -> u64 {
        match self.seen_ms.load(Ordering::Acquire) {
            0 => u64::MAX,
            seen => monotonic_ms.saturating_sub(seen),
        }
    }

    /// Has the follower look at the feed now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    fn install(&self, snapshot: Snapshot) {
        self.current.store(Arc::new(snapshot));
    }

    fn saw_feed(&self, monotonic_ms: u64) {
        self.seen_ms.store(monotonic_ms.max(1), Ordering::Release);
    }

    async fn read_alone(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.reading.lock().await
    }

    async fn ask_in_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.asking.lock().await
    }

    async fn woken(&self) {
        self.wake.notified().await;
    }
}
