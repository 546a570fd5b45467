//! C15: inclusive or exclusive ends, truncated milliseconds.

use ringfence_testkit::fake::{Call, FakeAccount, Switches, Wav};

use crate::lab::{Lab, at};

#[tokio::test]
async fn a_thousand_calls_in_one_millisecond_at_the_edge_of_a_day() {
    for end_inclusive in [true, false] {
        for truncate_start in [true, false] {
            let edge = at("24:00:00");
            let mut account = FakeAccount::empty();
            for number in 0..1_000 {
                account.put(
                    Call::unrecorded(number, edge, 5_000).with_audio(Wav::call(number % 5, 5_000)),
                );
            }
            for (number, off_ms) in [
                (2_000, -1),
                (2_001, 1),
                (2_002, -999),
                (2_003, 999),
                (2_004, 250),
            ] {
                account.put(Call::recorded(number, edge + off_ms, 5_000));
            }
            let switches = Switches {
                end_inclusive,
                truncate_start,
                search_page_cap: 400,
                ..Switches::default()
            };
            let lab = Lab::with(account, switches).await;
            let run = lab.run().await;
            let case = format!("inclusive {end_inclusive}, truncated {truncate_start}");
            assert_eq!((run.fetched, run.failed), (1_005, 0), "{case}: {run:?}");
            assert_eq!(run.listed, 1_005, "{case}: each once");
            lab.all_is_right()
                .await
                .unwrap_or_else(|why| panic!("{case}: {why}"));
            let again = lab.run().await;
            assert_eq!(
                (again.fetched, again.already_had),
                (0, 1_005),
                "{case}: {again:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_edges_of_a_run_count_each_call_once() {
    for end_inclusive in [true, false] {
        let mut account = FakeAccount::empty();
        for number in 0..12 {
            let off_ms = i64::try_from(number).unwrap() * 500;
            account.put(Call::recorded(number, at("10:00:00") + off_ms, 5_000));
        }
        let lab = Lab::with(
            account,
            Switches {
                end_inclusive,
                ..Switches::default()
            },
        )
        .await;
        // Two runs whose windows touch at a call's own instant.
        let first = lab.run_between(at("09:00:00"), at("10:00:03")).await;
        let second = lab.run_between(at("10:00:03"), at("11:00:00")).await;
        assert_eq!(first.fetched + second.fetched, 12, "{first:?} {second:?}");
        assert!(first.balanced && second.balanced);
        lab.all_is_right().await.unwrap();
    }
}
