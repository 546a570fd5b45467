//! What is wrong is refused by line and reason, and stops nothing else.

use crate::folder::{Folder, assert_sound, counts, guid, import, row, speech};
use ringfence_app::import::REFUSALS_KEPT;
use ringfence_app::sweep::blobs_sweep;
use ringfence_core::content::{ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::InteractionId;
use ringfence_store::contents::content_delete;
use ringfence_testkit::test_app::TestApp;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A folder of files that are good, broken, and no files at all; and the good one's digest.
fn files(speech: &[u8], outside: &Path) -> (Folder, String) {
    let folder = Folder::new();
    let good = folder.file("good.wav", speech);
    folder.file("cut.wav", &speech[..speech.len() / 2]);
    folder.file("json.wav", b"{\"message\":\"Not found\"}");
    folder.file("page.wav", b"<!doctype html><title>Sign in</title>");
    folder.file("empty.wav", b"");
    folder.file("header.wav", &speech[..44]);
    folder.file("said.json", b"{\"said\":");
    symlink(outside.join("secret.wav"), folder.path().join("link.wav")).unwrap();
    std::fs::create_dir(folder.path().join("folder.wav")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.wav"))
        .status();
    assert!(made.unwrap().success());
    (folder, good)
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_rows_and_files_are_refused_and_the_rest_comes_in() {
    let speech = std::fs::read(&speech()[3]).unwrap();
    let outside = Folder::new();
    outside.file("secret.wav", &speech);
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let (mut folder, good) = files(&speech, outside.path());
        let other = ContentDigest::of(b"other").to_string();
        let expected = [
            ("callRecording", "cut.wav", "", "cut short"),
            ("callRecording", "json.wav", "", "JSON"),
            ("voicemail", "page.wav", "", "HTML"),
            ("callRecording", "empty.wav", "", "empty"),
            ("callRecording", "header.wav", "", "cut short"),
            ("transcript", "said.json", "", "not JSON"),
            (
                "callRecording",
                "good.wav",
                other.as_str(),
                "the manifest says",
            ),
            ("callRecording", "missing.wav", "", "no such file"),
            ("callRecording", "../secret.wav", "", "out of the folder"),
            ("callRecording", "/etc/passwd", "", "out of the folder"),
            ("callRecording", "link.wav", "", "out of the folder"),
            ("callRecording", "folder.wav", "", "not a file"),
            ("callRecording", "pipe.wav", "", "not a file"),
            ("callRecording", "nul\0.wav", "", "cannot be read"),
            ("recording", "good.wav", "", "type: "),
        ];
        for (n, (kind, file, sha256, _)) in expected.iter().enumerate() {
            folder.row(n, kind, file, sha256);
        }
        folder.row(100, "callRecording", "good.wav", &good);
        folder.line(row(101, "callRecording", "good.wav", "").replace("inbound", "sideways"));
        folder.line(row(102, "callRecording", &"x".repeat(100_000), ""));
        folder.line("\"never closed");
        folder.row(103, "callRecording", "good.wav", &good.to_uppercase());
        folder.row(104, "callRecording", "", "");
        folder.write();

        let report = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(
            counts(&report),
            (3, 0, 2, 0, 18),
            "{}: {:#?}",
            app.engine,
            report.refused
        );
        for (n, (_, file, _, reason)) in expected.iter().enumerate() {
            let refusal = &report.refused[n];
            assert_eq!((refusal.line, refusal.file.as_str()), (n as u64 + 2, *file));
            assert!(
                refusal.reason.contains(reason),
                "{file}: {}",
                refusal.reason
            );
        }
        let last: Vec<_> = report.refused[15..].iter().map(|r| r.line).collect();
        assert_eq!(last, [18, 19, 20]);
        assert!(report.refused.iter().all(|r| r.file.len() <= 256));
        assert_sound(&app).await;

        // Mended, the row comes in; what was there stays known.
        folder.file("cut.wav", &speech);
        let report = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(counts(&report), (1, 3, 1, 2, 17), "{}", app.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_stored_is_changed() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sounds = speech();
        let mut folder = Folder::new();
        folder.file("a.wav", &std::fs::read(&sounds[0]).unwrap());
        let b = folder.file("b.wav", &std::fs::read(&sounds[1]).unwrap());
        folder.row(1, "callRecording", "a.wav", "");
        folder.row(1, "callRecording", "b.wav", "");
        folder.line(row(1, "callRecording", "a.wav", "").replace(",2041,", ",2042,"));
        folder.write();
        // In one batch with the first row, and in a later run: the outcome is the same.
        for (run, known) in [((1, 0, 1, 0, 2), "first"), ((0, 1, 0, 1, 2), "second")] {
            let report = import(&app, account.id, folder.path()).await.unwrap();
            assert_eq!(
                counts(&report),
                run,
                "{known} {}: {:?}",
                app.engine,
                report.refused
            );
            assert!(report.refused[0].reason.contains("another callRecording"));
            assert!(report.refused[1].reason.contains("another agent"));
        }
        let mut named = Folder::new();
        named.file("b.wav", &std::fs::read(&sounds[1]).unwrap());
        named.row(1, "callRecording", "b.wav", &b);
        named.write();
        let report = import(&app, account.id, named.path()).await.unwrap();
        assert_eq!(counts(&report), (0, 0, 0, 0, 1), "{}", app.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_nothing_names_are_swept_after_a_day() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sounds = speech();
        let mut folder = Folder::new();
        folder.file("a.wav", &std::fs::read(&sounds[0]).unwrap());
        folder.file("b.wav", &std::fs::read(&sounds[1]).unwrap());
        folder.row(1, "callRecording", "a.wav", "");
        folder.row(2, "callRecording", "b.wav", "");
        folder.write();
        import(&app, account.id, folder.path()).await.unwrap();
        let mut tx = app.ctx.db.begin_write().await.unwrap();
        let (id, key) = (
            InteractionId::parse(&guid(1)).unwrap(),
            ContentKey::fixed(ContentKind::CallRecording),
        );
        assert!(content_delete(&mut tx, account.id, id, &key).await.unwrap());
        tx.commit().await.unwrap();

        assert_eq!(
            blobs_sweep(&app.ctx).await.unwrap(),
            0,
            "{}: claimed lately",
            app.engine
        );
        app.clock.advance_secs(86_401);
        assert_eq!(blobs_sweep(&app.ctx).await.unwrap(), 1, "{}", app.engine);
        assert_sound(&app).await;
        // The same recording may come back.
        let report = import(&app, account.id, folder.path()).await.unwrap();
        assert_eq!(counts(&report), (0, 2, 1, 1, 0), "{}", app.engine);
        assert_sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_counted_beyond_those_kept() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let mut folder = Folder::new();
    for n in 0..REFUSALS_KEPT + 50 {
        folder.line(row(n, "callRecording", "", "").replace(&guid(n), "no-guid"));
    }
    folder.write();
    let report = import(&app, account.id, folder.path()).await.unwrap();
    assert_eq!(report.n_refused, REFUSALS_KEPT as u64 + 50);
    assert_eq!(report.refused.len(), REFUSALS_KEPT);
}
