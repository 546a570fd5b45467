//! Interactions, with their channels, handling agents and visits to queues.
//!
//! An interaction is written and replaced as a whole; its parts have no life of their
//! own. `read` turns rows into interactions, `write` the other way round.

mod read;
mod write;

pub use read::{interaction_find, interactions_from_rows, queue_visit_from_row};
pub use write::{interaction_delete, interaction_insert, interaction_replace};

const TABLE: &str = "interactions";
