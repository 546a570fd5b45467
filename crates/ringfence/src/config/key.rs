//! How a key is described: the one source of the sample, of the names of the variables, and of what they may hold.

/// A table of the file and its keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    /// The table's path with dots; empty for the keys above all tables.
    pub path: &'static str,
    /// What the section is about.
    pub meaning: &'static str,
    /// Its keys, in the order of the sample.
    pub keys: &'static [Key],
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Its name in the table.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, for the operator; one line or several.
    pub meaning: &'static str,
    /// A value in TOML for a key that has no default; empty otherwise.
    pub example: &'static str,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of texts; in a variable, separated by commas.
    List,
}

impl Section {
    /// The variable that overrides this key.
    pub(super) fn variable(&self, key: &Key) -> String {
        let path = self.path.replace('.', "_");
        let joint = if path.is_empty() { "" } else { "_" };
        format!("RINGFENCE_{path}{joint}{}", key.name).to_uppercase()
    }
}
