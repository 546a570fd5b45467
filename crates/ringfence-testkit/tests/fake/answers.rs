//! Tokens, lists, quotas and scripts.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use ringfence_core::time::Timestamp;
use ringfence_testkit::clock::FastClock;
use ringfence_testkit::fake::{
    Answer, FakeAccount, FakePlatform, Paging, RetryAfter, Route, Switches, TokenFault, UsersShape,
    guid,
};
use serde_json::Value;

use super::caller::{ALL, BEGIN, Caller, begin, guids, token, window};

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
