//! What the store promises, on SQLite always and on PostgreSQL when `RINGFENCE_TEST_PG` is set.

mod credentials;
mod feed;
mod harness;
