//! A person at a browser without a screen: follows redirects, keeps cookies, signs in and allows where a page asks.

use crate::world::{PASSWORD, USERNAME, World};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use std::collections::BTreeMap;
use url::Url;

// More pages than any way through has.
const MOST_PAGES: usize = 15;

pub(crate) struct Person {
    http: reqwest::Client,
    homes: Vec<Url>,
    /// By site and name: two servers on one machine do not mix theirs.
    cookies: BTreeMap<(String, String), String>,
    /// The last page that asked for nothing.
    pub(crate) seen: String,
}

impl Person {
    /// Somebody who has not been here before.
    pub(crate) fn new(world: &World) -> Self {
        Self {
            http: world.http(),
            homes: vec![Url::parse(&world.url).unwrap()],
            cookies: BTreeMap::new(),
            seen: String::new(),
        }
    }

    /// The same person, who also opens pages of another server.
    pub(crate) fn at_home_at(mut self, url: &str) -> Self {
        self.homes.push(Url::parse(url).unwrap());
        self
    }

    /// Goes to an address, does what the pages ask, and gives the address of another site, or of a page that asks for
    /// nothing, that they end at.
    pub(crate) async fn visit(&mut self, url: &str) -> String {
        let mut at = Url::parse(url).unwrap();
        let mut form: Option<Vec<(String, String)>> = None;
        for _ in 0..MOST_PAGES {
            let answer = self.ask(&at, form.take()).await;
            if let Some(to) = answer.headers().get(LOCATION) {
                at = at.join(to.to_str().unwrap()).unwrap();
                if self.homes.iter().all(|home| home.origin() != at.origin()) {
                    return at.into();
                }
                continue;
            }
            let status = answer.status();
            let page = answer.text().await.unwrap();
            let Some((action, fields)) = filled(&page) else {
                assert!(status.is_success(), "{at} answered {status}: {page}");
                self.seen = page;
                return at.into();
            };
            at = at.join(&action).unwrap();
            form = Some(fields);
        }
        panic!("the pages lead in a ring, at {at}");
    }

    async fn ask(&mut self, url: &Url, form: Option<Vec<(String, String)>>) -> reqwest::Response {
        let site = url.origin().ascii_serialization();
        let ours = self.cookies.iter().filter(|((of, _), _)| *of == site);
        let cookies: Vec<String> = ours.map(|((_, n), v)| format!("{n}={v}")).collect();
        let request = match form {
            None => self.http.get(url.clone()).header("sec-fetch-site", "none"),
            Some(fields) => {
                let mut body = url::form_urlencoded::Serializer::new(String::new());
                body.extend_pairs(fields);
                self.http
                    .post(url.clone())
                    .header("sec-fetch-site", "same-origin")
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(body.finish())
            }
        };
        let answer = request.header(COOKIE, cookies.join("; ")).send();
        let answer = answer.await.unwrap();
        for line in answer.headers().get_all(SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            let key = (site.clone(), name.to_owned());
            if value.is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
        answer
    }
}

/// The form of a page that asks something, as the person fills it in.
fn filled(page: &str) -> Option<(String, Vec<(String, String)>)> {
    for form in page.split("<form method=\"post\" ").skip(1) {
        let form = form.split("</form>").next()?;
        let action = plain(attribute(form, "action")?);
        let mut fields: Vec<(String, String)> = Vec::new();
        for input in form.split("<input type=\"hidden\" ").skip(1) {
            let name = attribute(input, "name")?;
            let value = attribute(input, "value").unwrap_or_default();
            fields.push((name.to_owned(), plain(value)));
        }
        let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
        if form.contains("name=\"password\"") {
            add("username", USERNAME);
            add("password", PASSWORD);
            return Some((action, fields));
        }
        if form.contains("value=\"allow\"") {
            add("choice", "allow");
            return Some((action, fields));
        }
        if action.contains("logout/confirm") {
            return Some((action, fields));
        }
    }
    None
}

fn attribute<'p>(text: &'p str, name: &str) -> Option<&'p str> {
    let (_, rest) = text.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

/// Text of a page without its escapes.
fn plain(text: &str) -> String {
    let escapes = [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    let unescaped = |text: String, (from, to): (&str, &str)| text.replace(from, to);
    escapes.into_iter().fold(text.to_owned(), unescaped)
}
