//! A client of the stand-in platform.

use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Client, Response};
use ringfence_core::time::Timestamp;
use ringfence_testkit::fake::{FakePlatform, guid};
use serde_json::Value;

pub(super) const BEGIN: &str = "2026-03-02T09:00:00Z";
pub(super) const ALL: &str = "interaction-content:read users:read stats";

pub(super) struct Caller {
    pub(super) http: Client,
    pub(super) url: String,
    pub(super) token: String,
}

impl Caller {
    pub(super) async fn new(platform: &FakePlatform) -> Self {
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let token = token(&http, platform, ALL)
            .await
            .json::<Value>()
            .await
            .unwrap()["access_token"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        Self {
            http,
            url: platform.url(),
            token,
        }
    }

    pub(super) async fn get(&self, path: &str, version: u8) -> Response {
        self.get_with(path, version, HeaderMap::new())
            .await
            .unwrap()
    }

    pub(super) async fn get_with(
        &self,
        path: &str,
        version: u8,
        headers: HeaderMap,
    ) -> reqwest::Result<Response> {
        self.http
            .get(format!("{}{path}", self.url))
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(
                "accept",
                format!("application/vnd.newvoicemedia.v{version}+json"),
            )
            .headers(headers)
            .send()
            .await
    }

    pub(super) async fn json(&self, path: &str, version: u8) -> Value {
        self.get(path, version).await.json().await.unwrap()
    }

    pub(super) async fn file(&self, number: u64) -> reqwest::Result<Response> {
        self.part(number, &[]).await
    }

    pub(super) async fn part(
        &self,
        number: u64,
        headers: &[(reqwest::header::HeaderName, &str)],
    ) -> reqwest::Result<Response> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        let path = format!(
            "/interaction-content/interactions/{}/content/callRecording",
            guid(number)
        );
        self.get_with(&path, 3, headers).await
    }
}

pub(super) async fn token(http: &Client, platform: &FakePlatform, scope: &str) -> Response {
    let account = platform.account();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &account.client_id),
        ("client_secret", &account.client_secret),
        ("scope", scope),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    http.post(format!("{}/Auth/connect/token", platform.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap()
}

pub(super) fn begin() -> i64 {
    Timestamp::parse(BEGIN).unwrap().ms()
}

pub(super) fn window(limit: usize) -> String {
    format!(
        "/interaction-content/interactions?start={BEGIN}&end=2026-03-02T23:00:00Z&limit={limit}"
    )
}

pub(super) fn guids(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["guid"].as_str().unwrap().to_owned())
        .collect()
}
