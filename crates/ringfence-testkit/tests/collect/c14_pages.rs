//! C14: pages that shift under us.

use ringfence_testkit::fake::{Call, FakeAccount, Item, Paging, Route, Switches, Wav, guid};

use crate::lab::{Lab, at, step};

fn shifting(paging: Paging, newest_first: bool) -> Switches {
    Switches {
        paging,
        search_newest_first: newest_first,
        search_page_cap: 7,
        ..Switches::default()
    }
}

#[tokio::test]
async fn rows_that_come_and_go_between_pages_are_not_missed() {
    for paging in [Paging::Keyset, Paging::Offset] {
        for newest_first in [false, true] {
            let lab = Lab::with(
                FakeAccount::sample(40, at("09:00:00"), step(60)),
                shifting(paging, newest_first),
            )
            .await;
            lab.platform.after(Route::Search, 1, |account, _| {
                account.remove(&guid(0));
                account.remove(&guid(39));
            });
            lab.platform.after(Route::Search, 2, |account, _| {
                account.put(Call::recorded(200, at("09:00:30"), 5_000));
                account.put(Call::recorded(201, at("09:39:30"), 5_000));
            });
            lab.platform.after(Route::Search, 3, |account, _| {
                account.remove(&guid(3));
                account.remove(&guid(36));
            });
            let first = lab.run().await;
            assert!(first.balanced, "{paging:?} {newest_first}: {first:?}");
            // What shifted out of a page already read must be found by looking again, at the latest now.
            let second = lab.run().await;
            assert!(second.balanced, "{paging:?} {newest_first}: {second:?}");
            lab.all_is_right()
                .await
                .unwrap_or_else(|why| panic!("{paging:?} newest first {newest_first}: {why}"));
        }
    }
}

#[tokio::test]
async fn a_changed_item_is_fetched_again_and_history_is_kept() {
    let lab = Lab::with(
        FakeAccount::sample(20, at("09:00:00"), step(60)),
        shifting(Paging::Keyset, false),
    )
    .await;
    lab.run().await;
    let old = lab
        .platform
        .account()
        .call(&guid(5))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .sha256_hex();
    lab.platform.edit(|account| {
        let item: &mut Item = &mut account.call_mut(&guid(5)).unwrap().items[0];
        item.audio = Wav::call(777, 5_000).into();
        item.last_modified += 3_600_000;
    });
    let run = lab.run().await;
    assert_eq!((run.fetched, run.already_had), (1, 19), "{run:?}");
    lab.all_is_right().await.unwrap();
    assert!(
        lab.files().contains(&old),
        "the first version is still there"
    );
}

#[tokio::test]
async fn a_run_with_nothing_new_asks_little() {
    let lab = Lab::new(FakeAccount::sample(300, at("06:00:00"), step(30))).await;
    lab.run().await;
    lab.platform.clear_log();
    let run = lab.run().await;
    assert_eq!((run.fetched, run.already_had), (0, 300), "{run:?}");
    let log = lab.platform.log();
    assert_eq!(log.count(Route::Download), 0);
    assert!(log.requests.len() <= 10, "{:?}", log.by_route_and_status());
}
