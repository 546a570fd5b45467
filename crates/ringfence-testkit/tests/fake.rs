//! The stand-in platform does what its switches say; everything else rests on that.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderMap, IF_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use ringfence_core::context::SystemClock;
use ringfence_core::time::Timestamp;
use ringfence_testkit::clock::FastClock;
use ringfence_testkit::fake::{
    Answer, Audio, Call, DigestHeaders, DownloadFault, EtagMode, FakeAccount, FakePlatform,
    HeaderLength, Item, Paging, RangeMode, RetryAfter, Route, Switches, TokenFault, UsersShape,
    Wav, guid, gzip_stored, md5, sha256_hex,
};
use serde_json::Value;

const BEGIN: &str = "2026-03-02T09:00:00Z";
const ALL: &str = "interaction-content:read users:read stats";

struct Caller {
    http: Client,
    url: String,
    token: String,
}

impl Caller {
    async fn new(platform: &FakePlatform) -> Self {
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

    async fn get(&self, path: &str, version: u8) -> Response {
        self.get_with(path, version, HeaderMap::new())
            .await
            .unwrap()
    }

    async fn get_with(
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

    async fn json(&self, path: &str, version: u8) -> Value {
        self.get(path, version).await.json().await.unwrap()
    }

    async fn file(&self, number: u64) -> reqwest::Result<Response> {
        self.part(number, &[]).await
    }

    async fn part(
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

async fn token(http: &Client, platform: &FakePlatform, scope: &str) -> Response {
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

fn begin() -> i64 {
    Timestamp::parse(BEGIN).unwrap().ms()
}

fn window(limit: usize) -> String {
    format!(
        "/interaction-content/interactions?start={BEGIN}&end=2026-03-02T23:00:00Z&limit={limit}"
    )
}

fn guids(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["guid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn digests_agree_with_published_vectors() {
    let hex = |bytes: [u8; 16]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(hex(md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(
        hex(md5(b"message digest")),
        "f96b697d7cb7938d525a2f31aaf161d0"
    );
    assert_eq!(hex(md5(&[b'1'; 0])), "d41d8cd98f00b204e9800998ecf8427e");
    let eighty =
        b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
    assert_eq!(hex(md5(eighty)), "57edf4a22be3c955ac49da2e2107b67a");
    assert_eq!(
        sha256_hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let lazy = Audio::from(Wav::call(7, 20_000));
    assert_eq!(lazy.sha256_hex(), sha256_hex(&lazy.bytes()));
    assert_eq!(lazy.total(), 160_044);
    let packed = gzip_stored(b"abc");
    assert_eq!(
        &packed[packed.len() - 8..],
        [0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0]
    );
}

#[test]
fn wav_headers_claim_what_they_are_told_to() {
    let claimed = |header| {
        let bytes = Audio::from(Wav::call(1, 1000).with_header(header)).bytes();
        assert_eq!(bytes.len(), 8044);
        u32::from_le_bytes(bytes[40..44].try_into().unwrap())
    };
    assert_eq!(claimed(HeaderLength::Right), 8000);
    assert_eq!(claimed(HeaderLength::Zero), 0);
    assert_eq!(claimed(HeaderLength::Max), u32::MAX);
    assert_eq!(claimed(HeaderLength::EightMore), 8008);
    assert_eq!(claimed(HeaderLength::EightFewer), 7992);
    assert_eq!(Audio::from(Wav::call(1, 1000).cut_at(4044)).total(), 4044);
}

#[tokio::test]
async fn tokens_follow_the_fact_sheet() {
    let platform = FakePlatform::start(FakeAccount::sample(1, begin(), 1000)).unwrap();
    let http = Client::builder().no_proxy().build().unwrap();
    let refused = token(&http, &platform, "interaction-content:delete").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(
        body["error_description"],
        "\"interaction-content:delete\" is an invalid scope"
    );
    platform.set(|s| s.token_fault = Some(TokenFault::InvalidClient));
    let body: Value = token(&http, &platform, ALL).await.json().await.unwrap();
    assert_eq!(body, serde_json::json!({"error": "invalid_client"}));
    platform.set(|s| {
        s.token_fault = None;
        s.token_life_ms = 50;
    });
    let caller = Caller::new(&platform).await;
    assert_eq!(caller.get(&window(1), 3).await.status(), StatusCode::OK);
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    assert_eq!(
        caller.get(&window(1), 3).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(platform.log().count(Route::Token), 3);
    let short = token(&http, &platform, "stats")
        .await
        .json::<Value>()
        .await
        .unwrap();
    let caller = Caller {
        token: short["access_token"].as_str().unwrap().to_owned(),
        ..caller
    };
    assert_eq!(
        caller.get("/useradmin/users", 4).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        caller.get("/stats/agent-status", 3).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        caller.get("/stats/agent-status", 9).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn search_pages_and_shows_only_what_the_owner_may_see() {
    let platform = FakePlatform::start(FakeAccount::sample(10, begin(), 60_000)).unwrap();
    let caller = Caller::new(&platform).await;
    let first = caller.json(&window(6), 3).await;
    assert_eq!(guids(&first).len(), 6);
    let next = first["meta"]["nextContinuationToken"].as_str().unwrap();
    let second = caller
        .json(&format!("{}&continuationToken={next}", window(6)), 3)
        .await;
    assert_eq!(guids(&second).len(), 4);
    assert!(second["meta"]["nextContinuationToken"].is_null());
    platform.edit(|a| a.owner.view_outbound = false);
    let seen = guids(&caller.json(&window(100), 3).await);
    assert_eq!(seen, [0, 1, 2, 3, 8, 9].map(guid));
    platform.edit(|a| {
        a.owner.view_outbound = true;
        a.owner.access_groups = false;
        a.owner.lines = Some(["+441632960901".to_owned()].into());
    });
    assert_eq!(
        guids(&caller.json(&window(100), 3).await),
        [2, 3, 6, 7].map(guid)
    );
    assert_eq!(
        caller.file(0).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    platform.set(|s| s.hidden_status = 403);
    assert_eq!(
        caller.file(0).await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    let all = caller
        .json(
            &format!("/stats/interactions?start={BEGIN}&limit=5000&end=2026-03-03T00:00:00Z"),
            3,
        )
        .await;
    assert_eq!(guids(&all).len(), 10);
    let weeks =
        "/interaction-content/interactions?start=2026-03-01T00:00:00Z&end=2026-03-09T00:00:00Z";
    assert_eq!(caller.get(weeks, 3).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn ends_are_inclusive_or_exclusive_and_pages_can_shift() {
    let platform = FakePlatform::start(FakeAccount::sample(4, begin(), 1000)).unwrap();
    let caller = Caller::new(&platform).await;
    let edge = "/interaction-content/interactions?start=2026-03-02T09:00:00Z&end=2026-03-02T09:00:02Z&limit=100";
    assert_eq!(guids(&caller.json(edge, 3).await).len(), 3);
    platform.set(|s| s.end_inclusive = false);
    assert_eq!(guids(&caller.json(edge, 3).await).len(), 2);
    platform.set(|s| s.paging = Paging::Offset);
    platform.after(Route::Search, 3, |account, _| {
        account.remove(&guid(0));
    });
    let first = caller.json(&window(2), 3).await;
    let next = first["meta"]["nextContinuationToken"].as_str().unwrap();
    let second = caller
        .json(&format!("{}&continuationToken={next}", window(2)), 3)
        .await;
    assert_eq!(
        guids(&second),
        [guid(3)],
        "the deleted row moved number 2 to a page already read"
    );
}

#[tokio::test]
async fn quota_refuses_past_the_limit_and_says_when() {
    let clock = Arc::new(FastClock::new(Timestamp::from_ms(begin()), 200));
    let switches = Switches {
        quota_per_minute: Some(40),
        ..Switches::default()
    };
    let platform = FakePlatform::start_with(FakeAccount::empty(), switches, clock).unwrap();
    let caller = Caller::new(&platform).await;
    let mut refused = None;
    for _ in 0..41 {
        let answer = caller.get("/useradmin/users", 4).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("the forty-first request is refused");
    let date = refused.headers()["date"].to_str().unwrap();
    assert!(
        date.starts_with("Mon, 02 Mar 2026 09:"),
        "the platform's own clock: {date}"
    );
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    for (style, text) in [
        (RetryAfter::Negative, Some("-5")),
        (RetryAfter::Absent, None),
    ] {
        platform.set(|s| s.retry_after = style);
        let answer = caller.get("/useradmin/users", 4).await;
        assert_eq!(
            answer
                .headers()
                .get("retry-after")
                .map(|v| v.to_str().unwrap()),
            text
        );
    }
    tokio::time::sleep(std::time::Duration::from_millis(wait * 1000 / 200 + 20)).await;
    assert_eq!(
        caller.get("/useradmin/users", 4).await.status(),
        StatusCode::OK
    );
    assert!(platform.log().busiest(60_000) <= 40);
}

#[tokio::test]
async fn another_client_takes_its_share() {
    let clock = Arc::new(FastClock::new(Timestamp::from_ms(begin()), 1000));
    let switches = Switches {
        quota_per_minute: Some(100),
        other_client_per_minute: 600,
        ..Switches::default()
    };
    let platform = FakePlatform::start_with(FakeAccount::empty(), switches, clock).unwrap();
    let caller = Caller::new(&platform).await;
    caller.get("/useradmin/users", 4).await;
    // Half a minute of the other client is 300 requests, three times what there is.
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    assert_eq!(
        caller.get("/useradmin/users", 4).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );
    let (admitted, refused) = platform.other_client();
    assert!(
        admitted >= 99 && refused > 100,
        "{admitted} admitted, {refused} refused"
    );
}

#[tokio::test]
async fn ranges_do_what_the_switch_says() {
    let platform = FakePlatform::start(FakeAccount::sample(1, begin(), 1000)).unwrap();
    let caller = Caller::new(&platform).await;
    let whole = platform
        .account()
        .call(&guid(0))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .bytes();
    let full = caller.file(0).await.unwrap();
    let etag = full.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(full.bytes().await.unwrap(), whole);
    let part = caller
        .part(0, &[(RANGE, "bytes=1000-"), (IF_RANGE, &etag)])
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes 1000-{}/{}", whole.len() - 1, whole.len()).as_str()
    );
    assert_eq!(part.bytes().await.unwrap(), whole[1000..]);
    let stale = caller
        .part(0, &[(RANGE, "bytes=1000-"), (IF_RANGE, "\"other\"")])
        .await
        .unwrap();
    assert_eq!(stale.status(), StatusCode::OK);
    for (mode, status, first) in [
        (RangeMode::Ignored, 200, whole.len()),
        (RangeMode::NotSatisfiable, 416, 0),
        (RangeMode::StartsEarlier(500), 206, whole.len() - 500),
        (RangeMode::TotalChanged, 206, whole.len() - 1000),
        (RangeMode::EntityChanged, 206, whole.len() - 1000),
    ] {
        platform.set(|s| s.range = mode);
        let answer = caller.part(0, &[(RANGE, "bytes=1000-")]).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{mode:?}");
        let body = answer.bytes().await.unwrap();
        assert!(
            status == 416 || body.len() == first,
            "{mode:?}: {}",
            body.len()
        );
        if mode == RangeMode::EntityChanged {
            assert_ne!(body, whole[1000..]);
        }
    }
    platform.set(|s| {
        s.etag = EtagMode::Missing;
        s.last_modified = false;
        s.digests = DigestHeaders::All;
    });
    let answer = caller.file(0).await.unwrap();
    assert!(!answer.headers().contains_key("etag"));
    assert!(
        answer.headers()["repr-digest"]
            .to_str()
            .unwrap()
            .starts_with("sha-256=:")
    );
    assert_eq!(answer.headers()["content-md5"].len(), 24);
}

#[tokio::test]
async fn bodies_break_as_told() {
    let faults = [
        DownloadFault::CutWithLength(9000),
        DownloadFault::CutChunked(9000),
        DownloadFault::ResetAfter(9000),
        DownloadFault::CutClose(9000),
        DownloadFault::Chunked,
        DownloadFault::FlippedByte(100),
        DownloadFault::JsonBody,
        DownloadFault::Gzip,
        DownloadFault::NoContent,
        DownloadFault::GoneAfter(10),
    ];
    let account = FakeAccount::empty().with(Call::recorded(0, begin(), 5000).with_faults(&faults));
    let platform = FakePlatform::start(account).unwrap();
    let caller = Caller::new(&platform).await;
    let whole = platform
        .account()
        .call(&guid(0))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .bytes();
    for fault in faults {
        let answer = caller.file(0).await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let body = answer.bytes().await;
        match fault {
            DownloadFault::CutWithLength(_)
            | DownloadFault::CutChunked(_)
            | DownloadFault::ResetAfter(_)
            | DownloadFault::GoneAfter(_) => {
                assert!(body.is_err(), "{fault:?}");
            }
            DownloadFault::CutClose(_) => {
                assert_eq!(body.unwrap(), whole[..9000], "a clean end, and silent");
            }
            DownloadFault::Chunked => {
                assert!(!headers.contains_key("content-length"));
                assert_eq!(body.unwrap(), whole);
            }
            DownloadFault::FlippedByte(_) => {
                let body = body.unwrap();
                assert_eq!(body.iter().zip(&whole).filter(|(a, b)| a != b).count(), 1);
            }
            DownloadFault::Gzip => {
                assert_eq!(headers["content-encoding"], "gzip");
                assert_eq!(body.unwrap(), gzip_stored(&whole));
            }
            DownloadFault::JsonBody => assert_eq!(headers["content-type"], "application/json"),
            _ => assert_eq!(status, 204),
        }
    }
    assert_eq!(
        caller.file(0).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn scripted_answers_come_first_and_a_reset_is_a_reset() {
    let platform = FakePlatform::start(FakeAccount::sample(1, begin(), 1000)).unwrap();
    let caller = Caller::new(&platform).await;
    platform.script(
        Route::Users,
        [
            Answer::Status(503),
            Answer::StatusRetryAfter(503, "2".to_owned()),
            Answer::Reset,
            Answer::Pass,
        ],
    );
    assert_eq!(
        caller.get("/useradmin/users", 4).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(
        caller.get("/useradmin/users", 4).await.headers()["retry-after"],
        "2"
    );
    assert!(
        caller
            .get_with("/useradmin/users", 4, HeaderMap::new())
            .await
            .is_err()
    );
    for (shape, members) in [
        (UsersShape::MetaUsers, "users"),
        (UsersShape::Users, "users"),
        (UsersShape::MetaItems, "items"),
    ] {
        platform.set(|s| s.users_shape = shape);
        assert_eq!(
            caller.json("/useradmin/users?include=All", 4).await[members]
                .as_array()
                .unwrap()
                .len(),
            5
        );
    }
    platform.set(|s| s.users_shape = UsersShape::Bare);
    assert_eq!(
        caller
            .json("/useradmin/users?limit=2", 4)
            .await
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let me = caller
        .json("/useradmin/users/by/username/admin%40acme.example", 4)
        .await;
    let access = caller
        .json(
            &format!(
                "/useradmin/users/{}/permissions/accessPermissions",
                me["userId"].as_str().unwrap()
            ),
            4,
        )
        .await;
    assert_eq!(access["accessPermissions"].as_array().unwrap().len(), 4);
    let log = platform.log();
    assert_eq!(log.count(Route::Users), 7);
    assert_eq!(log.n_status(503), 2);
    assert!(log.max_open_connections >= 1);
}

#[tokio::test]
async fn content_appears_late_and_hostile_keys_travel() {
    let clock = Arc::new(SystemClock::new());
    let now = ringfence_core::context::Clock::now(&*clock).ms();
    let key = "..%2F..%2Fetc%2Fpasswd";
    let mut call = Call::recorded(1, now - 20_000, 5000);
    call.items.push(Item::other(
        "../../etc/passwd",
        "attachment",
        "application/octet-stream",
        b"x",
        now - 15_000,
    ));
    let account = FakeAccount::empty()
        .with(call)
        .with(Call::recorded(2, now - 20_000, 5000).appearing_after(60_000));
    let platform = FakePlatform::start_with(account, Switches::default(), clock).unwrap();
    let caller = Caller::new(&platform).await;
    let from = Timestamp::from_ms(now - 60_000).to_iso_millis();
    let to = Timestamp::from_ms(now).to_iso_millis();
    let page = caller
        .json(
            &format!("/interaction-content/interactions?start={from}&end={to}&limit=10"),
            3,
        )
        .await;
    assert_eq!(guids(&page), [guid(1)]);
    let path = format!(
        "/interaction-content/interactions/{}/content/{key}",
        guid(1)
    );
    assert_eq!(caller.get(&path, 3).await.bytes().await.unwrap(), "x");
}

#[tokio::test]
async fn a_large_file_costs_no_memory() {
    let account = FakeAccount::empty()
        .with(Call::recorded(0, begin(), 5000).with_audio(Wav::call(3, 20_000_000)));
    let platform = FakePlatform::start(account).unwrap();
    let caller = Caller::new(&platform).await;
    let mut answer = caller.file(0).await.unwrap();
    assert_eq!(answer.content_length(), Some(160_000_044));
    let mut n_bytes = 0;
    while let Some(piece) = answer.chunk().await.unwrap() {
        n_bytes += piece.len();
    }
    assert_eq!(n_bytes, 160_000_044);
}
