//! What recordings sound like: how they are coded, what their waveform shows, and their bytes as 16-bit PCM.
//!
//! Looking at headers reads the first bytes; a waveform reads the whole recording once and is kept by the digest of its
//! bytes. Both are bounded, so a page never waits long for either.

use crate::contents::blob_error;
use crate::context::Ctx;
use crate::error::Error;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use ringfence_core::content::ContentItem;
use ringfence_core::wav::WavHead;
use ringfence_core::wav::pcm::PcmView;
use ringfence_core::wav::peaks::PeakMeter;
use ringfence_core::wav::reader::WavReader;
use ringfence_store::blobs::BlobError;
use ringfence_store::sounds::{sound_find, sound_put};
use std::ops::Range;

pub use ringfence_store::sounds::StoredSound as Sound;

/// How many stretches of time a waveform shows.
pub const STRETCHES: u16 = 600;

// Headers may be followed by lists of texts before the samples begin.
const HEAD_BYTES: u64 = 64 * 1024;
// Two hours of a telephone call in two channels.
const DRAWN_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// What the headers of an item say; `None` when it is no audio that is read here.
///
/// # Errors
/// The bytes cannot be reached.
pub async fn sound_head(ctx: &Ctx, item: &ContentItem) -> Result<Option<WavHead>, Error> {
    if !item.media_type.starts_with("audio/") || item.size_bytes == 0 {
        return Ok(None);
    }
    let first = 0..item.size_bytes.min(HEAD_BYTES);
    let mut pieces = ctx.blobs.read(item.sha256, first).await?;
    let mut reader = WavReader::new();
    while let Some(piece) = pieces.next().await {
        reader.feed(&piece?);
    }
    Ok(reader.head())
}

/// What an item sounds like, from the store or by listening to it once; `None` when it is no audio that is read here.
///
/// # Errors
/// The bytes or the store cannot be reached.
pub async fn sound_of(ctx: &Ctx, item: &ContentItem) -> Result<Option<Sound>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let known = sound_find(&mut tx, item.sha256).await?;
    drop(tx);
    if known.is_some() {
        return Ok(known);
    }
    let Some(head) = sound_head(ctx, item).await? else {
        return Ok(None);
    };
    let sound = Sound {
        format: head.format.as_str().to_owned(),
        channels: head.channels,
        sample_rate: head.sample_rate,
        duration_ms: head.duration_ms(item.size_bytes),
        peaks: peaks(ctx, item, &head).await?,
    };
    let mut tx = ctx.db.begin_write().await?;
    sound_put(&mut tx, item.sha256, &sound).await?;
    tx.commit().await?;
    Ok(Some(sound))
}

async fn peaks(
    ctx: &Ctx,
    item: &ContentItem,
    head: &WavHead,
) -> Result<Option<ringfence_core::wav::peaks::Peaks>, Error> {
    let n_bytes = head.frames(item.size_bytes) * head.block_bytes();
    let Some(mut meter) = PeakMeter::new(head, item.size_bytes, STRETCHES) else {
        return Ok(None);
    };
    if n_bytes > DRAWN_BYTES_MAX {
        return Ok(None);
    }
    let samples = head.data_offset..head.data_offset + n_bytes;
    let mut pieces = ctx.blobs.read(item.sha256, samples).await?;
    while let Some(piece) = pieces.next().await {
        meter.feed(&piece?);
    }
    Ok(Some(meter.finish()))
}

/// A range of an item's view as 16-bit PCM, in pieces.
///
/// # Errors
/// The bytes cannot be reached. The stream fails rather than end early.
pub async fn pcm_read(
    ctx: &Ctx,
    item: &ContentItem,
    view: &PcmView,
    range: Range<u64>,
) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
    let source = view.source(&range);
    let pieces = match ctx.blobs.read(item.sha256, source).await {
        Ok(pieces) => pieces,
        Err(BlobError::Missing(_)) => return Err(Error::NotFound("content".to_owned())),
        Err(error) => return Err(blob_error(error)),
    };
    let begun = (pieces, Some(view.reader(&range)));
    Ok(stream::try_unfold(
        begun,
        |(mut pieces, reader)| async move {
            let Some(mut reader) = reader else {
                return Ok(None);
            };
            match pieces.next().await {
                Some(piece) => {
                    let piece = reader.feed(&piece.map_err(blob_error)?);
                    Ok(Some((Bytes::from(piece), (pieces, Some(reader)))))
                }
                None => Ok(Some((Bytes::from(reader.finish()), (pieces, None)))),
            }
        },
    ))
}
