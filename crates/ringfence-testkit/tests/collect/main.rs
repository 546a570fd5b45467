//! Whole collection runs against a platform that does each thing wrong, one file for each promise.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(
    unreachable_pub,
    reason = "the files of one test binary show each other what they share"
)]

mod c01_exactly_once;
mod c02_leftovers;
mod c05_digests;
mod c06_not_audio;
mod c07_truncation;
mod c08_resume;
mod c09_tokens;
mod c11_pace;
mod c13_clocks;
mod c14_pages;
mod c15_edges;
mod c18_deletion;
mod c23_memory;
mod c26_names;
mod c27_verify;
mod coverage;
mod duckdb;
mod fault_matrix;
mod lab;
mod outcome;
mod switches;
