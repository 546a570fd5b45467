//! C13: clocks do not matter.

use ringfence_testkit::fake::{Call, FakeAccount, Route, Switches};

use crate::lab::{Lab, at, step};

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn a_client_a_day_off_finds_the_same() {
    for off_ms in [-DAY_MS, DAY_MS] {
        let switches = Switches {
            token_life_ms: 60_000,
            ..Switches::default()
        };
        let lab = Lab::with(FakeAccount::sample(30, at("09:00:00"), step(60)), switches).await;
        lab.clock.jump(off_ms);
        let run = lab.run().await;
        assert_eq!((run.fetched, run.failed), (30, 0), "{off_ms}: {run:?}");
        lab.all_is_right().await.unwrap();
        // Calls that come after: the next run must look from the platform's time on, not ours.
        let now = lab.platform_now();
        lab.platform.edit(|account| {
            for number in 100..110 {
                account.put(Call::recorded(
                    number,
                    now - 60_000 + i64::try_from(number).unwrap(),
                    5_000,
                ));
            }
        });
        lab.let_pass(3 * 3_600_000);
        let run = lab.run_open().await;
        assert_eq!(run.fetched, 10, "{off_ms}: {run:?}");
        lab.all_is_right().await.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_jumps_in_mid_run_changes_nothing() {
    let switches = Switches {
        token_life_ms: 60_000,
        quota_per_minute: Some(120),
        ..Switches::default()
    };
    let lab = Lab::with(FakeAccount::sample(60, at("09:00:00"), step(60)), switches).await;
    for (nth, by_ms) in [
        (5, DAY_MS),
        (15, -2 * DAY_MS),
        (30, 400 * DAY_MS),
        (40, -400 * DAY_MS),
    ] {
        let clock = std::sync::Arc::clone(&lab.clock);
        lab.platform
            .after(Route::Download, nth, move |_, _| clock.jump(by_ms));
    }
    let run = lab.run().await;
    assert_eq!((run.fetched, run.failed), (60, 0), "{run:?}");
    lab.all_is_right().await.unwrap();
}
