//! C2: what a crash can leave behind is cleaned up, adopted or written anew; a row without its file is never left.

use ringfence_testkit::fake::{FakeAccount, guid};

use crate::lab::{Lab, at, step};

#[tokio::test]
async fn parts_orphans_and_torn_orphans_do_no_harm() {
    let lab = Lab::new(FakeAccount::sample(6, at("09:00:00"), step(60))).await;
    let account = lab.platform.account();
    let audio = |number: u64| {
        account
            .call(&guid(number))
            .unwrap()
            .recording()
            .unwrap()
            .audio
            .clone()
    };
    let place = |hash: &str| {
        let (first, rest) = hash.split_at(2);
        let folder = lab.corpus().join("audio/sha256").join(first);
        folder.join(rest.split_at(2).0).join(format!("{hash}.wav"))
    };
    let put = |path: std::path::PathBuf, bytes: &[u8]| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    // A part that was being written, a file whose row was not yet written, and one of which the
    // disk kept the name and lost half of the bytes.
    put(
        lab.corpus().join("parts/0123456789abcdef.part"),
        b"RIFF half of a file",
    );
    put(place(&audio(1).sha256_hex()), &audio(1).bytes());
    put(place(&audio(2).sha256_hex()), &audio(2).bytes()[..9_000]);
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
    assert_eq!(run.fetched, 6, "{run:?}");
    lab.all_is_right().await.unwrap();
    let parts = lab
        .every_path()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "part"))
        .count();
    assert_eq!(parts, 0, "parts of a dead run are removed");
    lab.verify().await.unwrap();
}

#[tokio::test]
async fn a_run_that_was_stopped_in_the_middle_of_a_body_leaves_no_file() {
    let mut account = FakeAccount::sample(6, at("09:00:00"), step(60));
    let slow = ringfence_testkit::fake::DownloadFault::PauseAfter(9_000, 3_000);
    account.call_mut(&guid(2)).unwrap().items[0]
        .faults
        .push_back(slow);
    let lab = Lab::new(account).await;
    // Dropping the future is what a cancelled run looks like from inside.
    let cancelled =
        tokio::time::timeout(std::time::Duration::from_millis(900), lab.try_run()).await;
    assert!(cancelled.is_err(), "the slow body was to outlast it");
    lab.files_are_whole().unwrap();
    let run = lab.run().await;
    assert_eq!(run.fetched + run.already_had, 6, "{run:?}");
    lab.all_is_right().await.unwrap();
    assert_eq!(lab.catalogue().await.len(), 6);
}
