//! `/api/v1/accounts`, and with it what every noun shares: problems, versions, pages, idempotency keys.

use super::{operator, person, read};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{Browser, TestApp};
use serde_json::json;

const PATH: &str = "/api/v1/accounts";

#[tokio::test]
async fn an_operator_makes_finds_suspends_and_resumes() {
    for app in TestApp::both().await {
        let (_, _, olga) = operator(&app).await;
        let made = olga.api("POST", PATH, Some(&json!({"name": "acme"}))).await;
        assert_eq!(made.headers()["location"], "/api/v1/accounts/acme");
        let (status, account) = read(made).await;
        assert_eq!((status, &account["region"]), (201, &json!("emea")));
        let (_, found) = read(olga.get("/api/v1/accounts?q=ACM").await).await;
        assert_eq!(found["items"][0]["name"], "acme", "{}", app.engine);
        assert_eq!(found["nextCursor"], json!(null));

        let one = olga.get("/api/v1/accounts/acme").await;
        let tag = one.headers()["etag"].to_str().unwrap().to_owned();
        let edit = |tag: &str, body: serde_json::Value| {
            let (olga, tag) = (olga.clone(), tag.to_owned());
            async move {
                let method = reqwest::Method::PATCH;
                let send = |r: reqwest::RequestBuilder| r.header("if-match", tag).json(&body);
                read(olga.send(method, "/api/v1/accounts/acme", send).await).await
            }
        };
        let suspend = json!({"status": "suspended"});
        let (status, problem) = read(
            olga.api("PATCH", "/api/v1/accounts/acme", Some(&suspend))
                .await,
        )
        .await;
        assert_eq!(
            (status, &problem["type"]),
            (428, &json!("/problems/precondition-required"))
        );
        let (status, account) = edit(&tag, suspend.clone()).await;
        assert_eq!((status, &account["status"]), (200, &json!("suspended")));
        let (status, problem) = edit(&tag, suspend.clone()).await;
        assert_eq!((status, &problem["type"]), (412, &json!("/problems/stale")));
        let (status, account) = edit("*", json!({"status": "active"})).await;
        assert_eq!((status, &account["status"]), (200, &json!("active")));
        let (status, problem) = edit("*", json!({"status": "asleep"})).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!("/status"))
        );
        let (status, _) = edit("*", json!({"colour": "red"})).await;
        assert_eq!(status, 400);
    }
}

#[tokio::test]
async fn an_operator_does_not_lock_themselves_out() {
    let app = TestApp::sqlite().await;
    let (_, _, olga) = operator(&app).await;
    let send = |r: reqwest::RequestBuilder| {
        r.header("if-match", "*")
            .json(&json!({"status": "suspended"}))
    };
    let answer = olga
        .send(reqwest::Method::PATCH, "/api/v1/accounts/house", send)
        .await;
    assert_eq!(answer.status(), 409);
}

#[tokio::test]
async fn others_see_their_own_account_and_no_other() {
    let app = TestApp::sqlite().await;
    let (_, _, _) = operator(&app).await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let (_, list) = read(sam.get(PATH).await).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(read(sam.get("/api/v1/accounts/acme").await).await.0, 200);
    assert_eq!(read(sam.get("/api/v1/accounts/house").await).await.0, 404);
    assert_eq!(
        read(sam.get("/api/v1/accounts/No%20Name").await).await.0,
        404
    );
    let new = json!({"name": "mine"});
    assert_eq!(read(sam.api("POST", PATH, Some(&new)).await).await.0, 404);
    let send = |r: reqwest::RequestBuilder| {
        r.header("if-match", "*")
            .json(&json!({"status": "suspended"}))
    };
    let answer = sam
        .send(reqwest::Method::PATCH, "/api/v1/accounts/acme", send)
        .await;
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn problems_say_what_is_wrong_and_name_the_request() {
    let app = TestApp::sqlite().await;
    let (_, _, olga) = operator(&app).await;
    let answer = olga
        .api("POST", PATH, Some(&json!({"name": "No Name"})))
        .await;
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let (status, problem) = read(answer).await;
    assert_eq!(status, 422);
    assert_eq!(problem["requestId"], json!(id));
    assert_eq!(problem["errors"][0]["pointer"], "/name");
    for (send, expected) in [
        ("?limit=0", 400),
        ("?limit=201", 400),
        ("?limit=x", 400),
        ("?cursor=x", 400),
        ("?colour=red", 400),
        ("?limit=1&limit=1", 400),
        ("?limit=200", 200),
    ] {
        assert_eq!(
            read(olga.get(&format!("{PATH}{send}")).await).await.0,
            expected,
            "{send}"
        );
    }
    let text = |r: reqwest::RequestBuilder| r.header("content-type", "text/plain").body("{}");
    let answer = olga.send(reqwest::Method::POST, PATH, text).await;
    assert_eq!(answer.status(), 415);
    let long = |r: reqwest::RequestBuilder| {
        r.header("content-type", "application/json")
            .body(" ".repeat(300_000))
    };
    let answer = olga.send(reqwest::Method::POST, PATH, long).await;
    assert_eq!(answer.status(), 413);
    let nobody = app.browser(None).get(PATH).await;
    assert!(nobody.headers().contains_key("www-authenticate"));
    let (status, problem) = read(nobody).await;
    assert_eq!(
        (status, &problem["type"]),
        (401, &json!("/problems/not-authenticated"))
    );
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let app = TestApp::sqlite().await;
    let (_, _, olga) = operator(&app).await;
    for name in ["a", "b", "c", "d"] {
        app.account(name).await;
    }
    let mut names = Vec::new();
    let mut path = format!("{PATH}?limit=2");
    loop {
        let (status, page) = read(olga.get(&path).await).await;
        assert_eq!(status, 200);
        for item in page["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("{PATH}?limit=2&cursor={next}");
        let forged = format!("{PATH}?cursor=A{next}");
        assert_eq!(read(olga.get(&forged).await).await.0, 400);
    }
    assert_eq!(names, ["a", "b", "c", "d", "house"]);
}

#[tokio::test]
async fn a_create_sent_twice_under_one_key_is_done_once() {
    for app in TestApp::both().await {
        let (_, user, olga) = operator(&app).await;
        let send_as = |olga: Browser, key: &'static str, name: &'static str| async move {
            let with = |r: reqwest::RequestBuilder| {
                r.header("idempotency-key", key)
                    .json(&json!({"name": name}))
            };
            olga.send(reqwest::Method::POST, PATH, with).await
        };
        let send = |key, name| send_as(olga.clone(), key, name);
        let first = send("k1", "acme").await;
        assert_eq!(first.status(), 201);
        let (_, made) = read(first).await;
        let second = send("k1", "acme").await;
        assert_eq!(
            second.headers()["idempotency-replayed"],
            "true",
            "{}",
            app.engine
        );
        assert_eq!(second.headers()["location"], "/api/v1/accounts/acme");
        assert_eq!(read(second).await, (201, made));
        let (status, problem) = read(send("k1", "other").await).await;
        assert_eq!(
            (status, &problem["type"]),
            (422, &json!("/problems/idempotency-key-reused"))
        );
        // Another key is another request.
        assert_eq!(read(send("k2", "acme").await).await.0, 409);
        // A refused request gives its key back.
        assert_eq!(read(send("k3", "No Name").await).await.0, 422);
        assert_eq!(read(send("k3", "fine").await).await.0, 201);
        // Eight at once: one is done.
        let crowd: Vec<_> = (0..8).map(|_| tokio::spawn(send("k4", "crowd"))).collect();
        let mut n_made = 0;
        for one in crowd {
            let answer = one.await.unwrap();
            let again = answer.headers().contains_key("idempotency-replayed");
            match answer.status().as_u16() {
                201 if !again => n_made += 1,
                201 | 409 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(n_made, 1, "{}", app.engine);
        app.clock.advance_secs(86_401);
        app.caught_up().await;
        let later = app.session(&user).await;
        let (status, problem) = read(send_as(later, "k1", "acme").await).await;
        assert_eq!(
            (status, &problem["type"]),
            (409, &json!("/problems/conflict"))
        );
    }
}
