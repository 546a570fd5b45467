//! Imports from folders of every kind into both engines, with real recorded speech.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asterisk;
mod folder;
mod manifest;
mod refusals;
