//! What the store promises, on SQLite always and on PostgreSQL when `RINGFENCE_TEST_PG` is set.

mod blobs;
mod contents;
mod credentials;
mod feed;
mod harness;
mod interactions;
mod visibility;
mod windows;
