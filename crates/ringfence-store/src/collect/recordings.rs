//! Recordings at home, and the manifest: what was stored, in the order of commits.

use super::Place;
use crate::db::{Error, Row, Tx};
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;

/// A recording whose bytes are durable and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectedRecording {
    /// When its interaction began, as the content API tells it.
    pub started_at: Timestamp,
    /// Its interaction.
    pub guid: String,
    /// Its key.
    pub content_key: String,
    /// When it was last replaced at its source, in milliseconds; 0 when unknown.
    pub version: i64,
    /// The digest of its bytes.
    pub sha256: String,
    /// The extension of its file.
    pub extension: String,
    /// Its length.
    pub size_bytes: i64,
    /// How its samples are written.
    pub codec: String,
    /// Channels; 0 when not read.
    pub channels: i64,
    /// Samples a second; 0 when not read.
    pub sample_rate: i64,
    /// Its length in time; 0 when not read.
    pub duration_ms: i64,
    /// What had to be overlooked, separated by spaces.
    pub notes: String,
    /// How many digests the platform offered and that agreed.
    pub digests: i64,
    /// When it came home.
    pub fetched_at: Timestamp,
    /// The run that brought it.
    pub run_id: RunId,
}

/// A line of the manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestLine {
    /// Its number, from 1.
    pub line: i64,
    /// When the interaction began.
    pub started_at: Timestamp,
    /// The interaction.
    pub guid: String,
    /// The item's key.
    pub content_key: String,
    /// The item's version.
    pub version: i64,
    /// The digest of the bytes.
    pub sha256: String,
    /// Their length.
    pub size_bytes: i64,
    /// The digest over the chain of the line before and this line.
    pub chain: String,
}

/// Adds a recording or writes it back.
///
/// # Errors
/// The database broke off.
pub async fn recording_put(
    tx: &mut Tx,
    connection: ConnectionId,
    recording: &CollectedRecording,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO collect_recordings (connection_id, started_at, guid, content_key, version, sha256, extension,
             size_bytes, codec, channels, sample_rate, duration_ms, notes, digests, fetched_at, run_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (connection_id, started_at, guid, content_key, version) DO UPDATE
         SET sha256 = excluded.sha256, extension = excluded.extension, size_bytes = excluded.size_bytes,
             codec = excluded.codec, channels = excluded.channels, sample_rate = excluded.sample_rate,
             duration_ms = excluded.duration_ms, notes = excluded.notes, digests = excluded.digests,
             fetched_at = excluded.fetched_at, run_id = excluded.run_id",
        &[
            connection.to_string().into(),
            recording.started_at.into(),
            recording.guid.as_str().into(),
            recording.content_key.as_str().into(),
            recording.version.into(),
            recording.sha256.as_str().into(),
            recording.extension.as_str().into(),
            recording.size_bytes.into(),
            recording.codec.as_str().into(),
            recording.channels.into(),
            recording.sample_rate.into(),
            recording.duration_ms.into(),
            recording.notes.as_str().into(),
            recording.digests.into(),
            recording.fetched_at.into(),
            recording.run_id.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

/// A page of the recordings of interactions begun in `[place, to)`, in order; every version counts.
///
/// `after_version` is the version of the last row before.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn recordings_page(
    tx: &mut Tx,
    connection: ConnectionId,
    after: (&Place, i64),
    to: Timestamp,
    limit: i64,
) -> Result<Vec<CollectedRecording>, Error> {
    let (place, version) = after;
    tx.fetch_all(
        "SELECT * FROM collect_recordings
         WHERE connection_id = $1 AND (started_at, guid, content_key, version) > ($2, $3, $4, $5) AND started_at < $6
         ORDER BY started_at, guid, content_key, version LIMIT $7",
        &[
            connection.to_string().into(),
            place.started_at.into(),
            place.guid.as_str().into(),
            place.content_key.as_str().into(),
            version.into(),
            to.into(),
            limit.into(),
        ],
    )
    .await?
    .iter()
    .map(recording)
    .collect()
}

/// Which of some digests are known.
///
/// # Errors
/// The database broke off.
pub async fn recordings_known(
    tx: &mut Tx,
    connection: ConnectionId,
    digests: &[String],
) -> Result<Vec<String>, Error> {
    let mut known = Vec::new();
    for some in digests.chunks(500) {
        let marks: Vec<String> = (2..some.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT DISTINCT sha256 FROM collect_recordings WHERE connection_id = $1 AND sha256 IN ({})",
            marks.join(", ")
        );
        let mut args = vec![connection.to_string().into()];
        args.extend(some.iter().map(|d| d.as_str().into()));
        for row in tx.fetch_all_built(sql, &args).await? {
            known.push(row.text("sha256")?);
        }
    }
    Ok(known)
}

/// How many recordings there are, and their bytes.
///
/// # Errors
/// The database broke off.
pub async fn recordings_total(tx: &mut Tx, connection: ConnectionId) -> Result<(i64, i64), Error> {
    let row = tx
        .fetch_one(
            "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS bytes
             FROM collect_recordings WHERE connection_id = $1",
            &[connection.to_string().into()],
        )
        .await?;
    Ok((row.int("n")?, row.int("bytes")?))
}

/// The last line of the manifest.
///
/// # Errors
/// The database broke off.
pub async fn manifest_last(
    tx: &mut Tx,
    connection: ConnectionId,
) -> Result<Option<ManifestLine>, Error> {
    tx.fetch_optional(
        "SELECT * FROM collect_manifest WHERE connection_id = $1 ORDER BY line DESC LIMIT 1",
        &[connection.to_string().into()],
    )
    .await?
    .map(|row| line(&row))
    .transpose()
}

/// Adds a line to the manifest; the number must be the next one.
///
/// # Errors
/// Another writer took the number, or the database broke off.
pub async fn manifest_append(
    tx: &mut Tx,
    connection: ConnectionId,
    line: &ManifestLine,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO collect_manifest (connection_id, line, started_at, guid, content_key, version, sha256, size_bytes, chain)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            connection.to_string().into(),
            line.line.into(),
            line.started_at.into(),
            line.guid.as_str().into(),
            line.content_key.as_str().into(),
            line.version.into(),
            line.sha256.as_str().into(),
            line.size_bytes.into(),
            line.chain.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// A page of the manifest after a line.
///
/// # Errors
/// The database broke off.
pub async fn manifest_page(
    tx: &mut Tx,
    connection: ConnectionId,
    after: i64,
    limit: i64,
) -> Result<Vec<ManifestLine>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_manifest WHERE connection_id = $1 AND line > $2 ORDER BY line LIMIT $3",
        &[connection.to_string().into(), after.into(), limit.into()],
    )
    .await?
    .iter()
    .map(line)
    .collect()
}

fn recording(row: &Row) -> Result<CollectedRecording, Error> {
    Ok(CollectedRecording {
        started_at: Timestamp::from_ms(row.int("started_at")?),
        guid: row.text("guid")?,
        content_key: row.text("content_key")?,
        version: row.int("version")?,
        sha256: row.text("sha256")?,
        extension: row.text("extension")?,
        size_bytes: row.int("size_bytes")?,
        codec: row.text("codec")?,
        channels: row.int("channels")?,
        sample_rate: row.int("sample_rate")?,
        duration_ms: row.int("duration_ms")?,
        notes: row.text("notes")?,
        digests: row.int("digests")?,
        fetched_at: Timestamp::from_ms(row.int("fetched_at")?),
        run_id: row.parsed("collect_recordings", "run_id", RunId::parse)?,
    })
}

fn line(row: &Row) -> Result<ManifestLine, Error> {
    Ok(ManifestLine {
        line: row.int("line")?,
        started_at: Timestamp::from_ms(row.int("started_at")?),
        guid: row.text("guid")?,
        content_key: row.text("content_key")?,
        version: row.int("version")?,
        sha256: row.text("sha256")?,
        size_bytes: row.int("size_bytes")?,
        chain: row.text("chain")?,
    })
}
