//! What tests need and products must not: stand-ins for the outside world.
//!
//! Used from `tests/` folders only. Read `fake/mod.rs` for the platform that the collector
//! reads from, and `clock.rs` for clocks that run fast.

#![expect(
    clippy::disallowed_methods,
    reason = "the test kit reads the settings of tests, starts tasks and owns the clock"
)]

pub mod applications;
pub mod authenticator;
pub mod calls;
pub mod clock;
pub mod collected;
pub mod fake;
pub mod gate;
pub mod logs;
pub mod process;
pub mod provider;
pub mod stores;
pub mod test_app;
