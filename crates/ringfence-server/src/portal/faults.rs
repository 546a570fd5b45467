//! What is wrong with a form, for the summary at its top and the text at each field.

use super::form::Form;
use crate::web::words::sentence;

/// Something that cannot be saved, and the id of the field it stands in; empty when it concerns the whole.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) field: &'static str,
    pub(crate) text: String,
}

/// What is wrong with a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    /// Notes a fault of a field.
    pub(crate) fn add(&mut self, field: &'static str, text: impl std::fmt::Display) {
        let text = sentence(&text.to_string());
        self.0.push(Fault { field, text });
    }

    /// What is wrong with one field; empty when it is good.
    pub(crate) fn of(&self, field: &str) -> &str {
        let found = self.0.iter().find(|fault| fault.field == field);
        found.map_or("", |fault| fault.text.as_str())
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a field as a type, or notes why it is none.
    pub(crate) fn read<T, E: std::fmt::Display>(
        &mut self,
        form: &Form,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        parse(form.text(field))
            .map_err(|error| self.add(field, error))
            .ok()
    }
}
