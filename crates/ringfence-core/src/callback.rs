//! Where people are sent back to: registered URLs, compared letter by letter (RFC 9700 §2.1, RFC 8252 §7.3).

use thiserror::Error;
use url::{Host, Url};

/// The longest registered URL, in bytes.
pub const LONGEST_CALLBACK: usize = 1_024;
/// How many URLs one application may register.
pub const MAX_CALLBACKS: usize = 20;

/// A registered URL, as it was written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CallbackUrl(Box<str>);

/// Why a URL cannot be registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CallbackError {
    /// Not an absolute URL, or too long.
    #[error(
        "a callback URL is an absolute URL of at most 1,024 characters, such as https://app.example/callback"
    )]
    Malformed,
    /// It has a fragment.
    #[error("a callback URL has no fragment (#)")]
    Fragment,
    /// It carries a user name or password.
    #[error("a callback URL carries no user name or password")]
    Userinfo,
    /// It stands for several.
    #[error("a callback URL is complete: wildcards and patterns are not taken")]
    Wildcard,
    /// Its scheme runs code in the browser, or is no way back to an application.
    #[error(
        "a callback URL begins with https://, or http:// on this machine, or a scheme of the application's own such as com.example.app:/"
    )]
    Scheme,
    /// Plain http to another machine.
    #[error("a callback URL begins with https:// unless it leads to localhost, 127.0.0.1 or [::1]")]
    Plain,
    /// More than [`MAX_CALLBACKS`].
    #[error("an application has at most 20 callback URLs")]
    TooMany,
}

impl CallbackUrl {
    /// Parses one URL.
    ///
    /// # Errors
    /// See [`CallbackError`].
    pub fn parse(text: &str) -> Result<Self, CallbackError> {
        if text.is_empty()
            || text.len() > LONGEST_CALLBACK
            || text.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err(CallbackError::Malformed);
        }
        if text.contains('#') {
            return Err(CallbackError::Fragment);
        }
        if text.contains('*') {
            return Err(CallbackError::Wildcard);
        }
        let url = Url::parse(text).map_err(|_| CallbackError::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CallbackError::Userinfo);
        }
        match url.scheme() {
            "https" if url.host().is_some() => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(CallbackError::Plain),
            // RFC 8252 §7.1: a private scheme is a domain name turned round.
            own if own.contains('.') && !own.starts_with('.') => {}
            _ => return Err(CallbackError::Scheme),
        }
        Ok(Self(text.into()))
    }

    /// Parses what the Production Keys page takes: one URL, several separated by spaces, commas or lines, or
    /// `regexp=(URL|URL)` with complete URLs (vbc-api §2.4). Nothing is no URL.
    ///
    /// # Errors
    /// One of them is refused, or there are too many.
    pub fn list_parse(text: &str) -> Result<Vec<Self>, CallbackError> {
        let pattern = text
            .trim()
            .strip_prefix("regexp=(")
            .and_then(|rest| rest.strip_suffix(')'));
        let parts: Vec<&str> = match pattern {
            Some(inside) => inside.split('|').collect(),
            None => text
                .split(|c: char| c.is_whitespace() || c == ',')
                .collect(),
        };
        let mut urls = Vec::new();
        for part in parts.into_iter().map(str::trim).filter(|p| !p.is_empty()) {
            if text.trim_start().starts_with("regexp=") && part.contains(['(', ')', '\\', '[', '+'])
            {
                return Err(CallbackError::Wildcard);
            }
            let url = Self::parse(part)?;
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        if urls.len() > MAX_CALLBACKS {
            return Err(CallbackError::TooMany);
        }
        Ok(urls)
    }

    /// Whether a request may be answered there: the same letters, or, for a native application, the same loopback address
    /// on another port (RFC 8252 §7.3).
    #[must_use]
    pub fn matches(&self, presented: &str, is_native: bool) -> bool {
        if *self.0 == *presented {
            return true;
        }
        if !is_native || presented.len() > LONGEST_CALLBACK {
            return false;
        }
        match (without_port(&self.0), without_port(presented)) {
            (Some(registered), Some(presented)) => registered == presented,
            (_, _) => false,
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        None => false,
    }
}

/// A URL on a loopback address, in its parts without the port; `None` for any other, and for one that is spelt oddly.
fn without_port(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = match authority.strip_prefix('[') {
        Some(_) => authority.split_at(authority.find(']')? + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    let good = matches!(host, "127.0.0.1" | "[::1]")
        && port.len() <= 5
        && port.bytes().all(|b| b.is_ascii_digit());
    good.then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checklist_43_refuses_what_could_lead_elsewhere() {
        for good in [
            "https://app.example/cb",
            "https://app.example/cb?x=1",
            "http://localhost",
            "http://127.0.0.1:3000/cb",
            "http://[::1]/cb",
            "com.example.app:/cb",
        ] {
            assert!(CallbackUrl::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", CallbackError::Malformed),
            ("/cb", CallbackError::Malformed),
            ("https://app.example/cb#x", CallbackError::Fragment),
            ("https://*.example/cb", CallbackError::Wildcard),
            ("https://sam:pw@app.example/cb", CallbackError::Userinfo),
            ("http://app.example/cb", CallbackError::Plain),
            ("http://localhost.evil.example/cb", CallbackError::Plain),
            ("javascript:alert(1)", CallbackError::Scheme),
            ("data:text/html,x", CallbackError::Scheme),
            ("file:///etc/passwd", CallbackError::Scheme),
            ("https://app.example/c b", CallbackError::Malformed),
        ] {
            assert_eq!(CallbackUrl::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn checklist_41_compares_letter_by_letter() {
        let url = CallbackUrl::parse("https://app.example/cb").unwrap();
        assert!(url.matches("https://app.example/cb", false));
        for other in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://APP.example/cb",
            "https://app.example:443/cb",
            "https://app.example/cb?x",
        ] {
            assert!(!url.matches(other, true), "{other}");
        }
    }

    #[test]
    fn checklist_42_a_native_application_may_use_another_port_of_the_loopback_address() {
        let url = CallbackUrl::parse("http://127.0.0.1:3000/cb").unwrap();
        assert!(url.matches("http://127.0.0.1:51004/cb", true));
        assert!(url.matches("http://127.0.0.1/cb", true));
        assert!(!url.matches("http://127.0.0.1:51004/cb", false));
        for other in [
            "http://127.0.0.1:51004/cb2",
            "http://127.0.0.1:51004/cb?x=1",
            "http://127.0.0.2:51004/cb",
            "http://[::1]:51004/cb",
            "http://127.0.0.1:51004@evil.example/cb",
            "https://127.0.0.1:51004/cb",
        ] {
            assert!(!url.matches(other, true), "{other}");
        }
        let named = CallbackUrl::parse("http://localhost:3000/cb").unwrap();
        assert!(!named.matches("http://localhost:3001/cb", true));
    }

    #[test]
    fn a_pattern_is_a_list_of_complete_urls() {
        let list = |text: &str| CallbackUrl::list_parse(text).map(|urls| urls.len());
        assert_eq!(list(" "), Ok(0));
        assert_eq!(list("https://a.example/cb\nhttps://b.example/cb"), Ok(2));
        assert_eq!(
            list("regexp=(https://a.example/cb|https://b.example/cb)"),
            Ok(2)
        );
        assert_eq!(
            list("regexp=(https://a.example/.*|x)"),
            Err(CallbackError::Wildcard)
        );
        assert_eq!(
            list("regexp=(https://(a|b).example/cb)"),
            Err(CallbackError::Wildcard)
        );
    }
}
