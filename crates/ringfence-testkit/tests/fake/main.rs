//! The stand-in platform does what its switches say; everything else rests on that.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod caller;
mod content;
