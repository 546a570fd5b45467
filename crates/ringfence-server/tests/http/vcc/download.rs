//! `GET …/content/{contentKey}` (vcc-api §11.5, RFC 9110, RFC 9530).

use super::World;
use ringfence_core::content::{ContentItem, ContentKind};
use ringfence_core::encoding::base64;
use ringfence_core::interaction::Interaction;
use ringfence_testkit::calls::{bytes, call};
use ringfence_testkit::test_app::TestApp;
use serde_json::json;

fn path(call: &Interaction, key: &str) -> String {
    format!(
        "/interaction-content/interactions/{}/content/{key}",
        call.id
    )
}

async fn recorded(world: &World) -> (Interaction, ContentItem) {
    let made = call(&world.account, 0);
    let item = world.app.store_recorded(&made).await;
    (made, item)
}

#[tokio::test]
async fn the_whole_file_comes_with_everything_that_proves_it() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let (made, item) = recorded(&world).await;
        for key in ["callRecording", "callrecording", "CALLRECORDING"] {
            let answer = world.get(&path(&made, key)).await;
            assert_eq!(answer.status, 200, "{key}");
            assert_eq!(answer.bytes, bytes(1_000));
        }
        let answer = world.get(&path(&made, "callRecording")).await;
        let digest = format!("sha-256=:{}:", base64(item.sha256.as_bytes()));
        for (name, value) in [
            ("content-type", "audio/wav"),
            ("content-length", "1000"),
            ("accept-ranges", "bytes"),
            ("etag", &format!("\"{}\"", item.sha256)),
            ("last-modified", "Mon, 02 Mar 2026 09:19:10 GMT"),
            ("repr-digest", &digest),
            ("x-content-type-options", "nosniff"),
            ("content-range", ""),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        let head = world.send("HEAD", &path(&made, "callRecording"), &[]).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
        assert_eq!(head.header("content-length"), "1000");
        assert_eq!(head.header("repr-digest"), digest);
    }
}

#[tokio::test]
async fn a_part_comes_as_206_and_none_as_416() {
    let world = World::new().await;
    let (made, item) = recorded(&world).await;
    let path = path(&made, "callRecording");
    let whole = bytes(1_000);
    for (range, status, content_range, expected) in [
        ("bytes=0-99", 206, "bytes 0-99/1000", &whole[..100]),
        ("bytes=990-", 206, "bytes 990-999/1000", &whole[990..]),
        ("bytes=-10", 206, "bytes 990-999/1000", &whole[990..]),
        ("bytes=500-5000", 206, "bytes 500-999/1000", &whole[500..]),
        ("bytes=0-0,5-9", 200, "", &whole[..]),
        ("nonsense", 200, "", &whole[..]),
    ] {
        let answer = world.send("GET", &path, &[("range", range)]).await;
        assert_eq!(answer.status, status, "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        assert_eq!(
            answer.header("content-length"),
            expected.len().to_string(),
            "{range}"
        );
        assert_eq!(answer.bytes, expected, "{range}");
        // The digest is of the whole file, also with a part of it.
        assert!(
            answer
                .header("repr-digest")
                .contains(&base64(item.sha256.as_bytes()))
        );
    }
    let answer = world.send("GET", &path, &[("range", "bytes=1000-")]).await;
    assert_eq!(
        (answer.status, answer.header("content-range")),
        (416, "bytes */1000")
    );
    let message = json!({"message": "The requested range is not satisfiable"});
    assert_eq!(answer.json(), message);
}

#[tokio::test]
async fn conditions_hold() {
    let world = World::new().await;
    let (made, item) = recorded(&world).await;
    let path = path(&made, "callRecording");
    let etag = format!("\"{}\"", item.sha256);
    let range = ("range", "bytes=0-9");
    for (headers, status) in [
        (vec![("if-none-match", etag.as_str())], 304),
        (vec![("if-match", "\"other\"")], 412),
        (vec![("if-match", etag.as_str()), range], 206),
        (vec![("if-range", etag.as_str()), range], 206),
        (vec![("if-range", "\"other\""), range], 200),
        (
            vec![("if-modified-since", "Mon, 02 Mar 2026 09:19:10 GMT")],
            304,
        ),
    ] {
        let answer = world.send("GET", &path, &headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 304 {
            assert!(answer.bytes.is_empty());
            assert_eq!(answer.header("etag"), etag);
        }
    }
}

#[tokio::test]
async fn large_and_empty_files_stream() {
    let world = World::new().await;
    let (made, _) = recorded(&world).await;
    let large = bytes(3_000_001);
    let item = world
        .app
        .store_item(&made, ContentKind::VideoRecording, &large)
        .await;
    let answer = world.get(&path(&made, item.key.as_str())).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "video/webm")
    );
    assert!(answer.bytes == large);
    let tail = world
        .send(
            "GET",
            &path(&made, item.key.as_str()),
            &[("range", "bytes=2999999-")],
        )
        .await;
    assert_eq!(tail.bytes, &large[2_999_999..]);
    let empty = world
        .app
        .store_item(&made, ContentKind::Attachment, b"")
        .await;
    let answer = world.get(&path(&made, empty.key.as_str())).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, "0"));
}

#[tokio::test]
async fn unknown_keys_are_not_found() {
    let world = World::new().await;
    let (made, _) = recorded(&world).await;
    for key in ["transcript", "nothing", "a%20b", &"k".repeat(40)] {
        let answer = world.get(&path(&made, key)).await;
        let message = json!({"message": "Content not found"});
        assert_eq!((answer.status, answer.json()), (404, message), "{key}");
    }
}
