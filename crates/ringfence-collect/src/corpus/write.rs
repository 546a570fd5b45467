//! The tables of the corpus, made anew from the ledger.

use super::Folder;
use crate::connection::Connection;
use crate::context::CollectCtx;
use crate::corpus::schema::{GAPS, INTERACTIONS, RECORDINGS, RUNS, USERS};
use crate::corpus::table::{Cell, Table, TableFile};
use crate::error::Error;
use crate::fetch::body::joined;
use crate::report::RunReport;
use crate::sink::local::content_path;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::InteractionId;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::gaps;
use ringfence_store::collect::interactions;
use ringfence_store::collect::items::{self, CollectedItem};
use ringfence_store::collect::recordings::{self, CollectedRecording};
use ringfence_store::collect::runs;
use ringfence_store::collect::users;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use tokio::task::spawn_blocking;

const PAGE: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// Makes the tables of some days anew: interactions, recordings and gaps.
///
/// # Errors
/// The store or the disk fails.
pub async fn tables(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    days: &BTreeSet<String>,
) -> Result<(), Error> {
    for day in days {
        let Ok(from) = Timestamp::parse(&format!("{day}T00:00:00Z")) else {
            continue;
        };
        write_interactions(ctx, folder, connection, day, from).await?;
        write_recordings(ctx, folder, connection, day, from).await?;
        write_gaps(ctx, folder, connection, day, from).await?;
    }
    Ok(())
}

/// Makes the gaps tables of some days anew.
///
/// # Errors
/// The store or the disk fails.
pub async fn write_all_gaps(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    days: &BTreeSet<String>,
) -> Result<(), Error> {
    for day in days {
        if let Ok(from) = Timestamp::parse(&format!("{day}T00:00:00Z")) {
            write_gaps(ctx, folder, connection, day, from).await?;
        }
    }
    Ok(())
}

async fn write_interactions(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    day: &str,
    from: Timestamp,
) -> Result<(), Error> {
    let mut file = Writing::begin(folder, &INTERACTIONS, day).await?;
    let to = from.plus_ms(DAY_MS - 1);
    let mut after = Place::before(from);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page =
            interactions::interactions_accounted(&mut tx, connection.id, &after, to, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = place(last.interaction.started_at, &last.interaction.guid, "");
        let rows = page.into_iter().map(|entry| {
            let call = entry.interaction;
            vec![
                Cell::text(connection.name.as_str()),
                Cell::guid(&call.guid),
                Cell::time(call.started_at),
                Cell::Int(call.duration_ms),
                Cell::Int(call.talk_ms),
                Cell::text(&call.direction),
                Cell::text(&call.medium),
                Cell::Bool(call.completed),
                Cell::text(&call.connect_from),
                Cell::text(&call.connect_to),
                Cell::text(&call.service),
                Cell::Text(call.agent),
                call.conversation
                    .as_deref()
                    .map_or(Cell::Uuid(None), Cell::guid),
                Cell::Bool(entry.state.as_deref() == Some("verified")),
            ]
        });
        file.rows(rows.collect()).await?;
    }
    file.end().await
}

async fn write_recordings(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    day: &str,
    from: Timestamp,
) -> Result<(), Error> {
    let mut file = Writing::begin(folder, &RECORDINGS, day).await?;
    let to = from.plus_ms(DAY_MS);
    let mut after = (Place::before(from), i64::MIN);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page =
            recordings::recordings_page(&mut tx, connection.id, (&after.0, after.1), to, PAGE)
                .await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            break;
        };
        after = (
            place(last.started_at, &last.guid, &last.content_key),
            last.version,
        );
        let guids: Vec<String> = page.iter().map(|r| r.guid.clone()).collect();
        let range = (first.started_at, last.started_at);
        let known = items::items_of(&mut tx, connection.id, range.0, range.1, &guids).await?;
        drop(tx);
        let known: HashMap<(String, String), CollectedItem> = known
            .into_iter()
            .map(|item| ((item.guid.clone(), item.content_key.clone()), item))
            .collect();
        let rows = page.into_iter().map(|recording| {
            let key = (recording.guid.clone(), recording.content_key.clone());
            recording_row(connection.name.as_str(), recording, known.get(&key))
        });
        file.rows(rows.collect()).await?;
    }
    file.end().await
}

fn recording_row(
    account: &str,
    recording: CollectedRecording,
    item: Option<&CollectedItem>,
) -> Vec<Cell> {
    let path = ContentDigest::parse(&recording.sha256)
        .map(|digest| content_path(&digest, &recording.extension))
        .unwrap_or_default();
    let text = |of: fn(&CollectedItem) -> &String| Cell::text(item.map_or("", |i| of(i)));
    vec![
        Cell::text(account),
        Cell::guid(&recording.guid),
        Cell::time(recording.started_at),
        Cell::Text(Some(recording.content_key)),
        text(|i| &i.kind),
        text(|i| &i.direction),
        text(|i| &i.connect_from),
        text(|i| &i.connect_to),
        text(|i| &i.agents),
        Cell::Text(Some(recording.sha256)),
        Cell::Text(Some(path)),
        Cell::Int(Some(recording.size_bytes)),
        Cell::Int(Some(recording.duration_ms).filter(|ms| *ms > 0)),
        Cell::Text(Some(recording.codec)),
        Cell::Int(Some(recording.channels).filter(|n| *n > 0)),
        Cell::Int(Some(recording.sample_rate).filter(|n| *n > 0)),
        Cell::Int(Some(recording.version).filter(|ms| *ms != 0)),
        Cell::Text(Some(recording.notes)),
        Cell::Int(Some(recording.digests)),
        Cell::time(recording.fetched_at),
    ]
}

async fn write_gaps(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    day: &str,
    from: Timestamp,
) -> Result<(), Error> {
    let mut file = Writing::begin(folder, &GAPS, day).await?;
    let to = from.plus_ms(DAY_MS - 1);
    let mut after = Place::before(from);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page = gaps::gaps_page(&mut tx, connection.id, &after, to, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = place(last.started_at, &last.guid, "");
        let rows = page.into_iter().map(|gap| {
            vec![
                Cell::text(connection.name.as_str()),
                Cell::guid(&gap.guid),
                Cell::time(gap.started_at),
                Cell::Text(Some(gap.reason)),
                Cell::Text(Some(gap.detail)),
                Cell::Text(Some(gap.direction)),
                Cell::Text(Some(gap.line)),
                Cell::Text(gap.agent),
                Cell::time(gap.first_seen_at),
            ]
        });
        file.rows(rows.collect()).await?;
    }
    file.end().await
}

/// Makes the users table anew: one snapshot, that of today.
///
/// # Errors
/// The store or the disk fails.
pub async fn write_users(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    at: Timestamp,
) -> Result<(), Error> {
    let day = at.to_iso_date();
    let mut file = Writing::begin(folder, &USERS, &day).await?;
    let mut after = String::new();
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page = users::users_page(&mut tx, connection.id, &after, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after.clone_from(&last.user_id);
        let rows = page.into_iter().map(|user| {
            vec![
                Cell::text(connection.name.as_str()),
                Cell::Text(Some(user.user_id)),
                Cell::Text(user.agent),
                Cell::Text(Some(user.username)),
                Cell::Text(Some(user.name)),
                Cell::Text(Some(user.email)),
                Cell::Text(Some(user.role)),
                Cell::Bool(user.active),
            ]
        });
        file.rows(rows.collect()).await?;
    }
    file.end().await?;
    // A join over two snapshots would count people twice, so only the latest one stays.
    let keep = format!("dt={day}");
    let table = folder.path.join("tables").join(USERS.name);
    for entry in fs::read_dir(&table).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_str()
            .is_some_and(|n| n.starts_with("dt=") && n != keep)
        {
            fs::remove_dir_all(entry.path()).map_err(|e| Error::disk("removing old users", e))?;
        }
    }
    Ok(())
}

/// Makes the runs table of a run's day anew.
///
/// # Errors
/// The store or the disk fails.
pub async fn write_run(
    ctx: &CollectCtx,
    folder: &Folder,
    connection: &Connection,
    report: &RunReport,
) -> Result<(), Error> {
    let day = report.started_at.to_iso_date();
    let mut tx = ctx.db.begin_read().await?;
    let latest = runs::run_list(&mut tx, connection.id, 5_000).await?;
    drop(tx);
    let mut file = Writing::begin(folder, &RUNS, &day).await?;
    let rows = latest
        .into_iter()
        .rev()
        .filter(|run| run.started_at.to_iso_date() == day)
        .map(|run| {
            let said: serde_json::Value = serde_json::from_str(&run.report).unwrap_or_default();
            let number = |name: &str| Cell::Int(said.get(name).and_then(serde_json::Value::as_i64));
            vec![
                Cell::text(connection.name.as_str()),
                Cell::guid(&run.id.to_string()),
                Cell::time(run.started_at),
                Cell::Int(run.ended_at.map(Timestamp::ms)),
                Cell::time(run.since_at),
                Cell::time(run.until_at),
                Cell::Text(Some(run.state)),
                number("listed"),
                number("fetched"),
                number("already_had"),
                number("refused"),
                number("failed"),
                number("n_gaps"),
                number("bytes"),
                number("requests"),
            ]
        });
    file.rows(rows.collect()).await?;
    file.end().await
}

fn place(started_at: Timestamp, guid: &str, content_key: &str) -> Place {
    Place {
        started_at,
        guid: guid.to_owned(),
        content_key: content_key.to_owned(),
    }
}

impl Cell {
    fn text(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }

    const fn time(at: Timestamp) -> Self {
        Self::Int(Some(at.ms()))
    }

    fn guid(text: &str) -> Self {
        Self::Uuid(InteractionId::parse(text).ok().map(|id| *id.as_bytes()))
    }
}

// A table file and the thread it is written on.
struct Writing {
    file: Option<TableFile>,
}

impl Writing {
    async fn begin(folder: &Folder, table: &'static Table, day: &str) -> Result<Self, Error> {
        let partition = folder.partition(table, day);
        let file = joined(spawn_blocking(move || TableFile::begin(&partition, table)).await)??;
        Ok(Self { file: Some(file) })
    }

    async fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Result<(), Error> {
        if let Some(mut file) = self.file.take() {
            let done = spawn_blocking(move || file.rows(rows).map(|()| file)).await;
            self.file = Some(joined(done)??);
        }
        Ok(())
    }

    async fn end(mut self) -> Result<(), Error> {
        match self.file.take() {
            Some(file) => joined(spawn_blocking(move || file.end()).await)?,
            None => Ok(()),
        }
    }
}
