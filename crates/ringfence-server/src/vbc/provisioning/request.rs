//! Paths and queries of the Provisioning suite. Names that an operation does not know are ignored (vbc-api §5).

use super::refusal::InvalidParameter;
use crate::app::App;
use crate::vbc::error::TENANT;
use http::Uri;
use ringfence_app::error::Error;
use ringfence_app::paging::PageRequest;
use ringfence_app::provisioning::{AccountKey, ExtensionSearch, LARGEST_PAGE, PersonSearch};
use ringfence_core::provisioning::number::{AccountNumber, LocationNumber, Number};
use ringfence_core::suite::Suite;

const DEFAULT_PAGE: u64 = 100;
const LARGEST_NUMBER: u64 = 1_000_000_000;
// Longer than any value of the store; nothing fits it.
const LONGEST_FILTER: usize = 1_000;

/// Where links of an answer begin.
#[derive(Debug)]
pub(super) struct Base(String);

/// Which page is asked for, and the filters that its links keep.
#[derive(Debug)]
pub(super) struct Paging {
    page: PageRequest,
    kept: Vec<(&'static str, String)>,
}

/// The account of a path.
///
/// # Errors
/// The text is neither `self` nor a number, so it names no account.
pub(super) fn account_key(text: &str) -> Result<AccountKey, Error> {
    if text == "self" {
        return Ok(AccountKey::Own);
    }
    AccountNumber::parse(text)
        .map(AccountKey::Number)
        .map_err(|_| Error::NotFound("account".to_owned()))
}

/// What a list of extensions is asked for.
///
/// # Errors
/// Every parameter that cannot be read.
pub(super) fn extension_search(
    query: Option<&str>,
) -> Result<(ExtensionSearch, Paging), Vec<InvalidParameter>> {
    let mut params = Params::read(query);
    let location = params.filter("location_id");
    let location = location.and_then(|text| params.location(&text));
    let search = ExtensionSearch {
        location,
        phone_number: params.filter("phone_number"),
        login_name: params.filter("login_name").map(|name| name.to_lowercase()),
        email: params.filter("email"),
        after: None,
    };
    Ok((search, params.finish()?))
}

/// What a list of people is asked for.
///
/// # Errors
/// Every parameter that cannot be read.
pub(super) fn person_search(
    query: Option<&str>,
) -> Result<(PersonSearch, Paging), Vec<InvalidParameter>> {
    let mut params = Params::read(query);
    let search = PersonSearch {
        first_name: params.filter("first_name"),
        last_name: params.filter("last_name"),
        login_name: params.filter("login_name").map(|name| name.to_lowercase()),
        email: params.filter("email"),
    };
    Ok((search, params.finish()?))
}

impl Base {
    /// The account's own address, with the version when it was asked with one.
    pub(super) fn of(app: &App, uri: &Uri, account: AccountNumber) -> Self {
        let suite = Suite::Provisioning;
        let context = format!("{TENANT}{}", suite.context());
        let version = format!("{context}/{}/", suite.version());
        let root = if uri.path().starts_with(&version) {
            version
        } else {
            format!("{context}/")
        };
        let url = &app.ctx.settings.public_url;
        Self(format!("{url}{root}api/accounts/{account}"))
    }

    /// The address of something below the account.
    pub(super) fn href(&self, below: &str) -> String {
        format!("{}{below}", self.0)
    }
}

impl Paging {
    /// The page asked for.
    pub(super) const fn page(&self) -> PageRequest {
        self.page
    }

    /// The query of another page of the same list.
    pub(super) fn query(&self, number: u64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("page_size", &self.page.limit().to_string());
        query.append_pair("page", &number.to_string());
        query.extend_pairs(&self.kept);
        query.finish()
    }
}

struct Params {
    pairs: Vec<(String, String)>,
    kept: Vec<(&'static str, String)>,
    invalid: Vec<InvalidParameter>,
}

impl Params {
    fn read(query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self {
            pairs,
            kept: Vec::new(),
            invalid: Vec::new(),
        }
    }

    /// A value; an empty one is the same as none.
    fn text(&mut self, name: &'static str) -> Option<String> {
        let mut found = self.pairs.iter().filter(|(known, _)| known == name);
        let first = found.next().map(|(_, value)| value.clone());
        if found.next().is_some() {
            self.refuse(name, "must be given once".to_owned());
            return None;
        }
        first.filter(|value| !value.is_empty())
    }

    /// The value of a filter, which links keep.
    fn filter(&mut self, name: &'static str) -> Option<String> {
        let value = self.text(name)?;
        if value.len() > LONGEST_FILTER {
            self.refuse(name, format!("must not be longer than {LONGEST_FILTER}"));
            return None;
        }
        self.kept.push((name, value.clone()));
        Some(value)
    }

    fn location(&mut self, text: &str) -> Option<LocationNumber> {
        if text.bytes().any(|b| !b.is_ascii_digit()) {
            self.refuse("location_id", "must be a number".to_owned());
            return None;
        }
        // A number that no location can have finds none, like one that none has.
        let largest = || Number::new(999_999_999_999).ok();
        Number::parse(text).ok().or_else(largest)
    }

    fn number(&mut self, name: &'static str, default: u64) -> u64 {
        let Some(text) = self.text(name) else {
            return default;
        };
        if text.bytes().any(|b| !b.is_ascii_digit()) {
            self.refuse(name, "must be a number".to_owned());
            return default;
        }
        // Digits alone fail only by being too many.
        match text.parse().unwrap_or(u64::MAX) {
            0 => {
                self.refuse(name, "must be at least 1".to_owned());
                default
            }
            number => number,
        }
    }

    fn refuse(&mut self, name: &'static str, reason: String) {
        self.invalid.push(InvalidParameter { name, reason });
    }

    fn finish(mut self) -> Result<Paging, Vec<InvalidParameter>> {
        let size = self.number("page_size", DEFAULT_PAGE);
        let number = self.number("page", 1);
        if number > LARGEST_NUMBER {
            self.refuse("page", format!("must be at most {LARGEST_NUMBER}"));
        }
        // Too large a page is not refused: the answer says how large it is (vbc-api §10).
        let size = size.min(u64::from(LARGEST_PAGE));
        match PageRequest::new(number, size, LARGEST_PAGE) {
            Ok(page) if self.invalid.is_empty() => Ok(Paging {
                page,
                kept: self.kept,
            }),
            Ok(_) | Err(_) => Err(self.invalid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(query: &str) -> Vec<(&'static str, String)> {
        let invalid = extension_search(Some(query)).unwrap_err();
        invalid.into_iter().map(|i| (i.name, i.reason)).collect()
    }

    #[test]
    fn vbc_5_2_pages_are_numbers_from_one() {
        let owned = |name, reason: &str| (name, reason.to_owned());
        assert_eq!(
            reasons("page_size=many&page=0"),
            [
                owned("page_size", "must be a number"),
                owned("page", "must be at least 1")
            ]
        );
        for bad in ["page=-1", "page=1.5", "page=%2B1", "page=1e3"] {
            assert_eq!(reasons(bad), [owned("page", "must be a number")], "{bad}");
        }
        assert_eq!(
            reasons("page=1&page=2"),
            [owned("page", "must be given once")]
        );
        assert_eq!(
            reasons("location_id=here"),
            [owned("location_id", "must be a number")]
        );
        assert_eq!(
            reasons("page=99999999999999999999"),
            [owned("page", "must be at most 1000000000")]
        );
    }

    #[test]
    fn vbc_10_12_too_large_a_page_is_capped() {
        let (_, paging) = extension_search(Some("page_size=99999999999999999999")).unwrap();
        assert_eq!(paging.page().limit(), LARGEST_PAGE);
        let (_, paging) = extension_search(None).unwrap();
        assert_eq!(paging.query(1), "page_size=100&page=1");
    }

    #[test]
    fn links_keep_the_filters_and_nothing_else() {
        let query = "email=a%2Bb%40example.com&colour=red&page=3&login_name=Pat";
        let (search, paging) = person_search(Some(query)).unwrap();
        assert_eq!(search.email.as_deref(), Some("a+b@example.com"));
        assert_eq!(search.login_name.as_deref(), Some("pat"));
        assert_eq!(
            paging.query(4),
            "page_size=100&page=4&login_name=Pat&email=a%2Bb%40example.com"
        );
    }
}
