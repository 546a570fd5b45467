//! `/api/v1/accounts/{account}/interactions`: put in, found, downloaded and deleted, and by whom.

use super::{person, read};
use reqwest::Method;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::digest::ContentDigest;
use ringfence_core::encoding::base64;
use ringfence_core::permission::Permission;
use ringfence_core::user::{Line, Role, User};
use ringfence_testkit::test_app::{Browser, TestApp, actor};
use serde_json::{Value, json};

const ALL: &str = "/api/v1/accounts/acme/interactions";
const ONE: &str = "/api/v1/accounts/acme/interactions/0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";
const LINE: &str = "+441632960900";

/// One channel of 16-bit silence.
fn wav(frames: u32) -> Vec<u8> {
    let data = vec![0; usize::try_from(frames * 2).unwrap()];
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + frames * 2).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1, 0, 1, 0]);
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend([2, 0, 16, 0]);
    wav.extend(b"data");
    wav.extend((frames * 2).to_le_bytes());
    wav.extend(data);
    wav
}

fn call() -> Value {
    json!({
        "start": "2026-03-02T09:15:30.250Z", "durationMs": 184_200, "connectedAfterMs": 4_100,
        "direction": "inbound", "connectFrom": "+441632960101", "connectTo": LINE,
        "agentId": "2041", "line": LINE, "queue": "Billing",
    })
}

async fn put(
    browser: &Browser,
    path: &str,
    body: &Value,
    if_match: Option<&str>,
) -> reqwest::Response {
    let body = body.to_string();
    let send = |r: reqwest::RequestBuilder| {
        let r = r.header("content-type", "application/json").body(body);
        match if_match {
            Some(tag) => r.header("if-match", tag),
            None => r,
        }
    };
    browser.send(Method::PUT, path, send).await
}

async fn put_bytes(
    browser: &Browser,
    path: &str,
    bytes: &[u8],
    headers: &[(&'static str, String)],
) -> (u16, Value) {
    let send = |mut r: reqwest::RequestBuilder| {
        for (name, value) in headers {
            r = r.header(*name, value);
        }
        r.body(bytes.to_vec())
    };
    read(browser.send(Method::PUT, path, send).await).await
}

async fn world() -> (TestApp, Account, User, Browser) {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let ada = app.admin(&account, "ada@acme.example", &[LINE]).await;
    app.caught_up().await;
    let browser = app.session(&ada).await;
    (app, account, ada, browser)
}

#[tokio::test]
async fn an_interaction_is_put_once_and_replaced_by_version_only() {
    let (_app, _, _, ada) = world().await;
    let first = put(&ada, ONE, &call(), None).await;
    assert_eq!(first.status(), 201);
    assert_eq!(first.headers()["location"], ONE);
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let (_, body) = read(first).await;
    assert_eq!(body["agentIds"], json!(["2041"]));
    assert_eq!(put(&ada, ONE, &call(), None).await.status(), 200);

    let mut other = call();
    other["durationMs"] = json!(1_000_000);
    let (status, problem) = read(put(&ada, ONE, &other, None).await).await;
    assert_eq!(status, 409);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("another duration"),
        "{problem}"
    );
    assert_eq!(put(&ada, ONE, &other, Some("\"v1\"")).await.status(), 412);
    let replaced = put(&ada, ONE, &other, Some(&tag)).await;
    assert_eq!(replaced.status(), 200);
    assert_ne!(replaced.headers()["etag"].to_str().unwrap(), tag);
    // The version that was replaced is stale now.
    assert_eq!(put(&ada, ONE, &call(), Some(&tag)).await.status(), 412);
    let shown = ada.get(ONE).await;
    assert_eq!(shown.headers()["etag"], replaced.headers()["etag"]);
    let (_, body) = read(shown).await;
    assert_eq!(
        (&body["durationMs"], &body["content"]),
        (&json!(1_000_000), &json!([]))
    );

    for (member, value) in [
        ("start", json!("yesterday")),
        ("direction", json!("up")),
        ("line", json!("")),
        ("connectedAfterMs", json!(999_999_999)),
        ("durationMs", json!(9_999_999_999_u64)),
    ] {
        let mut bad = call();
        bad[member] = value;
        let status = put(&ada, ONE, &bad, None).await.status();
        assert_eq!(status, 422, "{member}");
    }
    let bad = json!({"start": "2026-03-02T09:15:30Z", "colour": "red"});
    assert_eq!(put(&ada, ONE, &bad, None).await.status(), 400);
    assert_eq!(
        put(&ada, &format!("{ALL}/nothing"), &call(), None)
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn content_never_acts_as_a_page_of_ours() {
    let (_app, _, _, ada) = world().await;
    put(&ada, ONE, &call(), None).await;
    let path = format!("{ONE}/content/note-1");
    let html = [("content-type", "text/html".to_owned())];
    let (status, item) = put_bytes(
        &ada,
        &format!("{path}?type=attachment"),
        b"<script></script>",
        &html,
    )
    .await;
    assert_eq!(status, 201, "{item}");
    let answer = ada.get(&path).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-disposition"], "attachment");
    assert_eq!(
        answer.headers()["content-security-policy"],
        "default-src 'none'; sandbox"
    );
}

#[tokio::test]
async fn content_is_streamed_in_checked_and_never_changed() {
    let (app, _, _, ada) = world().await;
    put(&ada, ONE, &call(), None).await;
    let path = format!("{ONE}/content/callRecording");
    let bytes = wav(200_000);
    let sha256 = ContentDigest::of(&bytes);
    let digest =
        |bytes: &[u8]| format!("sha-256=:{}:", base64(ContentDigest::of(bytes).as_bytes()));
    let wrong = [("content-digest", digest(b"something else"))];
    assert_eq!(put_bytes(&ada, &path, &bytes, &wrong).await.0, 422);
    assert_eq!(
        put_bytes(&ada, &path, &bytes[..1_000], &[]).await.0,
        422,
        "cut short"
    );
    assert_eq!(put_bytes(&ada, &path, b"{}", &[]).await.0, 422, "no audio");
    assert_eq!(put_bytes(&ada, &path, b"", &[]).await.0, 422);
    let right = [
        ("repr-digest", format!("sha-512=:AAAA:, {}", digest(&bytes))),
        ("content-type", "audio/wav".to_owned()),
    ];
    let (status, item) = put_bytes(&ada, &path, &bytes, &right).await;
    assert_eq!(status, 201, "{item}");
    assert_eq!(item["sha256"], json!(sha256.to_string()));
    assert_eq!(item["contentLength"], json!(bytes.len()));
    assert_eq!(put_bytes(&ada, &path, &bytes, &right).await.0, 200, "again");
    assert_eq!(
        put_bytes(&ada, &path, &bytes, &[]).await.0,
        200,
        "again, undeclared"
    );
    assert_eq!(
        put_bytes(&ada, &path, &wav(8), &[]).await.0,
        409,
        "content never changes"
    );

    let note = format!("{ONE}/content/note-1");
    assert_eq!(
        put_bytes(&ada, &note, b"{}", &[]).await.0,
        400,
        "what is it?"
    );
    let note = format!("{note}?type=conversationSummary");
    assert_eq!(put_bytes(&ada, &note, b"{broken", &[]).await.0, 422);
    assert_eq!(put_bytes(&ada, &note, b"{\"a\":1}", &[]).await.0, 201);
    let missing = format!("{ALL}/0190a1b2-3333-4d5e-8f60-7a8b9c0d0009/content/callRecording");
    assert_eq!(put_bytes(&ada, &missing, &bytes, &[]).await.0, 404);

    let answer = ada.get(&path).await;
    assert_eq!(answer.headers()["repr-digest"], digest(&bytes).as_str());
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    let part = ada
        .send(Method::GET, &path, |r| r.header("range", "bytes=44-47"))
        .await;
    assert_eq!(
        (part.status().as_u16(), part.bytes().await.unwrap().len()),
        (206, 4)
    );
    let (_, page) = read(
        ada.get(&format!(
            "{ALL}?start=2026-03-01T00:00:00Z&end=2026-03-07T00:00:00Z"
        ))
        .await,
    )
    .await;
    assert_eq!(
        page["items"][0]["content"].as_array().unwrap().len(),
        2,
        "{page}"
    );
    assert_eq!(page["nextCursor"], Value::Null);
    // What was put in can be heard by everybody who may, also at the portal.
    let portal = ONE.replace("/api/v1/accounts/acme/interactions", "/admin/recordings");
    assert!(ada.page(&portal).await.1.contains("<audio"));

    let gone = ada.send(Method::DELETE, &path, |r| r).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(ada.send(Method::DELETE, ONE, |r| r).await.status(), 204);
    assert_eq!(ada.get(&path).await.status(), 404);
    assert_eq!(ada.get(ONE).await.status(), 200, "the call itself stays");
    drop(app);
}

#[tokio::test]
async fn only_admins_put_and_everybody_sees_by_their_own_permissions() {
    let (app, account, _, ada) = world().await;
    put(&ada, ONE, &call(), None).await;
    let path = format!("{ONE}/content/callRecording");
    assert_eq!(put_bytes(&ada, &path, &wav(80), &[]).await.0, 201);
    let week = format!("{ALL}?start=2026-03-01T00:00:00Z&end=2026-03-07T00:00:00Z");

    let (sue, supervisor) = person(&app, &account, "sue@acme.example", Role::Supervisor).await;
    assert_eq!(put(&supervisor, ONE, &call(), None).await.status(), 404);
    assert_eq!(put_bytes(&supervisor, &path, &wav(80), &[]).await.0, 404);
    assert_eq!(supervisor.get(ONE).await.status(), 404);
    assert_eq!(
        read(supervisor.get(&week).await).await.1["items"],
        json!([])
    );
    for (value, status) in [(true, 200), (false, 404)] {
        let edit = UserEdit {
            permissions: vec![(Permission::ViewInboundContent, value)],
            lines: Some(vec![Line::parse(LINE).unwrap()]),
            ..UserEdit::default()
        };
        user_edit(&app.ctx, &actor(), sue.id, edit).await.unwrap();
        app.caught_up().await;
        assert_eq!(supervisor.get(ONE).await.status(), status);
        assert_eq!(supervisor.get(&path).await.status(), status);
        let refused = supervisor.send(Method::DELETE, &path, |r| r).await;
        assert_eq!(refused.status(), if value { 403 } else { 404 });
    }
    // An admin without lines knows of the call and hears nothing of it.
    let (_, bob) = person(&app, &account, "bob@acme.example", Role::Admin).await;
    let (status, body) = read(bob.get(ONE).await).await;
    assert_eq!((status, &body["content"]), (200, &json!([])));
    assert_eq!(bob.get(&path).await.status(), 404);

    let rival = app.account("rival").await;
    let eve = app.admin(&rival, "eve@rival.example", &[LINE]).await;
    app.caught_up().await;
    let eve = app.session(&eve).await;
    for path in [ONE, &path, &week] {
        assert_eq!(eve.get(path).await.status(), 404, "{path}");
    }
    assert_eq!(put(&eve, ONE, &call(), None).await.status(), 404);
    assert_eq!(app.browser(None).get(ONE).await.status(), 401);
}

#[tokio::test]
async fn a_list_goes_on_by_cursor_in_both_orders() {
    let (_app, _, _, ada) = world().await;
    for n in 1..=5 {
        let one = format!("{ALL}/0190a1b2-3333-4d5e-8f60-7a8b9c0d000{n}");
        let mut call = call();
        call["start"] = json!(format!("2026-03-02T09:1{n}:00Z"));
        assert_eq!(put(&ada, &one, &call, None).await.status(), 201);
        let path = format!("{one}/content/callRecording");
        assert_eq!(put_bytes(&ada, &path, &wav(8 + n), &[]).await.0, 201);
    }
    let week = format!("{ALL}?start=2026-03-01T00:00:00Z&end=2026-03-07T00:00:00Z&limit=2");
    for (order, expected) in [("oldest", "12345"), ("newest", "54321")] {
        let mut seen = String::new();
        let mut cursor = String::new();
        loop {
            let (status, page) =
                read(ada.get(&format!("{week}&order={order}{cursor}")).await).await;
            assert_eq!(status, 200, "{page}");
            for item in page["items"].as_array().unwrap() {
                seen.push_str(item["guid"].as_str().unwrap().get(35..).unwrap());
            }
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected);
    }
    assert_eq!(ada.get(&format!("{week}&cursor=AAAA")).await.status(), 400);
    let long = format!("{ALL}?start=2026-03-01T00:00:00Z&end=2026-03-09T00:00:00Z");
    assert_eq!(ada.get(&long).await.status(), 422);
    assert_eq!(ada.get(ALL).await.status(), 400);
}

#[tokio::test]
async fn a_token_that_may_only_look_changes_nothing() {
    let (app, account, ada, _) = world().await;
    let credential = app
        .credential(&account, &ada, "management:read management:write")
        .await;
    let send = async |method: Method, path: &str, scopes: &str| {
        let token = app.token(&credential, scopes).await;
        let request = app.http.request(method, app.url(path)).bearer_auth(token);
        let request = request.header("content-type", "application/json");
        request
            .body(call().to_string())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(send(Method::PUT, ONE, "management:read").await, 403);
    assert_eq!(send(Method::PUT, ONE, "management:write").await, 201);
    assert_eq!(send(Method::GET, ONE, "management:read").await, 200);
    assert_eq!(send(Method::DELETE, ONE, "management:read").await, 403);
}
