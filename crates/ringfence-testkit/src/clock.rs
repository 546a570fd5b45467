//! Clocks for tests: one that runs fast, and one that jumps.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ringfence_collect::context::Wait;
use ringfence_core::context::{Clock, SystemClock};
use ringfence_core::time::Timestamp;

/// Runs so many times faster than the machine's clock, from a given instant.
///
/// Waiting on it costs a fraction of the time waited, and a server and a client that share it
/// agree about minutes and token lives although the whole test takes a second.
#[derive(Debug)]
pub struct FastClock {
    begins_at: Timestamp,
    started: Instant,
    speed: u32,
    jumped_ms: AtomicI64,
    advanced_ms: AtomicU64,
}

impl FastClock {
    /// Starts at an instant.
    #[must_use]
    pub fn new(begins_at: Timestamp, speed: u32) -> Self {
        Self {
            begins_at,
            started: Instant::now(),
            speed,
            jumped_ms: AtomicI64::new(0),
            advanced_ms: AtomicU64::new(0),
        }
    }

    /// How many times faster than real time it runs.
    #[must_use]
    pub const fn speed(&self) -> u32 {
        self.speed
    }

    /// Moves the wall clock, forward or back; the monotonic clock does not notice.
    pub fn jump(&self, by_ms: i64) {
        self.jumped_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    /// Lets time pass at once, on both clocks.
    pub fn advance(&self, by_ms: u64) {
        self.advanced_ms.fetch_add(by_ms, Ordering::SeqCst);
    }

    fn elapsed_ms(&self) -> u64 {
        let micros = self
            .started
            .elapsed()
            .as_micros()
            .saturating_mul(u128::from(self.speed));
        let elapsed = u64::try_from(micros / 1000).unwrap_or(u64::MAX);
        elapsed.saturating_add(self.advanced_ms.load(Ordering::SeqCst))
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.elapsed_ms()).unwrap_or(i64::MAX);
        self.begins_at
            .plus_ms(elapsed)
            .plus_ms(self.jumped_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.elapsed_ms()
    }
}

/// The machine's clock, moved by what a test adds to it.
#[derive(Debug, Default)]
pub struct TestClock {
    system: SystemClock,
    wall_ms: AtomicI64,
    monotonic_ms: AtomicU64,
}

impl TestClock {
    /// Moves wall clock and monotonic clock forward.
    pub fn advance_secs(&self, secs: u32) {
        self.jump_wall_ms(i64::from(secs) * 1000);
        self.monotonic_ms
            .fetch_add(u64::from(secs) * 1000, Ordering::SeqCst);
    }

    /// Moves the wall clock alone, forward or back.
    pub fn jump_wall_ms(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.system
            .now()
            .plus_ms(self.wall_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ms(&self) -> u64 {
        self.system.monotonic_ms() + self.monotonic_ms.load(Ordering::SeqCst)
    }

    fn monotonic_us(&self) -> u64 {
        self.system.monotonic_us() + self.monotonic_ms.load(Ordering::SeqCst) * 1000
    }
}

impl Wait for FastClock {
    fn wait(&self, duration_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let micros = duration_ms.saturating_mul(1000) / u64::from(self.speed.max(1));
        Box::pin(tokio::time::sleep(Duration::from_micros(micros)))
    }
}
