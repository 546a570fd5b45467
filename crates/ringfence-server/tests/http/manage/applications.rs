//! `/api/v1/applications` and the pages of applications, for operators.

use super::{operator, person, read};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{Browser, TestApp};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/applications";

async fn edit(browser: &Browser, path: &str, tag: &str, body: &Value) -> (u16, Value) {
    let send = |r: reqwest::RequestBuilder| r.header("if-match", tag).json(body);
    read(browser.send(reqwest::Method::PATCH, path, send).await).await
}

#[tokio::test]
async fn an_operator_looks_judges_hands_over_and_deletes() {
    for app in TestApp::both().await {
        let (_, _, olga) = operator(&app).await;
        let (dana, rita) = (
            app.developer("dana.api").await,
            app.developer("rita.api").await,
        );
        let board = app.application(&dana, "Call board").await;
        app.application(&rita, "Other").await;
        let id = board.application.id;
        let one = format!("{PATH}/{id}");

        let (status, list) = read(olga.get(&format!("{PATH}?q=BOARD")).await).await;
        assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 1));
        let found = &list["items"][0];
        assert_eq!(found["developer"], "dana.api", "{}", app.engine);
        assert_eq!(found["keys"]["consumerKey"], board.key);
        assert!(!list.to_string().contains(board.secret.expose()));
        let count = |query: &'static str| {
            let olga = &olga;
            async move {
                let (_, list) = read(olga.get(&format!("{PATH}?{query}")).await).await;
                list["items"].as_array().unwrap().len()
            }
        };
        assert_eq!(count("developer=rita.api").await, 1);
        assert_eq!(count("developer=nobody.api").await, 0);
        assert_eq!(count("status=SUSPENDED").await, 0);
        let (_, first) = read(olga.get(&format!("{PATH}?limit=1")).await).await;
        assert_eq!(first["items"][0]["name"], "Call board");
        let next = first["nextCursor"].as_str().unwrap();
        let next = format!("{PATH}?limit=1&cursor={next}");
        let (_, second) = read(olga.get(&next).await).await;
        assert_eq!(second["items"][0]["name"], "Other");
        assert_eq!(second["nextCursor"], Value::Null);

        let (status, _) = edit(&olga, &one, "\"v9\"", &json!({"verified": true})).await;
        assert_eq!(status, 412);
        let both = json!({"verified": true, "status": "SUSPENDED"});
        let (status, changed) = edit(&olga, &one, "\"v1\"", &both).await;
        assert_eq!(status, 200, "{changed}");
        assert_eq!(
            (&changed["verified"], &changed["status"]),
            (&json!(true), &json!("SUSPENDED"))
        );
        app.caught_up().await;
        let snapshot = app.ctx.directory.snapshot();
        assert!(snapshot.live_application(id).is_err());
        let (_, resumed) = edit(&olga, &one, "*", &json!({"status": "APPROVED"})).await;
        assert_eq!(resumed["status"], "APPROVED");
        app.caught_up().await;
        let snapshot = app.ctx.directory.snapshot();
        // Tokens of before stay refused.
        assert_eq!(snapshot.live_application(id).unwrap().epoch, 1);
        let (_, given) = edit(&olga, &one, "*", &json!({"developer": "rita.api"})).await;
        assert_eq!(given["developer"], "rita.api");
        for (body, status) in [
            (json!({"status": "GONE"}), 422),
            (json!({"developer": "x"}), 422),
            (json!({"developer": "nobody.api"}), 404),
            (json!({"colour": "red"}), 400),
        ] {
            assert_eq!(edit(&olga, &one, "*", &body).await.0, status, "{body}");
        }

        let all = format!("{one}/subscriptions");
        let (_, list) = read(olga.get(&all).await).await;
        assert_eq!(list["items"][0]["suite"], "Provisioning");
        let subscription = format!("{all}/{}", list["items"][0]["id"].as_str().unwrap());
        for (status, blocked) in [("BLOCKED", true), ("BLOCKED", true), ("UNBLOCKED", false)] {
            let body = json!({"status": status});
            let (code, now) = edit(&olga, &subscription, "*", &body).await;
            assert_eq!((code, &now["status"]), (200, &json!(status)), "{blocked}");
        }
        let odd = edit(&olga, &subscription, "*", &json!({"status": "ON_HOLD"})).await;
        assert_eq!(odd.0, 422);

        assert_eq!(olga.api("DELETE", &one, None).await.status(), 204);
        assert_eq!(olga.get(&one).await.status(), 404);
        assert_eq!(olga.api("DELETE", &one, None).await.status(), 404);
    }
}

#[tokio::test]
async fn pages_ask_before_they_take_something_away() {
    let app = TestApp::sqlite().await;
    let (_, _, olga) = operator(&app).await;
    let (status, empty) = olga.page("/admin/applications").await;
    assert_eq!(status, 200);
    assert!(empty.contains("No applications yet"));
    let dana = app.developer("dana.api").await;
    let board = app.application(&dana, "Call <board>").await;
    let id = board.application.id;
    let page = format!("/admin/applications/{id}");
    let (_, list) = olga
        .page("/admin/applications?sort=-created&status=APPROVED")
        .await;
    assert!(
        list.contains(&page) && list.contains("Call &#60;board&#62;"),
        "{list}"
    );
    let (_, shown) = olga.page(&page).await;
    for text in [
        "Unverified",
        &board.key,
        "https://app.example/callback",
        "Password (legacy)",
    ] {
        assert!(shown.contains(text), "{text}");
    }
    assert!(!shown.contains(board.secret.expose()));
    for (act, notice, then) in [
        ("verify", "application-verified", "Verified"),
        ("unverify", "application-unverified", "Unverified"),
        ("suspend", "application-suspended", "Suspended"),
        ("resume", "application-resumed", "In use"),
    ] {
        let switch = format!("{page}/switch/{act}");
        let (status, asked) = olga.page(&switch).await;
        assert_eq!(status, 200, "{act}");
        assert!(asked.contains(&format!("action=\"{switch}\"")), "{act}");
        let done = olga.post_form(&switch, &[]).await;
        let to = done.headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(to, format!("{page}?notice={notice}"));
        assert!(olga.page(&to).await.1.contains(then), "{act}");
    }
    let subscription = board.application.subscriptions[0].id;
    for (act, status) in [("block", "BLOCKED"), ("unblock", "UNBLOCKED")] {
        let path = format!("{page}/subscriptions/{subscription}/{act}");
        assert_eq!(olga.post_form(&path, &[]).await.status(), 303);
        assert!(
            olga.page(&page).await.1.contains(&format!(">{status}<")),
            "{act}"
        );
    }
    let (_, whole) = olga
        .page(&format!("/admin/audit/installation?subject={id}"))
        .await;
    assert!(whole.contains("application.suspend"));
    assert_eq!(olga.page(&format!("{page}/switch/paint")).await.0, 404);
    let gone = olga.post_form(&format!("{page}/switch/delete"), &[]).await;
    assert_eq!(
        gone.headers()["location"],
        "/admin/applications?notice=application-deleted"
    );
    assert_eq!(olga.page(&page).await.0, 404);
}

#[tokio::test]
async fn nobody_else_knows_of_applications() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let dana = app.developer("dana.api").await;
    let board = app.application(&dana, "Board").await;
    let id = board.application.id;
    let subscription = board.application.subscriptions[0].id;
    for path in [
        PATH.to_owned(),
        format!("{PATH}/{id}"),
        format!("{PATH}/{id}/subscriptions"),
        "/admin/applications".to_owned(),
        format!("/admin/applications/{id}"),
        format!("/admin/applications/{id}/switch/suspend"),
    ] {
        assert_eq!(sam.get(&path).await.status(), 404, "{path}");
    }
    for path in [
        format!("/admin/applications/{id}/switch/suspend"),
        format!("/admin/applications/{id}/switch/delete"),
        format!("/admin/applications/{id}/subscriptions/{subscription}/block"),
    ] {
        assert_eq!(sam.post_form(&path, &[]).await.status(), 404, "{path}");
    }
    let one = format!("{PATH}/{id}");
    let suspend = json!({"status": "SUSPENDED"});
    assert_eq!(edit(&sam, &one, "*", &suspend).await.0, 404);
    let blocked = format!("{one}/subscriptions/{subscription}");
    let block = json!({"status": "BLOCKED"});
    assert_eq!(edit(&sam, &blocked, "*", &block).await.0, 404);
    assert_eq!(sam.api("DELETE", &one, None).await.status(), 404);
}
