//! Lists that keep their state in the address: filters, order and page.

use http::Uri;
use url::form_urlencoded::{Serializer, parse};

/// Lines of a page.
pub(crate) const LINES: u32 = 25;

/// The state of a list, as it stands in the address.
#[derive(Clone, Debug)]
pub(crate) struct ListState {
    path: String,
    pairs: Vec<(String, String)>,
}

/// A column that can be sorted by.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) label: &'static str,
    /// The address that sorts by it, or the other way round when it is sorted by already.
    pub(crate) href: String,
    /// `ascending` or `descending` when the list is sorted by it, else empty.
    pub(crate) sorted: &'static str,
}

/// Where in a list the page is.
#[derive(Clone, Debug)]
pub(crate) struct Pager {
    /// The number of the first line.
    pub(crate) first: u64,
    /// The number of the last line.
    pub(crate) last: u64,
    /// How many lines there are.
    pub(crate) total: u64,
    /// The address of the page before.
    pub(crate) before: Option<String>,
    /// The address of the page after.
    pub(crate) after: Option<String>,
}

impl ListState {
    /// Reads an address. Of a name that stands there twice the first counts.
    pub(crate) fn read(uri: &Uri) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in parse(uri.query().unwrap_or_default().as_bytes()) {
            if name != "notice" && !pairs.iter().any(|(known, _)| *known == name) {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Self {
            path: uri.path().to_owned(),
            pairs,
        }
    }

    /// A value; empty when it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The number of the page, from 1.
    pub(crate) fn page(&self) -> u64 {
        self.text("page").parse().unwrap_or(1).max(1)
    }

    /// The column sorted by, without its sign, and whether from the last to the first: `sort=-created`.
    pub(crate) fn sort(&self) -> (&str, bool) {
        let text = self.text("sort");
        match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        }
    }

    /// The address with other values; an empty value leaves the name out. The page starts anew.
    pub(crate) fn with(&self, changes: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        let kept = self.pairs.iter().filter(|(name, value)| {
            name != "page" && !value.is_empty() && !changes.iter().any(|(n, _)| n == name)
        });
        query.extend_pairs(kept);
        query.extend_pairs(changes.iter().filter(|(_, value)| !value.is_empty()));
        let query = query.finish();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }

    /// A column's heading. `standard` is the column that the list is sorted by when the address says nothing.
    pub(crate) fn column(&self, label: &'static str, name: &'static str, standard: &str) -> Column {
        let (by, descending) = match self.sort() {
            ("", _) => (standard.trim_start_matches('-'), standard.starts_with('-')),
            sort => sort,
        };
        let sorted = match (by == name, descending) {
            (false, _) => "",
            (true, false) => "ascending",
            (true, true) => "descending",
        };
        let turned = format!("-{name}");
        let next = if sorted == "ascending" { &turned } else { name };
        Column {
            label,
            href: self.with(&[("sort", next)]),
            sorted,
        }
    }

    /// Where the page is among `total` lines.
    pub(crate) fn pager(&self, total: u64, n_lines: usize) -> Pager {
        let page = self.page();
        let skipped = (page - 1).saturating_mul(u64::from(LINES));
        let last = skipped.saturating_add(u64::try_from(n_lines).unwrap_or(0));
        let number = |page: u64| self.with(&[("page", &page.to_string())]);
        Pager {
            first: if n_lines == 0 { 0 } else { skipped + 1 },
            last: if n_lines == 0 { 0 } else { last },
            total,
            before: (page > 1).then(|| number(page - 1)),
            after: (last < total && n_lines > 0).then(|| number(page + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(uri: &str) -> ListState {
        ListState::read(&uri.parse().unwrap())
    }

    #[test]
    fn keeps_filters_and_starts_anew_at_page_one() {
        let state = state("/admin/x?q=a%26b&sort=-name&page=3&notice=done");
        assert_eq!(state.page(), 3);
        assert_eq!(state.sort(), ("name", true));
        assert_eq!(
            state.with(&[("sort", "created")]),
            "/admin/x?q=a%26b&sort=created"
        );
        assert_eq!(state.with(&[("q", ""), ("sort", "")]), "/admin/x");
        let name = state.column("Name", "name", "name");
        assert_eq!(name.sorted, "descending");
        assert_eq!(name.href, "/admin/x?q=a%26b&sort=name");
        assert_eq!(state.column("Made", "made", "name").sorted, "");
    }

    #[test]
    fn knows_where_the_page_is() {
        let pager = state("/x?page=2").pager(60, 25);
        assert_eq!((pager.first, pager.last), (26, 50));
        assert_eq!(pager.before.as_deref(), Some("/x?page=1"));
        assert_eq!(pager.after.as_deref(), Some("/x?page=3"));
        let end = state("/x?page=3").pager(60, 10);
        assert_eq!((end.last, end.after.is_none()), (60, true));
        assert_eq!(state("/x").pager(0, 0).first, 0);
    }
}
