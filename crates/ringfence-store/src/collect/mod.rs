//! The collector's ledger: what a platform has, and what of it is at home.
//!
//! Every function takes the connection it speaks of. Lists come in pages by
//! `(started_at, guid, …)`, so that no caller holds an account in memory.

pub mod connections;
pub mod days;
pub mod gaps;
pub mod interactions;
pub mod items;
pub mod recordings;
pub mod runs;
pub mod users;

use crate::db::Arg;
use ringfence_core::time::Timestamp;

/// The last row of a page: where the next one begins. [`Place::START`] is before the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// When the interaction began.
    pub started_at: Timestamp,
    /// The interaction.
    pub guid: String,
    /// The content item; empty where rows are whole interactions.
    pub content_key: String,
}

impl Place {
    /// Before the first row at or after an instant.
    #[must_use]
    pub const fn before(started_at: Timestamp) -> Self {
        Self {
            started_at,
            guid: String::new(),
            content_key: String::new(),
        }
    }
}

// `($1, $2), ($3, $4)`: placeholders for rows of one insert.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}

pub(crate) fn flat(rows: impl IntoIterator<Item = Vec<Arg>>) -> Vec<Arg> {
    rows.into_iter().flatten().collect()
}
