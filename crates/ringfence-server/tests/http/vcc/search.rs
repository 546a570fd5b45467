//! `GET /interaction-content/interactions` and `…/{guid}` (vcc-api §11.1 to §11.4).

use super::World;
use ringfence_core::content::ContentKind;
use ringfence_core::encoding::base64url_decode;
use ringfence_core::interaction::{Address, Direction};
use ringfence_core::user::AgentNumber;
use ringfence_testkit::calls::{FIRST_START, bytes, call};
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

const SEARCH: &str = "/interaction-content/interactions";
const DAY: &str = "start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z";

#[tokio::test]
async fn an_interaction_is_listed_as_the_fact_sheet_shows_it() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let recorded = call(&world.account, 1);
        world.app.store_recorded(&recorded).await;
        // A call without content does not exist here.
        world.app.store_call(&call(&world.account, 2)).await;
        let expected = json!({
            "guid": recorded.id.to_string(), "start": "2026-03-02T09:16:30Z",
            "connectFrom": "+441632960101", "connectTo": "+441632960900", "direction": "inbound",
            "handlingAgents": [{"id": "2041"}],
            "content": [{"contentKey": "callRecording", "type": "callRecording", "contentType": "audio/wav",
                "contentLength": 1000, "lastModified": "2026-03-02T09:20:10Z"}],
        });
        let list = world.get(&format!("{SEARCH}?{DAY}")).await.good();
        let whole = json!({"items": [expected], "meta": {"nextContinuationToken": null}});
        assert_eq!(list, whole, "{}", world.app.engine);
        let one = world.get(&format!("{SEARCH}/{}", recorded.id)).await.good();
        assert_eq!(one, expected);
        let upper = recorded.id.to_string().to_uppercase();
        let one = world
            .get(&format!("/Interaction-Content/INTERACTIONS/{upper}"))
            .await
            .good();
        assert_eq!(one, expected);
        let without = world
            .get(&format!("{SEARCH}/{}", call(&world.account, 2).id))
            .await;
        assert_eq!(
            (without.status, without.json()),
            (404, json!({"message": "Interaction not found"}))
        );
    }
}

#[tokio::test]
async fn pages_follow_one_another_by_opaque_tokens() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let mut expected = Vec::new();
        for n in 0..7 {
            let mut made = call(&world.account, n);
            // Three begin at the same instant.
            if (2..5).contains(&n) {
                made.started_at = call(&world.account, 2).started_at;
            }
            world.app.store_recorded(&made).await;
            expected.push(made.id.to_string());
        }
        let query = format!("{DAY}&limit=3&connectFrom=%2B44163&handlingAgentId=2041");
        let mut guids = Vec::new();
        let mut tokens: Vec<String> = Vec::new();
        let mut path = format!("{SEARCH}?{query}");
        loop {
            let page = world.get(&path).await;
            guids.extend(page.each("items", "guid"));
            let Value::String(token) = &page.json()["meta"]["nextContinuationToken"] else {
                break;
            };
            path = format!("{SEARCH}?{query}&continuationToken={token}");
            tokens.push(token.clone());
        }
        assert_eq!(guids, expected, "{}", world.app.engine);
        assert_eq!(tokens.len(), 2);
        // A token holds no text of the query, and does not grow with it.
        for token in &tokens {
            let raw = base64url_decode(token).unwrap();
            assert!(!raw.windows(4).any(|w| w == b"4416" || w == b"2041"));
            assert_eq!(token.len(), tokens[0].len());
        }

        // Any changed character, and a good token of another account.
        let stranger = world.app.account("other").await;
        let their = world
            .app
            .admin(&stranger, "kim@other.example", &[super::LINE])
            .await;
        let scope = "interaction-content:read";
        let credential = world.app.credential(&stranger, &their, scope).await;
        let bearer = format!("Bearer {}", world.app.token(&credential, scope).await);
        let resumed = world
            .send("GET", &path, &[("authorization", &bearer)])
            .await;
        assert_eq!(resumed.status, 400);
        let good = tokens[0].as_str();
        let (head, tail) = good.split_at(20);
        let other = if tail.starts_with('A') { 'B' } else { 'A' };
        let rest: String = tail.chars().skip(1).collect();
        for forged in [
            "AAAA".to_owned(),
            "not%20base64".to_owned(),
            "x".repeat(5000),
            format!("{head}{other}{rest}"),
            format!("{good}AAAA"),
        ] {
            let answer = world
                .get(&format!("{SEARCH}?{DAY}&continuationToken={forged}"))
                .await;
            assert_eq!(answer.status, 400, "{forged:.40}");
            assert_eq!(
                answer.json(),
                json!({"message": "Invalid continuationToken"})
            );
        }
    }
}

#[tokio::test]
async fn version_two_has_page_numbers() {
    let world = World::new().await;
    for n in 0..5 {
        world.app.store_recorded(&call(&world.account, n)).await;
    }
    let v2 = [("accept", "application/vnd.newvoicemedia.v2+json")];
    let path = format!("{SEARCH}?{DAY}&limit=2&page=3");
    let answer = world.send("GET", &path, &v2).await;
    assert_eq!(
        answer.each("items", "guid"),
        [call(&world.account, 4).id.to_string()]
    );
    let meta = json!({"page": 3, "count": 1, "pageCount": 3, "totalCount": 5});
    assert_eq!(answer.json()["meta"], meta);
}

#[tokio::test]
async fn the_ends_of_the_window_count_to_the_instant() {
    let world = World::new().await;
    world.app.store_recorded(&call(&world.account, 0)).await;
    for (start, end, n) in [
        (FIRST_START, FIRST_START, 1),
        ("2026-03-02T09:15:30.251Z", "2026-03-03T00:00:00Z", 0),
        ("2026-03-02T00:00:00Z", "2026-03-02T09:15:30.249Z", 0),
        ("2026-03-02T09:15:30Z", "2026-03-02T09:15:31Z", 1),
        ("2026-03-02T00:00:00Z", "2026-03-02T09:15:30Z", 0),
        (
            "2026-03-02T10:15:30.2500000%2B01:00",
            "2026-03-02T10:15:31+01:00",
            1,
        ),
    ] {
        let answer = world
            .get(&format!("{SEARCH}?start={start}&end={end}"))
            .await;
        assert_eq!(answer.each("items", "guid").len(), n, "{start} {end}");
    }
}

#[tokio::test]
async fn filters_narrow_and_names_take_any_case() {
    let world = World::new().await;
    let mut outbound = call(&world.account, 1);
    outbound.direction = Direction::Outbound;
    outbound.connect_from = Address::parse("+441632960900").unwrap();
    outbound.connect_to = Address::parse("caller@example.com").unwrap();
    outbound.channels[1].agent = Some(AgentNumber::parse("2042").unwrap());
    world.app.store_recorded(&call(&world.account, 0)).await;
    world.app.store_recorded(&outbound).await;
    let (inbound, outbound) = (
        call(&world.account, 0).id.to_string(),
        outbound.id.to_string(),
    );
    for (filter, expected) in [
        ("direction=inbound", vec![&inbound]),
        ("Direction=OUTBOUND", vec![&outbound]),
        ("handlingAgentId=2042", vec![&outbound]),
        ("handlingAgentId=none%20such", vec![]),
        ("connectFrom=%2B4416329601", vec![&inbound]),
        ("connectFrom=+4416329601", vec![&inbound]),
        ("CONNECTTO=caller@", vec![&outbound]),
        ("connectTo=Caller@", vec![]),
        ("connectTo=%25", vec![]),
        ("unknown=1", vec![&inbound, &outbound]),
    ] {
        let answer = world.get(&format!("{SEARCH}?{DAY}&{filter}")).await;
        assert_eq!(
            answer.each("items", "guid").iter().collect::<Vec<_>>(),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_said() {
    let world = World::new().await;
    let day = |rest: &str| format!("{DAY}&{rest}");
    for (query, message) in [
        ("end=2026-03-03T00:00:00Z".to_owned(), "start is required"),
        ("start=2026-03-03T00:00:00Z".to_owned(), "end is required"),
        (
            "start=yesterday&end=2026-03-03T00:00:00Z".to_owned(),
            "start must be an ISO 8601 date-time",
        ),
        (
            "start=2026-03-02T00:00:00.001Z&end=2026-03-02T00:00:00Z".to_owned(),
            "end must not be before start",
        ),
        (
            "start=2026-03-01T00:00:00Z&end=2026-03-08T00:00:00.001Z".to_owned(),
            "The maximum date range is 7 days",
        ),
        (day("limit=0"), "limit must be between 1 and 1000"),
        (day("limit=1001"), "limit must be between 1 and 1000"),
        (day("limit=many"), "limit must be a whole number"),
        (
            day("direction=internal"),
            "direction must be one of inbound, outbound",
        ),
        (
            day(&format!("connectFrom={}", "1".repeat(51))),
            "connectFrom must have 1 to 50 characters",
        ),
        (
            day("start=2026-03-02T00:00:00Z"),
            "start must be given once",
        ),
    ] {
        let answer = world.get(&format!("{SEARCH}?{query}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"message": message})),
            "{query}"
        );
    }
    let week = world
        .get(&format!(
            "{SEARCH}?start=2026-03-01T00:00:00Z&end=2026-03-08T00:00:00Z"
        ))
        .await;
    assert_eq!(week.status, 200);
    for (guid, message) in [
        ("1", "GUID must be 36 characters in length"),
        (
            "zzzzzzzz-3333-4d5e-8f60-7a8b9c0d0001",
            "GUID 'zzzzzzzz-3333-4d5e-8f60-7a8b9c0d0001' is not a valid UUID string",
        ),
    ] {
        let answer = world.get(&format!("{SEARCH}/{guid}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"message": message}))
        );
    }
}

#[tokio::test]
async fn kinds_have_their_own_fields() {
    let world = World::new().await;
    let made = call(&world.account, 0);
    world.app.store_call(&made).await;
    let item = world
        .app
        .store_item(&made, ContentKind::Voicemail, &bytes(50))
        .await;
    let mut tx = world.app.ctx.db.begin_write().await.unwrap();
    let sql = "UPDATE content_items SET owner_agent = '2041', properties = '{\"a\":[1]}'";
    assert_eq!(tx.execute(sql, &[]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let one = world.get(&format!("{SEARCH}/{}", made.id)).await.good();
    assert_eq!(
        one["content"],
        json!([{"contentKey": item.key.as_str(), "type": "voicemail", "contentType": "audio/wav", "contentLength": 50,
            "lastModified": "2026-03-02T09:19:10Z", "properties": {"a": [1]}, "owningAgent": {"id": "2041"}}])
    );
}
