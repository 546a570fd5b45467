//! The only reader of the process's environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::{Table, Value};

use super::key::{Kind, Section};
use super::{Error, sections};

/// The `RINGFENCE_*` variables, read once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

/// Variables of ours that are no settings: the tests' own.
const NOT_SETTINGS: &[&str] = &["RINGFENCE_TEST_", "RINGFENCE_REQUIRE_", "RINGFENCE_BENCH_"];

impl Environment {
    /// Reads the process's variables. One that is not UTF-8 is left out.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that reads the environment"
    )]
    pub(crate) fn read() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(pairs)
    }

    /// Takes the variables from elsewhere.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = pairs
            .into_iter()
            .filter(|(name, _)| name.starts_with("RINGFENCE_"));
        Self {
            variables: ours.collect(),
        }
    }

    /// The file named by `RINGFENCE_CONFIG`.
    pub(super) fn config_file(&self) -> Option<PathBuf> {
        self.variables
            .get("RINGFENCE_CONFIG")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    }

    /// Variables with our prefix that name no setting: misspelt, or set by a container platform for its own purposes.
    pub(crate) fn unknown(&self) -> Vec<&str> {
        let sections = sections();
        let known: Vec<String> = sections
            .iter()
            .flat_map(|section| section.keys.iter().map(|key| section.variable(key)))
            .collect();
        let unknown = |name: &&String| {
            *name != "RINGFENCE_CONFIG"
                && !known.contains(name)
                && !NOT_SETTINGS.iter().any(|prefix| name.starts_with(prefix))
        };
        self.variables
            .keys()
            .filter(unknown)
            .map(String::as_str)
            .collect()
    }

    /// Puts each variable that names a key over what the file says.
    pub(super) fn apply(&self, table: &mut Table) -> Result<(), Error> {
        for section in sections() {
            for key in section.keys {
                let variable = section.variable(key);
                if let Some(text) = self.variables.get(&variable) {
                    let value = value_of(key.kind, text, &variable)?;
                    if let Some(inner) = section_table(table, &section) {
                        inner.insert(key.name.to_owned(), value);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The section's table, made when it is lacking. `None` when the file has something else there, which it cannot:
/// the file was parsed as a whole before.
fn section_table<'a>(table: &'a mut Table, section: &Section) -> Option<&'a mut Table> {
    section
        .path
        .split('.')
        .filter(|part| !part.is_empty())
        .try_fold(table, |inner, part| {
            inner
                .entry(part)
                .or_insert_with(|| Value::Table(Table::new()))
                .as_table_mut()
        })
}

fn value_of(kind: Kind, text: &str, variable: &str) -> Result<Value, Error> {
    let wrong = |needs| Error::Variable {
        variable: variable.to_owned(),
        needs,
    };
    match kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Number => text
            .trim()
            .parse()
            .map(Value::Integer)
            .map_err(|_| wrong("a whole number")),
        Kind::Flag => text
            .trim()
            .parse()
            .map(Value::Boolean)
            .map_err(|_| wrong("`true` or `false`")),
        Kind::List => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Ok(Value::Array(
                items.map(|item| Value::String(item.to_owned())).collect(),
            ))
        }
    }
}
