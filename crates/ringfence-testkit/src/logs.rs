//! What this process has logged, for tests of what a log must never hold.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use tracing_subscriber::EnvFilter;

static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Begins to keep every line that our own crates log in this process, in all detail. Asking again changes nothing.
pub fn keep() {
    let filter = EnvFilter::new("ringfence_server=trace,ringfence_app=trace,ringfence_store=trace");
    // Another test of the process may have begun already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(|| Kept)
        .try_init();
}

/// Everything that was logged since.
#[must_use]
pub fn logged() -> Vec<u8> {
    LOGGED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
