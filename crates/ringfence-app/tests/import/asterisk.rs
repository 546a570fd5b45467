//! Asterisk's call detail records with a monitor folder.

use crate::folder::{Folder, assert_sound, counts, import, speech};
use ringfence_core::content::{ContentKey, ContentKind};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::Direction;
use ringfence_store::contents::content_find;
use ringfence_store::interactions::interaction_find;
use ringfence_testkit::test_app::TestApp;

fn record(channel: &str, callee: &str, unique_id: &str, user_field: &str) -> String {
    format!(
        r#""","01632960101","01632960900","from-trunk","""Sam"" <01632960101>","{channel}","{callee}","Queue","billing,t,,,60","2026-03-02 10:15:30","2026-03-02 10:15:42","2026-03-02 10:18:42",192,180,"ANSWERED","DOCUMENTATION","{unique_id}","{user_field}""#
    )
}

/// Calls with a recording, without one, with two, with a broken one; and a recording without a call.
fn folder() -> Folder {
    let sounds = speech();
    let sound = |n: usize| std::fs::read(&sounds[n]).unwrap();
    let trunk = "PJSIP/trunk-00000011";
    let rang =
        record(trunk, "PJSIP/2042-00000013", "1772442930.12", "").replace("ANSWERED", "NO ANSWER");
    let by_hand = "audio:named-by-hand.wav";
    let lines = [
        rang,
        record(trunk, "PJSIP/2041-00000012", "1772442930.12", ""),
        record("PJSIP/2042-00000014", trunk, "1772443000.15", by_hand),
        record(trunk, "PJSIP/2041-00000016", "1772443100.17", ""),
        record(trunk, "PJSIP/2041-00000018", "1772443200.19", ""),
        record(trunk, "PJSIP/2041-00000020", "1772443300.21", ""),
        "short,line".to_owned(),
    ];
    let folder = Folder::new();
    folder.file("cdr-csv/Master.csv", lines.join("\n").as_bytes());
    let queued = "monitor/2026/03/02/q-600-2041-20260302-101530-1772442930.12.wav";
    folder.file(queued, &sound(0));
    folder.file("monitor/named-by-hand.WAV", &sound(1));
    folder.file("monitor/1772443200.19-in.wav", &sound(2));
    folder.file("monitor/1772443200.19-out.wav", &sound(3));
    folder.file("monitor/1772443300.21.wav", &sound(4)[..100]);
    folder.file("monitor/1700000000.1.wav", &sound(5));
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_find_their_recordings_and_come_in_once() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let folder = folder();
        let report = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(counts(&report), (3, 0, 2, 0, 4), "{:#?}", report.refused);
        for (refusal, (line, reason)) in report.refused.iter().zip([
            (0, "no line of Master.csv"),
            (5, "sox -M"),
            (6, "cut short"),
            (7, "uniqueid"),
        ]) {
            assert_eq!(refusal.line, line, "{refusal:?}");
            assert!(refusal.reason.contains(reason), "{refusal:?}");
        }
        assert_sound(&app).await;
        let again = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(counts(&again), (0, 3, 0, 2, 4), "{:#?}", again.refused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_keep_what_their_records_tell() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    import(&app, account.id, folder().path()).await.unwrap();
    let mut tx = app.ctx.db.begin_read().await.unwrap();
    let key = ContentKey::fixed(ContentKind::CallRecording);

    let id = InteractionId::derived(account.id, "1772442930.12");
    let found = interaction_find(&mut tx, account.id, id).await.unwrap();
    let call = found.unwrap();
    assert_eq!(call.started_at.to_iso_millis(), "2026-03-02T09:15:30.000Z");
    assert_eq!(call.direction, Direction::Inbound);
    assert_eq!(call.duration_ms(), Some(192_000));
    assert_eq!(call.handling_agents()[0].as_str(), "2041");
    let answered_at = call.started_at.plus_ms(12_000);
    assert_eq!(call.queue_visits[0].left_at, Some(answered_at));
    let item = content_find(&mut tx, account.id, id, &key).await.unwrap();
    let bytes = std::fs::read(&speech()[0]).unwrap();
    assert_eq!(item.unwrap().size_bytes, bytes.len() as u64);

    let id = InteractionId::derived(account.id, "1772443000.15");
    let found = interaction_find(&mut tx, account.id, id).await.unwrap();
    assert_eq!(found.unwrap().direction, Direction::Outbound);
    let item = content_find(&mut tx, account.id, id, &key).await.unwrap();
    assert!(item.is_some(), "found by the name in userfield");
}
