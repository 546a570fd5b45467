//! Interactions, with their channels, handling agents and visits to queues.
//!
//! An interaction is written and replaced as a whole; its parts have no life of their
//! own. `read` turns rows into interactions, `write` the other way round, `search` finds
//! those with visible content, and `window` those that statistics ask for.

mod ongoing;
mod read;
mod search;
mod window;
mod write;

pub use ongoing::{agent_activity_page, ongoing_channels};
pub use read::{interaction_find, interactions_find, interactions_from_rows, queue_visit_from_row};
pub use search::{
    ContentSearch, Position, content_search, content_search_count, content_search_count_to,
    interaction_agent_groups, listing_find, newest_start, recorded_count_to,
};
pub use window::{
    StatsWindow, interaction_window_count, interaction_window_page, ongoing_count, ongoing_page,
    queue_visit_window_count, queue_visit_window_page,
};
pub use write::{interaction_delete, interaction_insert, interaction_replace, interactions_insert};

const TABLE: &str = "interactions";

/// A statement whose text is put together here; outside values only ever become placeholders.
#[derive(Debug, Default)]
struct Statement {
    text: String,
    args: Vec<crate::db::Arg>,
}

impl Statement {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Binds a value and gives its placeholder.
    fn bind(&mut self, value: impl Into<crate::db::Arg>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    fn bind_all<T: Into<crate::db::Arg>>(&mut self, values: impl Iterator<Item = T>) -> String {
        let marks: Vec<String> = values.map(|value| self.bind(value)).collect();
        marks.join(", ")
    }
}
