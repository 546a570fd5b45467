//! C11: one budget per account, learned both ways, whatever a refusal says.

use ringfence_testkit::fake::{Answer, FakeAccount, RetryAfter, Route, Switches};

use crate::lab::{Lab, at, step};

#[tokio::test]
async fn a_hidden_limit_is_learned() {
    for quota in [40, 160] {
        let switches = Switches {
            quota_per_minute: Some(quota),
            ..Switches::default()
        };
        let lab = Lab::at_speed(
            FakeAccount::sample(240, at("06:00:00"), step(20)),
            switches,
            50,
        )
        .await;
        let began = lab.now();
        let run = lab.run().await;
        let minutes = (lab.now() - began) / 60_000;
        assert_eq!((run.fetched, run.failed), (240, 0), "{quota}: {run:?}");
        let log = lab.platform.log();
        let refused = log.n_status(429);
        assert!(
            refused <= 14,
            "{quota} a minute: {refused} refusals of {}",
            log.n_api()
        );
        // The first minute's may go out at once; after it the quota is to be used, not feared.
        // A machine that is busy with other tests adds some.
        let possible = 240 / i64::from(quota);
        assert!(
            minutes <= possible * 3 + 3,
            "{quota}: {minutes} minutes, possible {possible}"
        );
    }
}

#[tokio::test]
async fn a_limit_that_changes_in_mid_run_is_followed_down_and_up() {
    let switches = Switches {
        quota_per_minute: Some(160),
        ..Switches::default()
    };
    let lab = Lab::at_speed(
        FakeAccount::sample(400, at("06:00:00"), step(20)),
        switches,
        50,
    )
    .await;
    lab.platform.after(Route::Download, 150, |_, switches| {
        switches.quota_per_minute = Some(40);
    });
    lab.platform.after(Route::Download, 250, |_, switches| {
        switches.quota_per_minute = Some(160);
    });
    let run = lab.run().await;
    assert_eq!((run.fetched, run.failed), (400, 0), "{run:?}");
    let refused = lab.platform.log().n_status(429);
    assert!(refused <= 20, "{refused} refusals");
}

#[tokio::test]
async fn retry_after_in_every_style() {
    let styles = [
        RetryAfter::Seconds,
        RetryAfter::HttpDate,
        RetryAfter::Absent,
        RetryAfter::Negative,
        RetryAfter::Absurd,
        RetryAfter::Garbage,
    ];
    for retry_after in styles {
        for refusals_count in [false, true] {
            if refusals_count
                && matches!(
                    retry_after,
                    RetryAfter::Absent | RetryAfter::Negative | RetryAfter::Garbage
                )
            {
                continue;
            }
            let switches = Switches {
                quota_per_minute: Some(60),
                retry_after,
                refusals_count,
                ..Switches::default()
            };
            let lab = Lab::at_speed(
                FakeAccount::sample(100, at("06:00:00"), step(20)),
                switches,
                100,
            )
            .await;
            let run = lab.run().await;
            assert_eq!(
                (run.fetched, run.failed),
                (100, 0),
                "{retry_after:?}: {run:?}"
            );
            let refused = lab.platform.log().n_status(429);
            assert!(
                refused <= 30,
                "{retry_after:?} counted {refusals_count}: {refused} refusals"
            );
        }
    }
}

#[tokio::test]
async fn bursts_of_errors_and_resets_are_waited_out() {
    let lab = Lab::new(FakeAccount::sample(30, at("09:00:00"), step(60))).await;
    let bad = || {
        [
            Answer::Status(500),
            Answer::Reset,
            Answer::Status(502),
            Answer::Pass,
        ]
    };
    lab.platform.script(Route::Search, bad());
    lab.platform.script(Route::Stats, bad());
    lab.platform.script(Route::Users, bad());
    lab.platform.script(
        Route::Download,
        [Answer::Pass, Answer::Pass].into_iter().chain(bad()),
    );
    lab.platform.script(
        Route::Download,
        [Answer::StatusRetryAfter(503, "20".to_owned())],
    );
    let run = lab.run().await;
    assert_eq!((run.fetched, run.failed), (30, 0), "{run:?}");
    lab.all_is_right().await.unwrap();
}

#[tokio::test]
async fn a_second_client_of_the_quota_is_left_its_share() {
    let switches = Switches {
        quota_per_minute: Some(100),
        other_client_per_minute: 50,
        ..Switches::default()
    };
    let lab = Lab::at_speed(
        FakeAccount::sample(400, at("06:00:00"), step(20)),
        switches,
        60,
    )
    .await;
    let run = lab.run().await;
    assert_eq!((run.fetched, run.failed), (400, 0), "{run:?}");
    let (admitted, refused) = lab.platform.other_client();
    // The first minute's allowance may go out at once, before anything was refused; long runs make that minute small.
    assert!(
        refused * 3 <= admitted,
        "the other client: {admitted} admitted, {refused} refused"
    );
}
