//! The collector's ledger: each row once, pages without holes, gaps that open and close.

use crate::harness::{Store, stores};
use ringfence_core::context::SystemRandom;
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::connections::{
    StoredConnection, connection_cursor_set, connection_delete, connection_find, connection_insert,
    connection_list,
};
use ringfence_store::collect::days::days_coverage;
use ringfence_store::collect::gaps::{
    Gap, GapSearch, gaps_close, gaps_count, gaps_known, gaps_page, gaps_put, gaps_search,
    gaps_search_count, gaps_to_look_at,
};
use ringfence_store::collect::interactions::{
    CollectedInteraction, Eligible, interactions_accounted, interactions_put, interactions_strata,
    interactions_talk,
};
use ringfence_store::collect::items::{
    CollectedItem, ItemState, Tombstone, item_damaged, items_count, items_of, items_page,
    items_put, items_to_retry, items_uncounted, tombstone_put, tombstones_page,
};
use ringfence_store::collect::recordings::{
    CollectedRecording, ManifestLine, manifest_append, manifest_last, manifest_page, recording_put,
    recordings_known, recordings_page, recordings_total,
};
use ringfence_store::collect::runs::{
    StoredRun, run_find, run_list, run_page, run_progress_set, run_put, window_put,
};
use ringfence_store::collect::users::{CollectedUser, users_page, users_put};
use ringfence_store::db::Error;

const BEGIN: Timestamp = Timestamp::from_secs(1_772_000_000);
const END: Timestamp = Timestamp::from_secs(1_773_000_000);

async fn connection(store: &Store) -> ConnectionId {
    let new = StoredConnection {
        id: ConnectionId::new(BEGIN, &SystemRandom),
        name: "acme".to_owned(),
        login_url: "http://a/".to_owned(),
        api_url: "http://b/".to_owned(),
        client_id: "id".to_owned(),
        secret: vec![0, 159, 255],
        owner: None,
        origin_at: None,
        cursor_at: None,
        created_at: BEGIN,
    };
    let mut tx = store.db.begin_write().await.unwrap();
    connection_insert(&mut tx, &new).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.db.begin_read().await.unwrap();
    let found = connection_find(&mut tx, "acme").await.unwrap();
    assert_eq!(found, Some(new.clone()), "{}", store.engine);
    new.id
}

fn guid(n: i64) -> String {
    format!("0190a1b2-3333-4d5e-8f60-{n:012x}")
}

fn item(n: i64, state: ItemState) -> CollectedItem {
    CollectedItem {
        started_at: BEGIN.plus_secs(n),
        guid: guid(n),
        content_key: "callRecording".to_owned(),
        version: 7,
        kind: "callRecording".to_owned(),
        media_type: "audio/wav".to_owned(),
        direction: "inbound".to_owned(),
        connect_from: "+1".to_owned(),
        connect_to: "+2".to_owned(),
        agents: "2041".to_owned(),
        state,
        reason: (state != ItemState::Verified).then(|| "late".to_owned()),
        detail: String::new(),
        attempts: i64::from(state != ItemState::Verified),
    }
}

fn call(n: i64, agent: &str) -> CollectedInteraction {
    CollectedInteraction {
        // The content API cuts the milliseconds that the statistics have.
        started_at: BEGIN.plus_secs(n).plus_ms(250),
        guid: guid(n),
        conversation: None,
        duration_ms: Some(60_000),
        talk_ms: Some(50_000 + n),
        direction: "inbound".to_owned(),
        medium: "Phone".to_owned(),
        completed: true,
        connect_from: "+1".to_owned(),
        connect_to: "+2".to_owned(),
        service: "Billing".to_owned(),
        agent: Some(agent.to_owned()),
    }
}

#[tokio::test]
async fn connections_have_one_name_each_and_leave_nothing() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let mut twin = connection_find(&mut tx, "acme").await.unwrap().unwrap();
        twin.id = ConnectionId::new(END, &SystemRandom);
        let refused = connection_insert(&mut tx, &twin).await;
        assert!(matches!(refused, Err(Error::Duplicate)), "{}", store.engine);
        drop(tx);
        let mut tx = store.db.begin_write().await.unwrap();
        connection_cursor_set(&mut tx, id, BEGIN, END)
            .await
            .unwrap();
        items_put(&mut tx, id, &[item(1, ItemState::Verified)], BEGIN)
            .await
            .unwrap();
        connection_delete(&mut tx, id).await.unwrap();
        assert_eq!(connection_list(&mut tx).await.unwrap(), []);
        assert_eq!(items_count(&mut tx, id).await.unwrap(), []);
    }
}

#[tokio::test]
async fn pages_of_items_have_no_holes_and_states_are_counted() {
    for store in stores().await {
        let id = connection(&store).await;
        let states = [ItemState::Verified, ItemState::Failed, ItemState::Gone];
        let all: Vec<CollectedItem> = (0..1_100)
            .map(|n| item(n, states[usize::try_from(n % 3).unwrap()]))
            .collect();
        let mut tx = store.db.begin_write().await.unwrap();
        items_put(&mut tx, id, &all, BEGIN).await.unwrap();
        items_put(&mut tx, id, &all[..10], END).await.unwrap();
        let mut read = Vec::new();
        let mut after = Place::before(BEGIN);
        loop {
            let page = items_page(&mut tx, id, &after, END, 137).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Place {
                started_at: last.started_at,
                guid: last.guid.clone(),
                content_key: last.content_key.clone(),
            };
            read.extend(page);
        }
        assert_eq!(read, all, "{}", store.engine);
        let counts = items_count(&mut tx, id).await.unwrap();
        let n_of = |state: &str| counts.iter().find(|(s, _)| s == state).unwrap().1;
        assert_eq!(
            (n_of("verified"), n_of("failed"), n_of("gone")),
            (367, 367, 366)
        );
        let start = Place::before(BEGIN);
        let retry = items_to_retry(&mut tx, id, &start, 6, 1_000).await.unwrap();
        assert_eq!(retry.len(), 367);
        assert!(
            items_to_retry(&mut tx, id, &start, 1, 1_000)
                .await
                .unwrap()
                .is_empty()
        );
        let place = Place {
            started_at: BEGIN,
            guid: guid(0),
            content_key: "callRecording".to_owned(),
        };
        item_damaged(&mut tx, id, &place, "bytes changed", END)
            .await
            .unwrap();
        let found = items_of(&mut tx, id, BEGIN, END, &[guid(0), guid(1_099)])
            .await
            .unwrap();
        assert_eq!(found[0].state, ItemState::Damaged);
        assert_eq!(found[1].guid, guid(1_099));
    }
}

#[tokio::test]
async fn calls_are_joined_with_items_whose_start_is_cut_to_seconds() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let calls: Vec<CollectedInteraction> = (0..600)
            .map(|n| call(n, if n < 300 { "1" } else { "2" }))
            .collect();
        interactions_put(&mut tx, id, &calls, BEGIN).await.unwrap();
        interactions_put(&mut tx, id, &calls[..5], END)
            .await
            .unwrap();
        let mut second = item(1, ItemState::Refused);
        second.content_key = "a-voicemail".to_owned();
        let items = [
            item(0, ItemState::Verified),
            item(1, ItemState::Verified),
            second,
            item(2, ItemState::Failed),
        ];
        items_put(&mut tx, id, &items, BEGIN).await.unwrap();
        let start = Place::before(BEGIN);
        let page = interactions_accounted(&mut tx, id, &start, END, 1_000)
            .await
            .unwrap();
        let states: Vec<Option<&str>> = page.iter().take(4).map(|a| a.state.as_deref()).collect();
        assert_eq!(
            states,
            [Some("verified"), Some("verified"), Some("failed"), None],
            "{}",
            store.engine
        );
        assert_eq!(page.len(), 600, "one row for each call");
        let eligible = Eligible {
            min_talk_ms: 1_000,
            before: END,
        };
        let strata = interactions_strata(&mut tx, id, BEGIN, END, eligible)
            .await
            .unwrap();
        let counts: Vec<(i64, i64)> = strata.iter().map(|s| (s.n_eligible, s.n_visible)).collect();
        assert_eq!(counts, [(300, 3), (300, 0)], "{}", store.engine);
        let talk = interactions_talk(&mut tx, id, BEGIN, BEGIN, &[guid(0), guid(9)])
            .await
            .unwrap();
        assert_eq!(talk, [(guid(0), 50_000)]);
        let uncounted = items_uncounted(&mut tx, id, &start, END, 10).await.unwrap();
        assert_eq!(uncounted, [], "every item's call is in the statistics");
        let alone = item(700, ItemState::Refused);
        items_put(&mut tx, id, std::slice::from_ref(&alone), BEGIN)
            .await
            .unwrap();
        let uncounted = items_uncounted(&mut tx, id, &start, END, 10).await.unwrap();
        assert_eq!(uncounted, [alone]);
    }
}

#[tokio::test]
async fn gaps_keep_their_first_sight_and_close() {
    for store in stores().await {
        let id = connection(&store).await;
        let gap = |n: i64, reason: &str, seen: Timestamp| Gap {
            started_at: BEGIN.plus_secs(n),
            guid: guid(n),
            reason: reason.to_owned(),
            detail: "why".to_owned(),
            direction: "inbound".to_owned(),
            line: "+2".to_owned(),
            agent: None,
            first_seen_at: seen,
        };
        let mut tx = store.db.begin_write().await.unwrap();
        let first = [
            gap(1, "late", BEGIN),
            gap(2, "pending", BEGIN),
            gap(3, "truncated", BEGIN),
        ];
        gaps_put(&mut tx, id, &first, BEGIN).await.unwrap();
        gaps_put(&mut tx, id, &[gap(1, "absent_silent", END)], END)
            .await
            .unwrap();
        let page = gaps_page(&mut tx, id, &Place::before(BEGIN), END, 10)
            .await
            .unwrap();
        assert_eq!(page[0].first_seen_at, BEGIN, "{}", store.engine);
        assert_eq!(page[0].reason, "absent_silent");
        assert_eq!(page.len(), 3);
        let again = gaps_to_look_at(&mut tx, id, 10).await.unwrap();
        assert_eq!(again, [BEGIN.plus_secs(2)]);
        let closed = gaps_close(&mut tx, id, BEGIN, END, &[guid(2), guid(9)], END)
            .await
            .unwrap();
        assert_eq!(closed, 1);
        assert_eq!(gaps_to_look_at(&mut tx, id, 10).await.unwrap(), []);
        let counts = gaps_count(&mut tx, id, BEGIN, END).await.unwrap();
        assert_eq!(counts.iter().map(|c| c.2).sum::<i64>(), 2);
        let known = gaps_known(&mut tx, id, BEGIN, END, &[guid(2), guid(9)])
            .await
            .unwrap();
        assert_eq!(known, [guid(2)]);
        gaps_put(&mut tx, id, &[gap(2, "late", END)], END)
            .await
            .unwrap();
        let page = gaps_page(&mut tx, id, &Place::before(BEGIN), END, 10)
            .await
            .unwrap();
        assert_eq!(page.len(), 3, "a gap that opens again is open");
    }
}

fn recording(n: i64, version: i64, run_id: RunId) -> CollectedRecording {
    CollectedRecording {
        started_at: BEGIN.plus_secs(n),
        guid: guid(n),
        content_key: "callRecording".to_owned(),
        version,
        sha256: format!("{n:064x}"),
        extension: "wav".to_owned(),
        size_bytes: 10,
        codec: "pcm16".to_owned(),
        channels: 2,
        sample_rate: 8_000,
        duration_ms: 1_000,
        notes: String::new(),
        digests: 1,
        fetched_at: END,
        run_id,
    }
}

#[tokio::test]
async fn recordings_keep_every_version_and_tombstones_their_first_word() {
    for store in stores().await {
        let id = connection(&store).await;
        let run = RunId::new(BEGIN, &SystemRandom);
        let mut tx = store.db.begin_write().await.unwrap();
        for (n, version) in [(1, 1), (1, 2), (2, 1), (1, 2)] {
            recording_put(&mut tx, id, &recording(n, version, run))
                .await
                .unwrap();
        }
        let start = Place::before(BEGIN);
        let page = recordings_page(&mut tx, id, (&start, i64::MIN), END, 10)
            .await
            .unwrap();
        let versions: Vec<i64> = page.iter().map(|r| r.version).collect();
        assert_eq!(versions, [1, 2, 1], "{}", store.engine);
        let second = Place {
            started_at: page[0].started_at,
            guid: page[0].guid.clone(),
            content_key: page[0].content_key.clone(),
        };
        let rest = recordings_page(&mut tx, id, (&second, 1), END, 10)
            .await
            .unwrap();
        assert_eq!(rest, page[1..]);
        assert_eq!(recordings_total(&mut tx, id).await.unwrap(), (3, 30));
        let asked = [format!("{:064x}", 1), format!("{:064x}", 9)];
        assert_eq!(
            recordings_known(&mut tx, id, &asked).await.unwrap(),
            asked[..1]
        );
        let stone = |reason: &str| Tombstone {
            started_at: BEGIN,
            guid: guid(1),
            content_key: "callRecording".to_owned(),
            seen_at: END,
            reason: reason.to_owned(),
            sha256: None,
        };
        tombstone_put(&mut tx, id, &stone("gone")).await.unwrap();
        tombstone_put(&mut tx, id, &stone("gone again"))
            .await
            .unwrap();
        let stones = tombstones_page(&mut tx, id, &start, 10).await.unwrap();
        assert_eq!(stones, [stone("gone")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_of_the_manifest_leave_no_hole_and_no_double_line() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut writers = Vec::new();
        for writer in 0..8 {
            let db = store.db.clone();
            writers.push(tokio::spawn(async move {
                let mut written = 0;
                while written < 10 {
                    let mut tx = db.begin_write().await.unwrap();
                    let last = manifest_last(&mut tx, id).await.unwrap();
                    let line = ManifestLine {
                        line: last.map_or(1, |l| l.line + 1),
                        started_at: BEGIN,
                        guid: guid(writer),
                        content_key: "callRecording".to_owned(),
                        version: written,
                        sha256: String::new(),
                        size_bytes: 1,
                        chain: String::new(),
                    };
                    match manifest_append(&mut tx, id, &line).await {
                        Ok(()) => {
                            tx.commit().await.unwrap();
                            written += 1;
                        }
                        Err(Error::Duplicate) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let mut tx = store.db.begin_read().await.unwrap();
        let lines = manifest_page(&mut tx, id, 0, 1_000).await.unwrap();
        let numbers: Vec<i64> = lines.iter().map(|l| l.line).collect();
        assert_eq!(numbers, (1..=80).collect::<Vec<i64>>(), "{}", store.engine);
    }
}

#[tokio::test]
async fn runs_and_users_are_written_back() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut run = StoredRun {
            id: RunId::new(BEGIN, &SystemRandom),
            started_at: BEGIN,
            ended_at: None,
            since_at: BEGIN,
            until_at: END,
            state: "running".to_owned(),
            report: "{}".to_owned(),
        };
        let mut tx = store.db.begin_write().await.unwrap();
        run_put(&mut tx, id, &run).await.unwrap();
        run.ended_at = Some(END);
        run.state = "done".to_owned();
        run_put(&mut tx, id, &run).await.unwrap();
        assert_eq!(run_list(&mut tx, id, 5).await.unwrap(), [run.clone()]);
        for listed in [1, 2] {
            let window = (BEGIN, END);
            window_put(&mut tx, id, run.id, window, listed, END)
                .await
                .unwrap();
        }
        let user = |n: u32, active| CollectedUser {
            user_id: format!("u{n}"),
            username: "sam".to_owned(),
            name: "Sam".to_owned(),
            email: String::new(),
            role: "Admin".to_owned(),
            active,
            agent: None,
        };
        users_put(&mut tx, id, &[user(1, true), user(2, true)], BEGIN)
            .await
            .unwrap();
        users_put(&mut tx, id, &[user(2, false)], END)
            .await
            .unwrap();
        let page = users_page(&mut tx, id, "u1", 10).await.unwrap();
        assert_eq!(page, [user(2, false)], "{}", store.engine);
    }
}

fn gap(n: i64, reason: &str, line: &str) -> Gap {
    Gap {
        started_at: BEGIN.plus_secs(n),
        guid: guid(n),
        reason: reason.to_owned(),
        detail: String::new(),
        direction: if n % 2 == 0 { "inbound" } else { "outbound" }.to_owned(),
        line: line.to_owned(),
        agent: (n > 3).then(|| "2041".to_owned()),
        first_seen_at: END,
    }
}

#[tokio::test]
async fn gaps_are_found_by_what_is_asked_for_in_either_order() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let gaps: Vec<Gap> = (0..6)
            .map(|n| gap(n, if n < 4 { "late" } else { "corrupt" }, "+441"))
            .collect();
        gaps_put(&mut tx, id, &gaps, END).await.unwrap();
        let text = |text: &str| Some(text.to_owned());
        let base = GapSearch::default();
        let cases = [
            (base.clone(), 6),
            (
                GapSearch {
                    reason: text("late"),
                    direction: text("inbound"),
                    ..base.clone()
                },
                2,
            ),
            (
                GapSearch {
                    prefix: text("204"),
                    ..base.clone()
                },
                2,
            ),
            (
                GapSearch {
                    prefix: text("+44"),
                    from: Some(BEGIN.plus_secs(1)),
                    until: Some(BEGIN.plus_secs(3)),
                    ..base.clone()
                },
                2,
            ),
            (
                GapSearch {
                    prefix: text("%"),
                    ..base.clone()
                },
                0,
            ),
        ];
        for (mut search, n) in cases {
            let count = gaps_search_count(&mut tx, id, &search, 100).await.unwrap();
            assert_eq!(count, n, "{} {search:?}", store.engine);
            let found = gaps_search(&mut tx, id, &search, None, 0, 100)
                .await
                .unwrap();
            search.newest_first = true;
            let mut paged = Vec::new();
            let mut after = None;
            loop {
                let page = gaps_search(&mut tx, id, &search, after.as_ref(), 0, 2)
                    .await
                    .unwrap();
                let Some(last) = page.last() else { break };
                after = Some(Place {
                    started_at: last.started_at,
                    guid: last.guid.clone(),
                    content_key: String::new(),
                });
                paged.extend(page);
            }
            paged.reverse();
            assert_eq!(found, paged, "{} {search:?}", store.engine);
        }
        assert_eq!(gaps_search_count(&mut tx, id, &base, 4).await.unwrap(), 4);
    }
}

#[tokio::test]
async fn days_add_up_calls_recordings_and_gaps() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut tx = store.db.begin_write().await.unwrap();
        interactions_put(
            &mut tx,
            id,
            &[call(1, "1"), call(2, "1"), call(90_000, "1")],
            END,
        )
        .await
        .unwrap();
        let mut other = item(1, ItemState::Verified);
        other.content_key = "transcript".to_owned();
        let items = [
            item(1, ItemState::Verified),
            other,
            item(2, ItemState::Failed),
        ];
        items_put(&mut tx, id, &items, END).await.unwrap();
        gaps_put(&mut tx, id, &[gap(2, "corrupt", "+441")], END)
            .await
            .unwrap();
        let begin = Timestamp::from_ms(BEGIN.ms() / 86_400_000 * 86_400_000);
        let days = days_coverage(&mut tx, id, begin, END).await.unwrap();
        let first = &days[&(BEGIN.ms() / 86_400_000)];
        assert_eq!((first.calls, first.recorded), (2, 1), "{}", store.engine);
        assert_eq!(first.gaps["corrupt"], 1);
        assert_eq!(days.values().map(|d| d.calls).sum::<i64>(), 3);
    }
}

#[tokio::test]
async fn a_run_says_how_far_it_has_come_until_it_has_ended() {
    for store in stores().await {
        let id = connection(&store).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let mut run = StoredRun {
            id: RunId::new(BEGIN, &SystemRandom),
            started_at: BEGIN,
            ended_at: None,
            since_at: BEGIN,
            until_at: END,
            state: "running".to_owned(),
            report: "{}".to_owned(),
        };
        run_put(&mut tx, id, &run).await.unwrap();
        run_progress_set(&mut tx, id, run.id, "{\"n\":1}")
            .await
            .unwrap();
        let found = run_find(&mut tx, id, run.id).await.unwrap().unwrap();
        assert_eq!(found.report, "{\"n\":1}", "{}", store.engine);
        run.state = "done".to_owned();
        run_put(&mut tx, id, &run).await.unwrap();
        run_progress_set(&mut tx, id, run.id, "{\"n\":2}")
            .await
            .unwrap();
        assert_eq!(run_page(&mut tx, id, 0, 5).await.unwrap(), [run]);
        assert_eq!(run_page(&mut tx, id, 1, 5).await.unwrap(), []);
    }
}
