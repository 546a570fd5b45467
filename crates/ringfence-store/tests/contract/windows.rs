//! Windows of time, what goes on now, and leases.

use crate::harness::{account, stores};
use crate::interactions::call;
use ringfence_core::context::SystemRandom;
use ringfence_core::id::RequestId;
use ringfence_core::interaction::QueueKind;
use ringfence_core::statistics::Include;
use ringfence_core::time::Timestamp;
use ringfence_core::user::AgentNumber;
use ringfence_store::interactions::{
    StatsWindow, interaction_insert, interaction_window_count, interaction_window_page,
    ongoing_channels, ongoing_count, ongoing_page, queue_visit_window_count,
    queue_visit_window_page,
};
use ringfence_store::leases::{lease_release, lease_take};

#[tokio::test]
async fn a_window_takes_what_started_ended_or_changed_in_it() {
    for store in stores().await {
        let account = account(&store.db).await;
        let made = call(&account, 1);
        let mut ongoing = call(&account, 2);
        ongoing.ended_at = None;
        let mut tx = store.db.begin_write().await.unwrap();
        interaction_insert(&mut tx, &made).await.unwrap();
        interaction_insert(&mut tx, &ongoing).await.unwrap();

        let start = made.started_at;
        let (end, changed) = (made.ended_at.unwrap(), made.processed_at);
        use Include::{Processed, Started, StartedOrEnded};
        for (from, until, include, n) in [
            (start, start, Started, 1),
            (start.plus_ms(1), end, Started, 1),
            (start.plus_ms(1), start.plus_ms(2), Started, 0),
            (end, end, StartedOrEnded, 1),
            (end, end, Started, 0),
            (changed, changed, StartedOrEnded, 0),
            (changed, changed, Processed, 1),
            (start, changed.plus_ms(120_000), Processed, 2),
        ] {
            let window = StatsWindow {
                account_id: account.id,
                start: from,
                end: until,
                changed_since: from,
                include,
            };
            let case = format!("{} {window:?}", store.engine);
            let page = interaction_window_page(&mut tx, &window, 0, 10)
                .await
                .unwrap();
            assert_eq!(page.len(), n, "{case}");
            let total = interaction_window_count(&mut tx, &window).await.unwrap();
            assert_eq!(usize::try_from(total).unwrap(), n, "{case}");
        }

        let page = ongoing_page(&mut tx, account.id, 0, 10).await.unwrap();
        assert_eq!(page, vec![ongoing.clone()]);
        assert_eq!(ongoing_count(&mut tx, account.id).await.unwrap(), 1);
        let agents = [AgentNumber::parse("2041").unwrap()];
        let channels = ongoing_channels(&mut tx, account.id, &agents)
            .await
            .unwrap();
        assert_eq!(channels.len(), 1, "{}", store.engine);
        assert_eq!(channels[0].interaction_id, ongoing.id);
        assert_eq!(channels[0].channel_id, ongoing.channels[1].id);
    }
}

#[tokio::test]
async fn queue_visits_are_chosen_by_entry_queue_and_kind() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut made = call(&account, 1);
        let mut second = made.queue_visits[0].clone();
        second.queue = "Callback".to_owned();
        second.kind = QueueKind::Virtual;
        second.left_at = None;
        made.queue_visits.push(second);
        let mut tx = store.db.begin_write().await.unwrap();
        interaction_insert(&mut tx, &made).await.unwrap();
        let entered = made.queue_visits[0].entered_at;
        let window = StatsWindow {
            account_id: account.id,
            start: entered,
            end: entered,
            changed_since: entered,
            include: Include::Started,
        };
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (queues, kind, expected) in [
            (names(&[]), Some(QueueKind::Acd), vec!["Billing"]),
            (names(&[]), Some(QueueKind::Virtual), vec!["Callback"]),
            (names(&[]), None, vec!["Billing", "Callback"]),
            (names(&["Callback", "Sales"]), None, vec!["Callback"]),
            (names(&["Sales"]), None, vec![]),
        ] {
            let page = queue_visit_window_page(&mut tx, &window, &queues, kind, (0, 10))
                .await
                .unwrap();
            let found: Vec<&str> = page.iter().map(|v| v.visit.queue.as_str()).collect();
            assert_eq!(found, expected, "{}", store.engine);
            let wide = StatsWindow {
                include: Include::Processed,
                ..window
            };
            let processed = queue_visit_window_page(&mut tx, &wide, &queues, kind, (0, 10))
                .await
                .unwrap();
            assert_eq!(processed, page, "{}", store.engine);
            let n = queue_visit_window_count(&mut tx, &window, &queues, kind)
                .await
                .unwrap();
            assert_eq!(usize::try_from(n).unwrap(), expected.len());
            assert!(
                page.iter()
                    .all(|v| v.interaction_id == made.id && v.medium == "Phone")
            );
        }
        let (left, changed) = (made.queue_visits[0].left_at.unwrap(), made.processed_at);
        for (at, include, n) in [
            (left, Include::Started, 0),
            (left, Include::StartedOrEnded, 1),
            (changed, Include::StartedOrEnded, 0),
            (changed, Include::Processed, 2),
        ] {
            let window = StatsWindow {
                start: at,
                end: at,
                changed_since: at,
                include,
                ..window
            };
            let page = queue_visit_window_page(&mut tx, &window, &[], None, (0, 10)).await;
            assert_eq!(page.unwrap().len(), n, "{} {include:?}", store.engine);
            let total = queue_visit_window_count(&mut tx, &window, &[], None).await;
            assert_eq!(usize::try_from(total.unwrap()).unwrap(), n);
        }
    }
}

#[tokio::test]
async fn of_eight_who_want_a_lease_at_once_one_gets_it() {
    for store in stores().await {
        let now = Timestamp::from_ms(1_000);
        let tries = (0..8).map(|_| {
            let db = store.db.clone();
            async move {
                let holder = RequestId::new(now, &SystemRandom);
                let mut tx = db.begin_write().await.unwrap();
                let took = lease_take(&mut tx, "batch", holder, now, now.plus_secs(30))
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                (holder, took)
            }
        });
        let outcomes = futures_util::future::join_all(tries).await;
        let winners: Vec<RequestId> = outcomes
            .iter()
            .filter(|(_, took)| took.is_ok())
            .map(|(holder, _)| *holder)
            .collect();
        assert_eq!(winners.len(), 1, "{}", store.engine);
        let refused = outcomes.iter().find_map(|(_, took)| took.err());
        assert_eq!(refused, Some(now.plus_secs(30)));

        let mut tx = store.db.begin_write().await.unwrap();
        let (first, other) = (winners[0], RequestId::new(now, &SystemRandom));
        let later = now.plus_secs(30);
        let renewed = lease_take(&mut tx, "batch", first, now, later).await;
        assert_eq!(renewed.unwrap(), Ok(()));
        let early = lease_take(&mut tx, "batch", other, now.plus_secs(29), later).await;
        assert_eq!(early.unwrap(), Err(later));
        let in_time = lease_take(&mut tx, "batch", other, later, later.plus_secs(30)).await;
        assert_eq!(in_time.unwrap(), Ok(()));
        lease_release(&mut tx, "batch", first).await.unwrap();
        let held = lease_take(&mut tx, "batch", first, later, later.plus_secs(30)).await;
        assert!(held.unwrap().is_err(), "only the holder gives a lease back");
        lease_release(&mut tx, "batch", other).await.unwrap();
        let free = lease_take(&mut tx, "batch", first, later, later.plus_secs(30)).await;
        assert_eq!(free.unwrap(), Ok(()));
    }
}
