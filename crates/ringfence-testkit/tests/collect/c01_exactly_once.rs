//! C1 and C2: exactly once into the catalogue, and no partial file ever visible, under `kill -9`.
//!
//! A child process collects; it is killed at chosen requests and chosen moments after them, again
//! and again on the same folder. `RINGFENCE_TEST_KILLS` makes it thousands.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ringfence_testkit::fake::{FakeAccount, FakePlatform, RequestLog, Switches};

use crate::lab::{self, Desk, at, setting, step};

const CHILD: &str = "RINGFENCE_TEST_CHILD";
const N_CALLS: u64 = 60;

/// Not a test of its own: what the child process runs.
#[tokio::test]
async fn child() {
    let Some(what) = setting(CHILD) else { return };
    let (folder, url) = what.split_once('|').expect("the parent sets both");
    let lab = desk(folder.into(), url).await;
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
}

fn spawn(folder: &std::path::Path, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "c01_exactly_once::child",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD, format!("{}|{url}", folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

async fn desk(folder: std::path::PathBuf, url: &str) -> Desk {
    Desk::open(folder, url, lab::fast_clock()).await
}

fn platform() -> FakePlatform {
    let account = FakeAccount::sample(N_CALLS, at("09:00:00"), step(60));
    FakePlatform::start_with(
        account,
        Switches {
            search_page_cap: 25,
            ..Switches::default()
        },
        lab::fast_clock(),
    )
    .unwrap()
}

fn seen(log: &RequestLog) -> usize {
    log.requests.len()
}

/// Numbers that look random and are the same each time.
fn dice(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// Kills a child after so many more requests and so many microseconds; false if it had ended before.
async fn kill_after(
    platform: &FakePlatform,
    child: &mut Child,
    n_requests: usize,
    then_us: u64,
) -> bool {
    let until = seen(&platform.log()) + n_requests;
    let mut patience = 0;
    while seen(&platform.log()) < until {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        patience += 1;
        assert!(patience < 60_000, "the child neither asks nor ends");
    }
    tokio::time::sleep(Duration::from_micros(then_us)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

#[tokio::test]
async fn killed_anywhere_the_catalogue_is_that_of_an_undisturbed_run() {
    let n_kills: u64 = setting("RINGFENCE_TEST_KILLS").map_or(36, |text| text.parse().unwrap());
    let undisturbed = {
        let platform = platform();
        let folder = tempfile::tempdir().unwrap();
        let lab = desk(folder.path().into(), &platform.url()).await;
        assert_eq!(lab.run().await.fetched, N_CALLS);
        lab.catalogue().await
    };
    assert_eq!(undisturbed.len(), usize::try_from(N_CALLS).unwrap());
    let mut state = 2_026;
    let (mut killed, mut n_folders) = (0, 0);
    while killed < n_kills {
        let platform = platform();
        let folder = tempfile::tempdir().unwrap();
        desk(folder.path().into(), &platform.url()).await;
        n_folders += 1;
        for _ in 0..9 {
            let mut child = spawn(folder.path(), &platform.url());
            let n_requests = usize::try_from(dice(&mut state, 18)).unwrap();
            let then_us = dice(&mut state, 12_000);
            if !kill_after(&platform, &mut child, n_requests, then_us).await {
                break;
            }
            killed += 1;
            lab::files_are_whole(folder.path()).unwrap();
        }
        let last = spawn(folder.path(), &platform.url())
            .wait_with_output()
            .unwrap();
        assert!(
            last.status.success(),
            "{}",
            String::from_utf8_lossy(&last.stderr)
        );
        let lab = desk(folder.path().into(), &platform.url()).await;
        assert_eq!(lab.catalogue().await, undisturbed, "after {killed} kills");
        lab.verify().await.unwrap();
        let run = lab.run().await;
        assert_eq!((run.fetched, run.already_had), (0, N_CALLS), "{run:?}");
    }
    println!("{killed} kills over {n_folders} folders");
}
