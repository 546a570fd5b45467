//! A part of a list that goes on after a key.

/// Some items of a list, and where the next ones begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slice<T> {
    /// The items.
    pub items: Vec<T>,
    /// The key of the last item, when more follow.
    pub next: Option<String>,
}

impl<T> Slice<T> {
    /// Cuts what was read with one item more than asked for.
    #[must_use]
    pub fn cut(mut items: Vec<T>, limit: u32, key: impl FnOnce(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(key);
        Self { items, next }
    }
}
