//! What each API says to a call it does not take (vcc-api §1.5), word for word.

use super::{ALL_SCOPES, World, send, version};
use ringfence_testkit::calls::call;
use serde_json::{Value, json};

const APIS: [(&str, &str); 3] = [
    (
        "/interaction-content/interactions?start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z",
        "interaction-content:read",
    ),
    (
        "/stats/interactions?start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z",
        "stats",
    ),
    ("/useradmin/users", "users:read"),
];

fn missing_token() -> Value {
    json!({"error_description": "The access token is missing", "error": "invalid_request"})
}

fn bad_token() -> Value {
    json!({"error_description": "The access token is invalid or has expired", "error": "invalid_token"})
}

#[tokio::test]
async fn a_version_is_needed_and_each_api_says_so_in_its_own_words() {
    let world = World::new().await;
    let none: [Value; 3] = [
        json!({"message": "Invalid api-version! Valid values: 'application/vnd.newvoicemedia.v2+json', 'application/vnd.newvoicemedia.v3+json'"}),
        json!({"statusCode": 400, "error": "Bad Request", "message": "Invalid Accept header!"}),
        json!({"message": "Version missing from Accept header!"}),
    ];
    let bad: [Value; 3] = [
        json!({"message": "Invalid api-version! Valid values: 'application/vnd.newvoicemedia.v3+json'"}),
        json!({"statusCode": 400, "error": "Bad Request", "message": "Invalid api-version! Valid values: 2,3"}),
        json!({"message": "Invalid api-version! Valid values: 4"}),
    ];
    for ((path, _), (none, bad)) in APIS.into_iter().zip(none.into_iter().zip(bad)) {
        for accept in ["*/*", "application/json"] {
            let answer = world.send("GET", path, &[("accept", accept)]).await;
            assert_eq!(
                (answer.status, answer.json()),
                (400, none.clone()),
                "{path} {accept}"
            );
        }
        for n in [1, 5, 33] {
            let accept = format!("application/vnd.newvoicemedia.v{n}+json");
            let answer = world.send("GET", path, &[("accept", &accept)]).await;
            assert_eq!(
                (answer.status, answer.json()),
                (400, bad.clone()),
                "{path} {accept}"
            );
        }
    }
    let made = call(&world.account, 0);
    world.app.store_recorded(&made).await;
    let file = format!(
        "/interaction-content/interactions/{}/content/callRecording",
        made.id
    );
    for (method, path) in [
        ("GET", file.clone()),
        ("DELETE", file.clone()),
        (
            "DELETE",
            format!("/interaction-content/interactions/{}", made.id),
        ),
        (
            "POST",
            "/interaction-content/interactions/delete-batch".to_owned(),
        ),
        ("GET", format!("/stats/interactions/{}", made.id)),
        ("GET", "/stats/interactions/ongoing".to_owned()),
        ("GET", "/stats/agent-status".to_owned()),
        ("GET", "/stats/queue-times".to_owned()),
        ("POST", "/useradmin/users".to_owned()),
        ("PATCH", format!("/useradmin/users/{}", world.owner.id)),
        ("GET", "/useradmin/groups".to_owned()),
    ] {
        let answer = world.send(method, &path, &[("accept", "*/*")]).await;
        assert_eq!(answer.status, 400, "{method} {path}");
    }
    assert_eq!(world.get(&file).await.status, 200);
}

#[tokio::test]
async fn tokens_are_missed_and_refused_in_the_apis_words() {
    let world = World::new().await;
    for (path, scope) in APIS {
        let accept = ("accept", version(path));
        let answer = send(&world.app, "GET", path, &[accept], None).await;
        assert_eq!(
            (answer.status, answer.json()),
            (401, missing_token()),
            "{path}"
        );
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge.contains(&format!("scope=\"{scope}")),
            "{challenge}"
        );
        assert!(
            answer
                .header("content-type")
                .starts_with("application/json")
        );

        let answer = world
            .send("GET", path, &[("authorization", "Bearer nonsense")])
            .await;
        assert_eq!((answer.status, answer.json()), (401, bad_token()), "{path}");
        assert!(
            answer
                .header("www-authenticate")
                .contains("error=\"invalid_token\"")
        );
        let lower = format!("bearer {}", world.token);
        let answer = world.send("GET", path, &[("authorization", &lower)]).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    world.app.clock.advance_secs(16 * 60);
    world.app.caught_up().await;
    for (path, _) in APIS {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.json()), (401, bad_token()), "{path}");
    }
}

#[tokio::test]
async fn a_scope_that_was_not_asked_for_or_is_not_held() {
    let world = World::new().await;
    let everything = world
        .app
        .credential(&world.account, &world.owner, ALL_SCOPES)
        .await;
    for (path, scope) in APIS {
        let other = if scope == "stats" {
            "users:write"
        } else {
            "stats"
        };
        let not_asked = format!("Bearer {}", world.app.token(&everything, other).await);
        let answer = world
            .send("GET", path, &[("authorization", &not_asked)])
            .await;
        let expected = if scope == "stats" {
            (401, json!({"message": "Unauthorized"}))
        } else {
            (403, json!({"message": "Forbidden"}))
        };
        assert_eq!((answer.status, answer.json()), expected, "{path}");
        assert!(
            answer
                .header("www-authenticate")
                .contains("insufficient_scope")
        );

        let narrow = world
            .app
            .credential(&world.account, &world.owner, other)
            .await;
        let lacks = format!("Bearer {}", world.app.token(&narrow, other).await);
        let answer = world.send("GET", path, &[("authorization", &lacks)]).await;
        let forbidden = (403, json!({"message": "Forbidden"}));
        assert_eq!((answer.status, answer.json()), forbidden, "{path}");
    }
}

#[tokio::test]
async fn reading_is_not_deleting_and_reading_users_is_not_writing() {
    let world = World::new().await;
    let made = call(&world.account, 0);
    world.app.store_recorded(&made).await;
    let scopes = "interaction-content:read users:read";
    let reader = world
        .app
        .credential(&world.account, &world.owner, scopes)
        .await;
    let bearer = format!("Bearer {}", world.app.token(&reader, scopes).await);
    let one = format!("/interaction-content/interactions/{}", made.id);
    let user = format!("/useradmin/users/{}", world.owner.id);
    for (method, path, status) in [
        ("GET", one.clone(), 200),
        ("DELETE", one.clone(), 403),
        ("DELETE", format!("{one}/content/callRecording"), 403),
        (
            "POST",
            "/interaction-content/interactions/delete-batch".to_owned(),
            403,
        ),
        ("GET", user.clone(), 200),
        ("PATCH", user.clone(), 403),
        ("POST", "/useradmin/users".to_owned(), 403),
        ("PUT", format!("{user}/groups"), 403),
        ("PUT", format!("{user}/permissions/addresses"), 403),
        (
            "PATCH",
            format!("{user}/permissions/accessPermissions"),
            403,
        ),
    ] {
        let answer = world
            .send(method, &path, &[("authorization", &bearer)])
            .await;
        assert_eq!(answer.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_built_does_not_exist() {
    let world = World::new().await;
    for path in [
        "/useradmin/skills",
        "/stats/agent-activities",
        "/stats/wfm/queue-activity",
        "/interaction-content",
        "/conversation-analyzer/interactions",
    ] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}
