//! C18: deleted at the source, at each moment.

use ringfence_testkit::fake::{Call, DownloadFault, FakeAccount, Route, Switches, guid};

use crate::lab::{Lab, at, step};

#[tokio::test]
async fn deletion_between_listing_and_fetch_is_a_tombstone_and_no_failure() {
    for fault in [DownloadFault::Gone, DownloadFault::GoneAfter(9_000)] {
        let mut account = FakeAccount::sample(6, at("09:00:00"), step(60));
        account.put(Call::recorded(50, at("10:00:00"), 8_000).with_faults(&[fault]));
        let lab = Lab::new(account).await;
        let run = lab.run().await;
        assert_eq!(run.fetched, 6, "{fault:?}: {run:?}");
        assert!(run.balanced, "{fault:?}: {run:?}");
        let gap = run
            .gap(&guid(50))
            .unwrap_or_else(|| panic!("{fault:?}: no gap in {run:?}"));
        assert_eq!(gap.reason, "deleted_at_source", "{fault:?}");
        lab.files_are_whole().unwrap();
        assert_eq!(lab.files().len(), 6);
    }
}

#[tokio::test]
async fn deletion_after_the_fetch_keeps_our_copy_and_says_so() {
    let lab = Lab::new(FakeAccount::sample(10, at("09:00:00"), step(60))).await;
    lab.run().await;
    lab.platform.edit(|account| {
        let now = account.call(&guid(4)).unwrap().end() + 10_000;
        account.call_mut(&guid(4)).unwrap().items[0].deleted_at = Some(now);
    });
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
    assert_eq!(run.fetched, 0);
    assert_eq!(lab.files().len(), 10, "the local copy stays");
    assert!(lab.verify().await.is_ok(), "and is still verified");
    assert!(lab.n_tombstones().await >= 1, "with a tombstone");
    assert_eq!(lab.platform.log().count(Route::Download), 10);
}

#[tokio::test]
async fn deletion_before_the_listing_is_a_gap_and_not_silence() {
    let mut account = FakeAccount::sample(10, at("09:00:00"), step(60));
    let gone = account.call_mut(&guid(4)).unwrap();
    gone.items[0].deleted_at = Some(gone.start + 60_000);
    let lab = Lab::with(account, Switches::default()).await;
    let run = lab.run().await;
    assert_eq!(run.fetched, 9, "{run:?}");
    assert!(run.gap(&guid(4)).is_some(), "{run:?}");
}

#[tokio::test]
async fn hidden_content_is_refused_by_403_or_404_and_named() {
    for hidden_status in [403, 404] {
        let switches = Switches {
            hidden_status,
            ..Switches::default()
        };
        let lab = Lab::with(FakeAccount::sample(8, at("09:00:00"), step(60)), switches).await;
        // The right goes between the listing and the first download.
        lab.platform.after(Route::Search, 1, |account, _| {
            account.owner.view_outbound = false;
        });
        let run = lab.run().await;
        assert!(run.balanced, "{hidden_status}: {run:?}");
        assert_eq!(run.fetched, 4, "{hidden_status}: {run:?}");
        for number in 4..8 {
            assert!(
                run.gap(&guid(number)).is_some(),
                "{hidden_status}: {number} in {run:?}"
            );
        }
        // And back: what was hidden can still be fetched.
        lab.platform
            .edit(|account| account.owner.view_outbound = true);
        let run = lab.run().await;
        assert_eq!(run.fetched, 4, "{hidden_status}: {run:?}");
        lab.all_is_right().await.unwrap();
    }
}
