//! What recordings sound like, and who listened to them.

use crate::db::{Error, Tx};
use ringfence_core::content::ContentKey;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::time::Timestamp;
use ringfence_core::wav::peaks::Peaks;

const TABLE: &str = "content_sounds";

/// What a recording sounds like, as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredSound {
    /// How samples are written: `mulaw`, `pcm16`.
    pub format: String,
    /// Number of channels.
    pub channels: u16,
    /// Samples a second in each channel.
    pub sample_rate: u32,
    /// How long it plays.
    pub duration_ms: u64,
    /// What a waveform shows; none when the recording is too long to be drawn.
    pub peaks: Option<Peaks>,
}

/// A person's or program's look at an item.
#[derive(Clone, Copy, Debug)]
pub struct Hearing<'h> {
    /// The account.
    pub account_id: AccountId,
    /// The interaction.
    pub interaction_id: InteractionId,
    /// The item.
    pub key: &'h ContentKey,
    /// Who, as in the audit trail.
    pub actor: &'h str,
}

/// Keeps what a recording sounds like; the first word stays.
///
/// # Errors
/// The database broke off.
pub async fn sound_put(
    tx: &mut Tx,
    sha256: ContentDigest,
    sound: &StoredSound,
) -> Result<(), Error> {
    let peaks = sound.peaks.as_ref().map(Peaks::to_bytes);
    tx.execute(
        "INSERT INTO content_sounds (sha256, format, channels, sample_rate, duration_ms, peaks)
         SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM content_items c WHERE c.sha256 = $1)
         ON CONFLICT (sha256) DO NOTHING",
        &[
            sha256.to_string().into(),
            sound.format.as_str().into(),
            i64::from(sound.channels).into(),
            sound.sample_rate.into(),
            i64::try_from(sound.duration_ms).unwrap_or(i64::MAX).into(),
            peaks.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What the recording under a digest sounds like, when that is known.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn sound_find(tx: &mut Tx, sha256: ContentDigest) -> Result<Option<StoredSound>, Error> {
    let Some(row) = tx
        .fetch_optional(
            "SELECT * FROM content_sounds WHERE sha256 = $1",
            &[sha256.to_string().into()],
        )
        .await?
    else {
        return Ok(None);
    };
    let peaks = row.opt_bytes("peaks")?;
    Ok(Some(StoredSound {
        format: row.text("format")?,
        channels: row.number(TABLE, "channels")?,
        sample_rate: row.number(TABLE, "sample_rate")?,
        duration_ms: row.number(TABLE, "duration_ms")?,
        peaks: peaks.as_deref().and_then(Peaks::from_bytes),
    }))
}

/// Notes a look at an item; says whether the last one noted is older than `before`, so that this one is a new one.
///
/// # Errors
/// The database broke off.
pub async fn hearing_note(
    tx: &mut Tx,
    hearing: Hearing<'_>,
    before: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    tx.execute(
        "DELETE FROM content_hearings WHERE at < $1",
        &[before.into()],
    )
    .await?;
    let noted = tx
        .execute(
            "INSERT INTO content_hearings (account_id, interaction_id, key, actor, at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            &[
                hearing.account_id.to_string().into(),
                hearing.interaction_id.to_string().into(),
                hearing.key.as_str().into(),
                hearing.actor.into(),
                now.into(),
            ],
        )
        .await?;
    Ok(noted == 1)
}

/// Whether a look at an item was noted since an instant.
///
/// # Errors
/// The database broke off.
pub async fn hearing_known(
    tx: &mut Tx,
    hearing: Hearing<'_>,
    since: Timestamp,
) -> Result<bool, Error> {
    let row = tx
        .fetch_optional(
            "SELECT at FROM content_hearings
             WHERE account_id = $1 AND interaction_id = $2 AND key = $3 AND actor = $4 AND at >= $5",
            &[
                hearing.account_id.to_string().into(),
                hearing.interaction_id.to_string().into(),
                hearing.key.as_str().into(),
                hearing.actor.into(),
                since.into(),
            ],
        )
        .await?;
    Ok(row.is_some())
}
