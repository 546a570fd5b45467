//! C23: memory is flat, in the number of calls and in the size of a file.

use std::process::{Command, Stdio};

use ringfence_testkit::fake::{Call, FakeAccount, FakePlatform, Switches, Wav};

use crate::lab::{self, Desk, at, setting, step};

const CHILD: &str = "RINGFENCE_TEST_MEMORY_CHILD";

/// Not a test of its own: what the child process runs. It prints its highest resident memory.
#[tokio::test]
async fn child() {
    let Some(what) = setting(CHILD) else { return };
    let (folder, url) = what.split_once('|').expect("the parent sets both");
    let run = Desk::open(folder.into(), url, lab::fast_clock())
        .await
        .run()
        .await;
    assert!(run.balanced, "{run:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    println!(
        "peak {} fetched {}",
        line.split_whitespace().nth(1).unwrap(),
        run.fetched
    );
}

/// KiB of the highest resident memory of a run over an account, and files fetched.
fn peak(account: FakeAccount) -> (u64, u64) {
    let platform =
        FakePlatform::start_with(account, Switches::default(), lab::fast_clock()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "c23_memory::child",
            "--nocapture",
            "--test-threads=1",
        ])
        // One arena: what threads keep back for themselves is not what a run holds.
        .env("MALLOC_ARENA_MAX", "1")
        .env(
            CHILD,
            format!("{}|{}", folder.path().display(), platform.url()),
        )
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let words: Vec<&str> = text
        .lines()
        .find(|line| line.contains("peak "))
        .expect("the child reports")
        .split_whitespace()
        .collect();
    let after = |word: &str| {
        words[words.iter().position(|w| *w == word).unwrap() + 1]
            .parse()
            .unwrap()
    };
    (after("peak"), after("fetched"))
}

/// Many interactions and few recordings, so that listing and counting carry the weight. The report
/// names gaps up to a fixed number; mails have none.
fn interactions(n_interactions: u64) -> FakeAccount {
    let mut account = FakeAccount::empty();
    for number in 0..n_interactions {
        let start = at("00:00:00") + i64::try_from(number).unwrap() * step(3);
        let mut call = Call::unrecorded(number, start, 5_500);
        if number % 100 == 0 {
            call = call.with_audio(Wav::call(number, 5_500));
        } else {
            call.medium = "Email".to_owned();
        }
        account.put(call);
    }
    account
}

#[test]
fn more_interactions_take_no_more_memory() {
    // Both fill every buffer there is: pages of the listing, row groups of the tables.
    let (few, n_few) = peak(interactions(11_000));
    let (many, n_many) = peak(interactions(20_000));
    println!("11,000 interactions: {few} KiB; 20,000: {many} KiB");
    assert_eq!((n_few, n_many), (110, 200));
    assert!(many < few + 6 * 1024, "{few} KiB, then {many} KiB");
    assert!(many < 96 * 1024, "{many} KiB");
}

#[test]
fn a_large_file_takes_no_more_memory() {
    let megabytes: u64 =
        setting("RINGFENCE_TEST_LARGE_FILE_MB").map_or(300, |text| text.parse().unwrap());
    let small = FakeAccount::sample(2, at("09:00:00"), step(60));
    let duration_ms = megabytes * 1_000_000 / 8;
    let large = small.clone().with(Call::recorded(
        9,
        at("09:10:00") - i64::try_from(duration_ms).unwrap(),
        duration_ms,
    ));
    let (without, _) = peak(small);
    let (with, n_fetched) = peak(large);
    println!("without: {without} KiB; with {megabytes} MB: {with} KiB");
    assert_eq!(n_fetched, 3);
    assert!(with < without + 24 * 1024, "{without} KiB, then {with} KiB");
}
