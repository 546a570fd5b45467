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

#[tokio::test(flavor = "multi_thread")]
async fn calls_find_their_recordings_and_come_in_once() {
    let sounds = speech();
    let sound = |n: usize| std::fs::read(&sounds[n]).unwrap();
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let folder = Folder::new();
        let trunk = "PJSIP/trunk-00000011";
        let rang = record(trunk, "PJSIP/2042-00000013", "1772442930.12", "")
            .replace("ANSWERED", "NO ANSWER");
        let lines = [
            rang,
            record(trunk, "PJSIP/2041-00000012", "1772442930.12", ""),
            record(
                "PJSIP/2042-00000014",
                trunk,
                "1772443000.15",
                "audio:named-by-hand.wav",
            ),
            record(trunk, "PJSIP/2041-00000016", "1772443100.17", ""),
            record(trunk, "PJSIP/2041-00000018", "1772443200.19", ""),
            record(trunk, "PJSIP/2041-00000020", "1772443300.21", ""),
            "short,line".to_owned(),
        ];
        folder.file("cdr-csv/Master.csv", lines.join("\n").as_bytes());
        folder.file(
            "monitor/2026/03/02/q-600-2041-20260302-101530-1772442930.12.wav",
            &sound(0),
        );
        folder.file("monitor/named-by-hand.WAV", &sound(1));
        folder.file("monitor/1772443200.19-in.wav", &sound(2));
        folder.file("monitor/1772443200.19-out.wav", &sound(3));
        folder.file("monitor/1772443300.21.wav", &sound(4)[..100]);
        folder.file("monitor/1700000000.1.wav", &sound(5));

        let report = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(
            counts(&report),
            (3, 0, 2, 0, 4),
            "{}: {:#?}",
            app.engine,
            report.refused
        );
        let reasons: Vec<_> = report
            .refused
            .iter()
            .map(|r| (r.line, r.reason.as_str()))
            .collect();
        assert!(
            reasons[0].0 == 0 && reasons[0].1.contains("no line of Master.csv"),
            "{reasons:?}"
        );
        assert!(
            reasons[1].0 == 5 && reasons[1].1.contains("sox -M"),
            "{reasons:?}"
        );
        assert!(
            reasons[2].0 == 6 && reasons[2].1.contains("cut short"),
            "{reasons:?}"
        );
        assert!(
            reasons[3].0 == 7 && reasons[3].1.contains("uniqueid"),
            "{reasons:?}"
        );
        assert_sound(&app).await;

        let again = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(
            counts(&again),
            (0, 3, 0, 2, 4),
            "{}: {:#?}",
            app.engine,
            again.refused
        );

        let mut tx = app.ctx.db.begin_read().await.unwrap();
        let id = InteractionId::derived(account.id, "1772442930.12");
        let call = interaction_find(&mut tx, account.id, id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(call.started_at.to_iso_millis(), "2026-03-02T09:15:30.000Z");
        assert_eq!(
            (call.direction, call.duration_ms()),
            (Direction::Inbound, Some(192_000))
        );
        assert_eq!(call.handling_agents()[0].as_str(), "2041");
        assert_eq!(
            call.queue_visits[0].left_at,
            Some(call.started_at.plus_ms(12_000))
        );
        let key = ContentKey::fixed(ContentKind::CallRecording);
        let item = content_find(&mut tx, account.id, id, &key)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(item.size_bytes, sound(0).len() as u64);
        let out = InteractionId::derived(account.id, "1772443000.15");
        let call = interaction_find(&mut tx, account.id, out)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(call.direction, Direction::Outbound);
        assert!(
            content_find(&mut tx, account.id, out, &key)
                .await
                .unwrap()
                .is_some()
        );
    }
}
