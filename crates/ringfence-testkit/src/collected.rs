//! What a collector knows, for tests of those who look at it.

use crate::test_app::TestApp;
use ringfence_core::context::SystemRandom;
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::connections::{
    StoredConnection, connection_cursor_set, connection_insert,
};
use ringfence_store::collect::gaps::{Gap, gaps_put};
use ringfence_store::collect::interactions::{CollectedInteraction, interactions_put};
use ringfence_store::collect::items::{CollectedItem, ItemState, items_put};
use ringfence_store::collect::runs::{StoredRun, run_progress_set, run_put};
use serde_json::json;

const DAY: &str = "2026-03-02T00:00:00Z";

fn begin() -> Timestamp {
    Timestamp::parse(DAY).expect("an instant")
}

fn guid(n: i64) -> String {
    format!("0190a1b2-3333-4d5e-8f60-{n:012x}")
}

fn collected(n: i64) -> CollectedInteraction {
    CollectedInteraction {
        started_at: begin().plus_secs(n * 3_600),
        guid: guid(n),
        conversation: None,
        duration_ms: Some(60_000),
        talk_ms: Some(50_000),
        direction: "inbound".to_owned(),
        medium: "Phone".to_owned(),
        completed: true,
        connect_from: "+1".to_owned(),
        connect_to: "+2".to_owned(),
        service: "Billing".to_owned(),
        agent: Some("2041".to_owned()),
    }
}

fn verified(n: i64) -> CollectedItem {
    CollectedItem {
        started_at: begin().plus_secs(n * 3_600),
        guid: guid(n),
        content_key: "callRecording".to_owned(),
        version: 7,
        kind: "callRecording".to_owned(),
        media_type: "audio/wav".to_owned(),
        direction: "inbound".to_owned(),
        connect_from: "+1".to_owned(),
        connect_to: "+2".to_owned(),
        agents: "2041".to_owned(),
        state: ItemState::Verified,
        reason: None,
        detail: String::new(),
        attempts: 0,
    }
}

fn gap(n: i64, reason: &str) -> Gap {
    Gap {
        started_at: begin().plus_secs(n * 3_600),
        guid: guid(n),
        reason: reason.to_owned(),
        detail: "=2+5 all outbound <calls> are absent".to_owned(),
        direction: "outbound".to_owned(),
        line: "+441632960900".to_owned(),
        agent: Some("2041".to_owned()),
        first_seen_at: begin().plus_secs(90_000),
    }
}

impl TestApp {
    /// Stores the connection `remote.acme` with 33 calls of two days: 3 at home, 27 hidden by a permission, 3 damaged; and
    /// three runs, one that ended, one that was cut off and one at work. Gives the first and the last.
    pub async fn store_collection(&self) -> (RunId, RunId) {
        let id = ConnectionId::new(begin(), &SystemRandom);
        let mut tx = self.ctx.db.begin_write().await.expect("the store takes it");
        let connection = StoredConnection {
            id,
            name: "remote.acme".to_owned(),
            login_url: "https://remote.example/".to_owned(),
            api_url: "https://api.remote.example/".to_owned(),
            client_id: "the-client".to_owned(),
            secret: b"sealed".to_vec(),
            owner: Some("sam@remote.example".to_owned()),
            origin_at: None,
            cursor_at: None,
            created_at: begin(),
        };
        connection_insert(&mut tx, &connection)
            .await
            .expect("the store takes it");
        connection_cursor_set(&mut tx, id, begin(), begin().plus_secs(100_000))
            .await
            .expect("the store takes it");
        let calls: Vec<_> = (0..33).map(collected).collect();
        interactions_put(&mut tx, id, &calls, begin())
            .await
            .expect("the store takes it");
        let items: Vec<_> = (0..3).map(verified).collect();
        items_put(&mut tx, id, &items, begin())
            .await
            .expect("the store takes it");
        let reason = |n: i64| {
            if n < 30 {
                "permission_suspected"
            } else {
                "corrupt"
            }
        };
        let gaps: Vec<_> = (3..33).map(|n| gap(n, reason(n))).collect();
        gaps_put(&mut tx, id, &gaps, begin())
            .await
            .expect("the store takes it");
        let run = |n: i64, state: &str, report: &str| StoredRun {
            id: RunId::new(begin().plus_secs(n), &SystemRandom),
            started_at: self.ctx.now().plus_secs(n - 1_000),
            ended_at: (state == "done").then(|| self.ctx.now()),
            since_at: begin(),
            until_at: begin().plus_secs(100_000),
            state: state.to_owned(),
            report: report.to_owned(),
        };
        let report = json!({
            "listed": 1_234, "fetched": 1_200, "already_had": 30, "refused": 3, "failed": 1, "bytes": 5_000_000,
            "coverage": {"calls": 33, "recorded": 3, "gaps": 30}, "balanced": true, "requests": 40,
            "notes": ["the users could not be read"],
            "causes": [{"reason": "corrupt", "detail": "cut <short>", "calls": 3}],
        });
        let done = run(0, "done", &report.to_string());
        run_put(&mut tx, id, &done)
            .await
            .expect("the store takes it");
        let cut_off = run(1, "running", "{}");
        run_put(&mut tx, id, &cut_off)
            .await
            .expect("the store takes it");
        let at_work = run(2, "running", "{}");
        run_put(&mut tx, id, &at_work)
            .await
            .expect("the store takes it");
        let so_far = json!({
            "listed": 10, "fetched": 4, "already_had": 6, "refused": 0, "failed": 0, "bytes": 9,
            "windows_done": 1, "windows": 4, "told_at_ms": self.ctx.now().ms(),
        });
        run_progress_set(&mut tx, id, at_work.id, &so_far.to_string())
            .await
            .expect("the store takes it");
        tx.commit().await.expect("the store takes it");
        (done.id, at_work.id)
    }
}
