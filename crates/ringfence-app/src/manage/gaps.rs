//! Gaps of a connection: calls that should have a recording at home and have none. For operators, like [`super::collections`].

use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::manage::collections::{count, find};
use crate::manage::slice::Slice;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt as _, stream};
use ringfence_core::gap::GapReason;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::gaps::{gaps_search, gaps_search_count};

pub use ringfence_store::collect::gaps::{Gap, GapSearch};

/// Gaps are counted up to here.
pub const GAPS_COUNTED: i64 = 10_000;

const CSV_PAGE: i64 = 1_000;
const CSV_COLUMNS: [&str; 9] = [
    "call_start",
    "guid",
    "reason",
    "meaning",
    "detail",
    "direction",
    "line",
    "agent",
    "first_seen",
];

/// A page of open gaps, with one more than asked for when there are more, and how many there are up to [`GAPS_COUNTED`].
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection, and for everybody but operators.
pub async fn gaps_list(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    search: &GapSearch,
    (offset, limit): (u32, u32),
) -> Result<(Vec<Gap>, u64), Error> {
    caller.require_operator()?;
    let mut tx = ctx.db.begin_read().await?;
    let connection = find(&mut tx, name).await?;
    let n = gaps_search_count(&mut tx, connection.id, search, GAPS_COUNTED).await?;
    let limit = i64::from(limit) + 1;
    let gaps = gaps_search(&mut tx, connection.id, search, None, offset.into(), limit).await?;
    Ok((gaps, count(n)))
}

/// Open gaps after a key.
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection, and for everybody but operators.
pub async fn gaps_slice(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    search: &GapSearch,
    (after, limit): (Option<&str>, u32),
) -> Result<Slice<Gap>, Error> {
    caller.require_operator()?;
    let after = after.map(place).transpose()?;
    let mut tx = ctx.db.begin_read().await?;
    let connection = find(&mut tx, name).await?;
    let wanted = i64::from(limit) + 1;
    let gaps = gaps_search(&mut tx, connection.id, search, after.as_ref(), 0, wanted).await?;
    Ok(Slice::cut(gaps, limit, |gap| {
        format!("{}:{}", gap.started_at.ms(), gap.guid)
    }))
}

/// All open gaps that a search finds as CSV, a thousand lines at a time; the stream fails rather than end early.
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection, and for everybody but operators.
pub async fn gaps_csv(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    search: GapSearch,
) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
    let pages = gaps_stream(ctx, caller, name, search).await?;
    let head = csv_lines([CSV_COLUMNS.map(str::to_owned)])?;
    let pages = pages.and_then(|page| async move { csv_lines(page.into_iter().map(csv_cells)) });
    Ok(StreamExt::chain(stream::iter([Ok(head)]), pages))
}

fn csv_lines(rows: impl IntoIterator<Item = [String; 9]>) -> Result<Bytes, Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).map_err(Error::internal)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|e| Error::internal(e.into_error()))?;
    Ok(Bytes::from(bytes))
}

fn csv_cells(gap: Gap) -> [String; 9] {
    let meaning = GapReason::parse(&gap.reason).map_or("", GapReason::title);
    [
        gap.started_at.to_iso_millis(),
        cell(gap.guid),
        cell(gap.reason),
        meaning.to_owned(),
        cell(gap.detail),
        cell(gap.direction),
        cell(gap.line),
        cell(gap.agent.unwrap_or_default()),
        gap.first_seen_at.to_iso_millis(),
    ]
}

// A spreadsheet takes a cell that begins like this for a formula; the apostrophe makes it text.
fn cell(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text
    }
}

async fn gaps_stream(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    search: GapSearch,
) -> Result<impl Stream<Item = Result<Vec<Gap>, Error>> + Send + use<>, Error> {
    caller.require_operator()?;
    let mut tx = ctx.db.begin_read().await?;
    let id = find(&mut tx, name).await?.id;
    drop(tx);
    let begun = (ctx.clone(), search, None::<Place>);
    Ok(stream::try_unfold(
        begun,
        move |(ctx, search, after)| async move {
            let mut tx = ctx.db.begin_read().await?;
            let page = gaps_search(&mut tx, id, &search, after.as_ref(), 0, CSV_PAGE).await?;
            drop(tx);
            let Some(last) = page.last() else {
                return Ok(None);
            };
            let after = Place {
                started_at: last.started_at,
                guid: last.guid.clone(),
                content_key: String::new(),
            };
            Ok(Some((page, (ctx, search, Some(after)))))
        },
    ))
}

fn place(key: &str) -> Result<Place, Error> {
    let broken = || Error::Invalid("the cursor is not one that this list gave".to_owned());
    let (ms, guid) = key.split_once(':').ok_or_else(broken)?;
    Ok(Place {
        started_at: Timestamp::from_ms(ms.parse().map_err(|_| broken())?),
        guid: guid.to_owned(),
        content_key: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let gap = Gap {
            started_at: Timestamp::from_ms(0),
            guid: "=HYPERLINK(\"http://evil\")".to_owned(),
            reason: "late".to_owned(),
            detail: "said \"no\", twice".to_owned(),
            direction: "inbound".to_owned(),
            line: "+441632960900".to_owned(),
            agent: Some("-2+3".to_owned()),
            first_seen_at: Timestamp::from_ms(1_000),
        };
        let bytes = csv_lines([csv_cells(gap)]).unwrap();
        assert_eq!(
            std::str::from_utf8(&bytes).unwrap(),
            "1970-01-01T00:00:00.000Z,\"'=HYPERLINK(\"\"http://evil\"\")\",late,Late,\"said \"\"no\"\", twice\",inbound,'+441632960900,'-2+3,1970-01-01T00:00:01.000Z\r\n"
        );
    }
}
