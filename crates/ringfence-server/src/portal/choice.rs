//! Options of a pick-list.

/// One option.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: &'static str,
    /// What people read.
    pub(crate) text: &'static str,
    /// Whether it is chosen.
    pub(crate) is_selected: bool,
}

/// Options of which one is chosen.
pub(crate) fn choices(
    options: impl IntoIterator<Item = (&'static str, &'static str)>,
    chosen: &str,
) -> Vec<Choice> {
    let choice = |(value, text): (&'static str, &'static str)| Choice {
        value,
        text,
        is_selected: value == chosen,
    };
    options.into_iter().map(choice).collect()
}
