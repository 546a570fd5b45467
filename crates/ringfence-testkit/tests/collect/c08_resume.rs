//! C8: resume at a byte, never stitched.

use ringfence_testkit::fake::{
    Call, DigestHeaders, DownloadFault, EtagMode, FakeAccount, RangeMode, Route, Switches, guid,
};

use crate::lab::{Lab, at};

const CALL_MS: u64 = 30_000;
const HALF: u64 = 120_000;

const RANGES: [RangeMode; 7] = [
    RangeMode::Honoured,
    RangeMode::Ignored,
    RangeMode::StartsEarlier(1_000),
    RangeMode::NotSatisfiable,
    RangeMode::TotalChanged,
    RangeMode::EntityChanged,
    RangeMode::Multipart,
];
const ETAGS: [EtagMode; 4] = [
    EtagMode::Strong,
    EtagMode::Weak,
    EtagMode::Missing,
    EtagMode::Changing,
];

fn account(faults: &[DownloadFault]) -> FakeAccount {
    FakeAccount::empty().with(Call::recorded(1, at("09:00:00"), CALL_MS).with_faults(faults))
}

#[tokio::test]
async fn every_answer_to_a_range_ends_with_one_whole_entity() {
    for range in RANGES {
        for etag in ETAGS {
            for last_modified in [true, false] {
                let switches = Switches {
                    range,
                    etag,
                    last_modified,
                    ..Switches::default()
                };
                let faults = [
                    DownloadFault::CutWithLength(HALF),
                    DownloadFault::ResetAfter(20_000),
                ];
                let lab = Lab::with(account(&faults), switches).await;
                let run = lab.run().await;
                let case = format!("{range:?} {etag:?} last-modified {last_modified}");
                assert_eq!(run.fetched, 1, "{case}: {run:?}");
                lab.all_is_right()
                    .await
                    .unwrap_or_else(|why| panic!("{case}: {why}"));
            }
        }
    }
}

#[tokio::test]
async fn a_resume_asks_only_for_what_is_missing() {
    let lab = Lab::new(account(&[DownloadFault::CutWithLength(HALF)])).await;
    assert_eq!(lab.run().await.fetched, 1);
    let log = lab.platform.log();
    let ranges: Vec<_> = log.to(Route::Download).map(|r| r.range.clone()).collect();
    assert_eq!(ranges.len(), 2);
    let resumed = ranges[1]
        .as_deref()
        .and_then(|r| r.strip_prefix("bytes="))
        .and_then(|r| r.strip_suffix('-'));
    let from: u64 = resumed
        .expect("the second request resumes")
        .parse()
        .unwrap();
    assert!(from > 0 && from <= HALF, "{from}");
    assert!(
        log.to(Route::Download)
            .nth(1)
            .is_some_and(|r| r.if_range.is_some()),
        "and says of which entity"
    );
}

#[tokio::test]
async fn a_lie_about_the_start_is_found_when_a_digest_is_offered() {
    let switches = Switches {
        range: RangeMode::LiesAboutStart(500),
        digests: DigestHeaders::ReprDigest,
        ..Switches::default()
    };
    let lab = Lab::with(account(&[DownloadFault::CutWithLength(HALF)]), switches).await;
    let run = lab.run().await;
    assert_eq!(run.fetched, 1, "{run:?}");
    lab.all_is_right().await.unwrap();
}

#[tokio::test]
async fn many_cuts_of_one_file_still_end() {
    let cuts: Vec<DownloadFault> = (0..4)
        .map(|n| DownloadFault::CutWithLength(20_000 + n * 7_001))
        .collect();
    let lab = Lab::new(account(&cuts)).await;
    let run = lab.run().await;
    assert_eq!(run.fetched, 1, "{run:?}");
    lab.all_is_right().await.unwrap();
}

#[tokio::test]
async fn a_redirect_to_another_host_does_not_take_the_token_along() {
    let lab = Lab::new(
        account(&[DownloadFault::RedirectElsewhere]).with(Call::recorded(2, at("09:05:00"), 8_000)),
    )
    .await;
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
    let log = lab.platform.log();
    let followed: Vec<_> = log
        .to(Route::Download)
        .filter(|r| r.target.contains(&guid(1)))
        .map(|r| r.status)
        .collect();
    assert_eq!(followed.first(), Some(&302));
    assert_eq!(followed.get(1), Some(&401), "the other host saw no token");
    lab.files_are_whole().unwrap();
}
