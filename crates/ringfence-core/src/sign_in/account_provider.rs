//! An OpenID Connect provider that an account keeps for its own people, and the rules of its parts.

use super::provider::may_be_asked;
use crate::id::{AccountId, ProviderId};
use crate::time::Timestamp;
use thiserror::Error;
use url::Url;

const LONGEST_NAME: usize = 40;
const LONGEST_TITLE: usize = 80;
const LONGEST_TEXT: usize = 300;
const MOST_SCOPES: usize = 20;

/// A part of a provider that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ProviderError {
    /// Not a name.
    #[error("a provider’s name has 1 to 40 characters: a-z, 0-9 and hyphen")]
    Name,
    /// Not a title.
    #[error("the text of the button has 1 to 80 characters without control characters")]
    Title,
    /// Not an issuer.
    #[error("the issuer is a URL that starts with https://, without user, query or fragment")]
    Issuer,
    /// Not a client id.
    #[error("the client id has 1 to 300 printable characters")]
    ClientId,
    /// Not a client secret.
    #[error("the client secret has 1 to 300 printable characters")]
    ClientSecret,
    /// Not a scope.
    #[error("there are at most 20 scopes, each of printable characters without spaces")]
    Scope,
    /// Not a claim.
    #[error("the claim has 1 to 300 printable characters")]
    Claim,
    /// Not a domain.
    #[error("a domain is a host name with a dot, such as acme.example")]
    Domain,
}

/// The name of a provider within its account, and in addresses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProviderName(Box<str>);

/// Who issues a provider's tokens, letter by letter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct IssuerUrl(Box<str>);

/// The part of an e-mail address after the `@`, in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MailDomain(Box<str>);

/// Whom a provider lets in, besides those who came through it before.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct LetsIn {
    /// People whose user name is what the provider's claim says.
    pub by_username: bool,
    /// People with an e-mail address that the provider has verified, when it is one person's alone.
    pub by_email: bool,
    /// Anybody else with a user name and a verified e-mail address: they are made, as Agents.
    pub as_new_agents: bool,
}

/// A provider that an account keeps, without our secret there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountProvider {
    /// Its id.
    pub id: ProviderId,
    /// The account whose people it knows.
    pub account_id: AccountId,
    /// Its name within the account.
    pub name: ProviderName,
    /// What the button says.
    pub title: String,
    /// Who issues its tokens. It stays: what is known of people there is known of this issuer.
    pub issuer: IssuerUrl,
    /// Our id there.
    pub client_id: String,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the user name.
    pub username_claim: String,
    /// Whom it lets in.
    pub lets_in: LetsIn,
    /// Whether a code is asked for afterwards of those who have an authenticator app.
    pub ask_code: bool,
    /// Whether anybody signs in through it.
    pub active: bool,
    /// Domains of e-mail addresses by which it is offered; an operator vouches for them.
    pub domains: Vec<MailDomain>,
    /// Rises with each change.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ProviderName {
    /// Parses 1 to 40 of a-z, 0-9 and hyphen.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, ProviderError> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        // `new` is the page that makes one.
        if text.is_empty() || text.len() > LONGEST_NAME || !text.bytes().all(good) || text == "new"
        {
            return Err(ProviderError::Name);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ProviderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl IssuerUrl {
    /// Parses a URL that may be asked: encrypted, or on this machine; without user, query and fragment.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, ProviderError> {
        let good = |url: Url| may_be_asked(&url) && url.query().is_none();
        if text.len() > LONGEST_TEXT || !Url::parse(text).is_ok_and(good) {
            return Err(ProviderError::Issuer);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MailDomain {
    /// Parses a host name with a dot.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, ProviderError> {
        let text = text.trim().to_ascii_lowercase();
        let label = |label: &str| {
            let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(inside)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > 253 || !text.contains('.') || !text.split('.').all(label) {
            return Err(ProviderError::Domain);
        }
        Ok(Self(text.into()))
    }

    /// The domain of an e-mail address; `None` when the text is none.
    #[must_use]
    pub fn of_address(text: &str) -> Option<Self> {
        let (before, domain) = text.trim().rsplit_once('@')?;
        Self::parse(domain).ok().filter(|_| !before.is_empty())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks the text of a button.
///
/// # Errors
/// It is empty, too long, or not plain text.
pub fn title_parse(text: &str) -> Result<String, ProviderError> {
    let text = text.trim();
    let long = text.chars().count() > LONGEST_TITLE;
    if text.is_empty() || long || text.chars().any(char::is_control) {
        return Err(ProviderError::Title);
    }
    Ok(text.to_owned())
}

/// Checks a client id.
///
/// # Errors
/// It is empty, too long, or not printable.
pub fn client_id_parse(text: &str) -> Result<String, ProviderError> {
    printable(text, ProviderError::ClientId)
}

/// Checks the name of a claim.
///
/// # Errors
/// It is empty, too long, or not printable.
pub fn claim_parse(text: &str) -> Result<String, ProviderError> {
    printable(text, ProviderError::Claim)
}

/// Whether a client secret can be sent.
///
/// # Errors
/// It is empty, too long, or not printable.
pub fn client_secret_check(text: &str) -> Result<(), ProviderError> {
    printable(text, ProviderError::ClientSecret).map(drop)
}

/// Reads scopes separated by white space or commas (RFC 6749 §3.3), `openid` left out.
///
/// # Errors
/// One of them is none, or there are too many.
pub fn scopes_parse(text: &str) -> Result<Vec<String>, ProviderError> {
    let mut scopes: Vec<String> = Vec::new();
    let words = text.split([' ', ',', '\n', '\r', '\t']);
    for word in words.filter(|word| !word.is_empty() && *word != "openid") {
        let good = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
        if word.len() > LONGEST_TEXT || !word.bytes().all(good) || scopes.len() == MOST_SCOPES {
            return Err(ProviderError::Scope);
        }
        if !scopes.iter().any(|known| known == word) {
            scopes.push(word.to_owned());
        }
    }
    Ok(scopes)
}

fn printable(text: &str, error: ProviderError) -> Result<String, ProviderError> {
    let good = |b: u8| b.is_ascii_graphic() || b == b' ';
    if text.is_empty() || text.len() > LONGEST_TEXT || !text.bytes().all(good) {
        return Err(error);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_encrypted_or_on_this_machine() {
        for good in [
            "https://id.example",
            "https://id.example/realms/a",
            "http://localhost:3000",
            "http://127.0.0.1:9",
        ] {
            assert!(IssuerUrl::parse(good).is_ok(), "{good}");
        }
        let long = format!("https://id.example/{}", "x".repeat(300));
        for bad in [
            "",
            "id.example",
            "http://id.example",
            "https://u:p@id.example",
            "https://id.example?x=1",
            "https://id.example#x",
            &long,
        ] {
            assert_eq!(IssuerUrl::parse(bad), Err(ProviderError::Issuer), "{bad}");
        }
    }

    #[test]
    fn names_and_domains_are_plain() {
        for good in ["corp", "a-1", "7"] {
            assert!(ProviderName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "Corp", "a.b", "a/b", "é", "new", &"x".repeat(41)] {
            assert!(ProviderName::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(
            MailDomain::parse(" Acme.Example ").unwrap().as_str(),
            "acme.example"
        );
        for bad in ["acme", "a..b", "-a.b", "a_b.c", "a.b/", ""] {
            assert!(MailDomain::parse(bad).is_err(), "{bad}");
        }
        let domain = MailDomain::of_address("Sam@Acme.example").unwrap();
        assert_eq!(domain.as_str(), "acme.example");
        assert_eq!(MailDomain::of_address("@acme.example"), None);
        assert_eq!(MailDomain::of_address("acme"), None);
    }

    #[test]
    fn scopes_are_words() {
        let scopes = scopes_parse("openid profile, email profile\nhttps://x/y").unwrap();
        assert_eq!(scopes, ["profile", "email", "https://x/y"]);
        assert_eq!(scopes_parse("  ").unwrap(), [""; 0]);
        assert!(scopes_parse("a\"b").is_err());
        let many: Vec<String> = (0..21).map(|n| format!("s{n}")).collect();
        assert!(scopes_parse(&many.join(" ")).is_err());
    }
}
