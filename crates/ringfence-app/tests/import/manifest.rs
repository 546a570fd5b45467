//! Lists that are right, once and again.

use crate::folder::{Folder, assert_sound, counts, guid, import, speech};
use futures_util::TryStreamExt as _;
use ringfence_app::error::Error;
use ringfence_core::content::{ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::InteractionId;
use ringfence_store::contents::{content_find, content_list};
use ringfence_store::interactions::interaction_find;
use ringfence_testkit::test_app::TestApp;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_calls_come_in_once_and_are_known_after() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/calls");
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let report = import(&app, account.id, &demo).await.unwrap();
        assert_eq!(counts(&report), (9, 0, 7, 0, 0), "{}", app.engine);
        let again = import(&app, account.id, &demo).await.unwrap();
        assert_eq!(counts(&again), (0, 9, 0, 7, 0), "{}", app.engine);
        assert_sound(&app).await;
        // The same calls of another account are other calls.
        let other = app.account("other").await;
        let report = import(&app, other.id, &demo).await.unwrap();
        assert_eq!(counts(&report), (9, 0, 7, 0, 0), "{}", app.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_speech_comes_back_byte_for_byte() {
    let files = speech();
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let mut folder = Folder::new();
        for (n, file) in files.iter().take(150).enumerate() {
            let bytes = std::fs::read(file).unwrap();
            let sha256 = folder.file(&format!("calls/{n}.wav"), &bytes);
            // Every third file comes without its digest.
            folder.row(
                n,
                "callRecording",
                &format!("calls/{n}.wav"),
                if n % 3 == 0 { "" } else { &sha256 },
            );
        }
        folder.write();
        let report = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(counts(&report), (150, 0, 150, 0, 0), "{:?}", report.refused);
        assert_sound(&app).await;
        for n in [0, 77, 149] {
            let id = InteractionId::parse(&guid(n)).unwrap();
            let mut tx = app.ctx.db.begin_read().await.unwrap();
            let key = ContentKey::fixed(ContentKind::CallRecording);
            let item = content_find(&mut tx, account.id, id, &key)
                .await
                .unwrap()
                .unwrap();
            let stream = app
                .ctx
                .blobs
                .read(item.sha256, 0..item.size_bytes)
                .await
                .unwrap();
            let pieces: Vec<_> = stream.try_collect().await.unwrap();
            assert_eq!(
                pieces.concat(),
                std::fs::read(&files[n]).unwrap(),
                "{}",
                files[n].display()
            );
        }
        // Known by their digests where the list has them, by reading the file where not.
        let again = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(counts(&again), (0, 150, 0, 150, 0), "{:?}", again.refused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_may_have_several_items() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let mut folder = Folder::new();
    let speech = std::fs::read(&speech()[0]).unwrap();
    folder.file("call.wav", &speech);
    folder.file("mail.wav", &speech);
    folder.file("said.json", b"{\"said\":[\"hello\"]}");
    folder.row(1, "callRecording", "call.wav", "");
    folder.row(1, "voicemail", "mail.wav", "");
    folder.row(1, "transcript", "said.json", "");
    folder.write();
    let report = import(&app, account.id, folder.path()).await.unwrap();
    assert_eq!(counts(&report), (1, 0, 3, 0, 0), "{:?}", report.refused);
    let again = import(&app, account.id, folder.path()).await.unwrap();
    assert_eq!(counts(&again), (0, 1, 0, 3, 0), "{:?}", again.refused);

    let mut tx = app.ctx.db.begin_read().await.unwrap();
    let id = InteractionId::parse(&guid(1)).unwrap();
    let items = content_list(&mut tx, account.id, id).await.unwrap();
    let kinds: Vec<_> = items
        .iter()
        .map(|i| (i.kind, i.media_type.as_str()))
        .collect();
    assert!(kinds.contains(&(ContentKind::Transcript, "application/json")));
    let voicemail = items
        .iter()
        .find(|i| i.kind == ContentKind::Voicemail)
        .unwrap();
    assert_eq!(voicemail.owner_agent.as_ref().unwrap().as_str(), "2041");
    assert_eq!(voicemail.sha256, ContentDigest::of(&speech));
    let interaction = interaction_find(&mut tx, account.id, id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(interaction.duration_ms(), Some(184_200));
    assert_eq!(interaction.queue_visits[0].queue, "Billing");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_are_the_same_list() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let folder = Folder::new();
    folder.file("call.wav", &std::fs::read(&speech()[0]).unwrap());
    let line = |n: usize, file: &str| {
        format!(
            "{{\"guid\":\"{}\",\"start\":\"2026-03-02T09:15:30Z\",\"duration_ms\":{},\"direction\":\"outbound\",\"connect_from\":\"+441632960900\",\"connect_to\":\"sam@acme.example\",\"line\":\"+441632960900\",\"type\":\"callRecording\",\"file\":{file}}}",
            guid(n),
            n * 1000
        )
    };
    let text = format!(
        "{}\r\n\n{}\nnonsense\n",
        line(1, "\"call.wav\""),
        line(2, "null")
    );
    std::fs::write(folder.path().join("manifest.jsonl"), text).unwrap();
    let report = import(&app, account.id, folder.path()).await.unwrap();
    assert_eq!(counts(&report), (2, 0, 1, 0, 1));
    assert_eq!(report.refused[0].line, 4);
    assert!(report.refused[0].reason.contains("not JSON"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_list_says_what_it_should_hold() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let folder = Folder::new();
    let refused = |error: Result<_, Error>| match error {
        Err(Error::Invalid(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let reason = refused(import(&app, account.id, folder.path()).await);
    assert!(reason.contains("manifest.csv"), "{reason}");
    let reason = refused(import(&app, account.id, &folder.path().join("none")).await);
    assert!(reason.contains("cannot be opened"), "{reason}");
    folder.file("manifest.csv", b"guid,begin\n");
    let reason = refused(import(&app, account.id, folder.path()).await);
    assert!(
        reason.contains("begin") && reason.contains("duration_ms"),
        "{reason}"
    );
    folder.file("manifest.jsonl", b"");
    let reason = refused(import(&app, account.id, folder.path()).await);
    assert!(reason.contains("keep one"), "{reason}");
}
