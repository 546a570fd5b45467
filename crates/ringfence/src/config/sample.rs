//! `ringfence config sample`: every key with its meaning, from the same table that names the variables.

use std::fmt::Write as _;

use toml::Value;

use super::key::{Key, Section};
use super::{Config, gateway, sections, sign_in};

/// The sample: a file that, used as it is, changes nothing.
pub(crate) fn sample() -> String {
    let defaults =
        Value::try_from(Config::default()).unwrap_or_else(|_| Value::Table(toml::Table::new()));
    let mut text = String::from(
        "# Every setting of Ringfence with its default. Used as it is, this file changes nothing.\n\
         # A key without a default is commented out and shows an example.\n\
         # The variable named after each key overrides the file; flags override both.\n",
    );
    for section in sections() {
        write_section(&mut text, &section, &defaults);
    }
    text
}

fn write_section(text: &mut String, section: &Section, defaults: &Value) {
    text.push('\n');
    if !section.path.is_empty() {
        write_comment(text, section.meaning);
        push_line(text, &format!("[{}]", section.path));
    }
    let table = section
        .path
        .split('.')
        .filter(|part| !part.is_empty())
        .try_fold(defaults, |inner, part| inner.get(part));
    for key in section.keys {
        write_key(
            text,
            section,
            key,
            table.and_then(|table| table.get(key.name)),
        );
    }
    if section.path == "gateway" {
        text.push_str(gateway::ROUTE_SAMPLE);
    }
    if section.path == "sign_in" {
        text.push_str(sign_in::PROVIDER_SAMPLE);
    }
}

fn write_key(text: &mut String, section: &Section, key: &Key, default: Option<&Value>) {
    write_comment(text, key.meaning);
    write_comment(text, &format!("Variable: {}", section.variable(key)));
    match default {
        Some(value) => push_line(text, &format!("{} = {value}", key.name)),
        None => push_line(text, &format!("#{} = {}", key.name, key.example)),
    }
}

fn write_comment(text: &mut String, comment: &str) {
    for line in comment.lines() {
        push_line(text, &format!("# {line}"));
    }
}

fn push_line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
