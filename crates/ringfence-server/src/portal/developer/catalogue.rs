//! The operations of each suite (vbc-api §1), for its pages; those of served suites can be tried.

use ringfence_core::suite::Suite;
use std::sync::LazyLock;
use url::form_urlencoded;

/// One line an operation, with bars between the columns.
const TABLE: &str = include_str!("operations.txt");

/// An operation of a suite.
#[derive(Debug)]
pub(super) struct Op {
    /// Its suite.
    pub(super) suite: Suite,
    /// The heading it stands under.
    pub(super) group: &'static str,
    /// The method.
    pub(super) method: &'static str,
    /// The path template, without a version where one may be left out.
    pub(super) path: &'static str,
    /// What it does.
    pub(super) summary: &'static str,
    /// What it takes.
    pub(super) params: Vec<Param>,
}

/// A value that an operation takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) is_path: bool,
}

static OPS: LazyLock<Vec<Op>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(op).collect()
});

/// The operations of a suite.
pub(super) fn ops_of(suite: Suite) -> impl Iterator<Item = &'static Op> {
    OPS.iter().filter(move |op| op.suite == suite)
}

/// The operation of that name in a suite.
pub(super) fn op_named(suite: Suite, name: &str) -> Option<&'static Op> {
    ops_of(suite).find(|op| op.name() == name)
}

impl Op {
    /// What names it: `GET /path`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Its name, ready for a query.
    pub(super) fn key(&self) -> String {
        form_urlencoded::byte_serialize(self.name().as_bytes()).collect()
    }
}

impl Param {
    /// What it is, for people.
    pub(super) fn about(self) -> &'static str {
        match self.name {
            "account_id" => "Its number, or self: the account of the token’s user",
            "page_size" => "How many on a page: 1 to 1000, 100 if not given",
            "page" => "Which page, from 1",
            "location_id" if self.is_path => "Its number",
            "location_id" => "Only those of this location",
            "external_id" => "Its external id or its extension number",
            "user_id" => "Their number",
            "phone_number" => "Only those with this number, in digits",
            "login_name" => "Only those of the user with this login name",
            "email" => "Only those of the user with this address",
            "first_name" => "Only those of this first name",
            "last_name" => "Only those of this last name",
            _ => "",
        }
    }

    /// What stands in its field at first.
    pub(super) fn example(self) -> &'static str {
        if self.name == "account_id" {
            "self"
        } else {
            ""
        }
    }
}

fn op(line: &'static str) -> Option<Op> {
    let mut columns = line.split('|').map(str::trim);
    let suite = Suite::parse(columns.next()?).ok()?;
    let (group, method) = (columns.next()?, columns.next()?);
    let (path, summary) = (columns.next()?, columns.next()?);
    let holes = path.split('{').skip(1);
    let holes = holes.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
    let query = columns.next().unwrap_or_default().split_ascii_whitespace();
    let param = |is_path| move |name| Param { name, is_path };
    Some(Op {
        suite,
        group,
        method,
        path,
        summary,
        params: holes
            .map(param(true))
            .chain(query.map(param(false)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_every_suite_has_some() {
        let n_lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(OPS.len(), n_lines);
        for suite in Suite::ALL {
            assert!(ops_of(suite).next().is_some(), "{}", suite.name());
            assert!(ops_of(suite).all(|op| op.path.contains(suite.context())));
        }
        let served = OPS.iter().filter(|op| op.suite.is_served());
        for param in served.flat_map(|op| &op.params) {
            assert!(!param.about().is_empty(), "{}", param.name);
        }
    }
}
