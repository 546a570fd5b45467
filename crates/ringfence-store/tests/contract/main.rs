//! What the store promises, on SQLite always and on PostgreSQL when `RINGFENCE_TEST_PG` is set.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    unreachable_pub,
    reason = "a test fails by panicking, runs writers side by side and is one crate"
)]

mod applications;
mod blobs;
mod collect;
mod consents;
mod contents;
mod credential_people;
mod credentials;
mod directory;
mod feed;
mod grants;
mod harness;
mod interactions;
mod providers;
mod provisioning;
mod sign_in;
mod sounds;
mod traffic;
mod visibility;
mod windows;
