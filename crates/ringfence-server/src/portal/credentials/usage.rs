//! How much a credential is used, as a picture and as a table.

use super::{id_of, path_of};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::listing::ListState;
use crate::portal::page::render;
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::credentials::credential_show;
use ringfence_app::manage::credentials::usage::{Bucket, Step, credential_usage};

// The picture's field: from the left edge to the right one, and from the top to the ground.
const LEFT: i64 = 48;
const RIGHT: i64 = 716;
const TOP: i64 = 12;
const GROUND: i64 = 172;

#[derive(Template)]
#[template(path = "credentials/usage.html")]
struct UsagePage {
    chrome: Chrome,
    name: String,
    path: String,
    by_hour: bool,
    chart: Chart,
}

/// A chart of stacked bars.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) summary: String,
    pub(super) lines: Vec<GridLine>,
    pub(super) bars: Vec<BarPart>,
    pub(super) labels: Vec<Label>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct GridLine {
    pub(super) y: i64,
    pub(super) text: String,
}

pub(super) struct BarPart {
    pub(super) class: &'static str,
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

pub(super) struct Label {
    pub(super) x: i64,
    pub(super) text: String,
}

pub(super) struct Row {
    pub(super) from: Moment,
    pub(super) tokens: i64,
    pub(super) ok: i64,
    pub(super) refused: i64,
    pub(super) wrong: i64,
    pub(super) failed: i64,
}

/// `GET /admin/credentials/{id}/usage`.
pub(crate) fn usage_route() -> MethodRouter<App> {
    get(usage)
}

async fn usage(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let id = id_of(&id)?;
    let by_hour = ListState::read(&uri).text("by") == "hour";
    let step = if by_hour { Step::Hour } else { Step::Day };
    let shown = credential_show(&app.ctx, &caller, id).await?;
    let buckets = credential_usage(&app.ctx, &caller, id, step).await?;
    render(&UsagePage {
        chrome,
        name: shown.credential.name.as_str().to_owned(),
        path: path_of(id),
        by_hour,
        chart: chart(&buckets, step),
    })
}

/// Draws the buckets. The rows of the table are those in which something happened, the newest first.
pub(super) fn chart(buckets: &[Bucket], step: Step) -> Chart {
    let calls = |b: &Bucket| b.tally.ok + b.tally.refused + b.tally.wrong + b.tally.failed;
    let most = buckets.iter().map(calls).max().unwrap_or(0);
    let top = round_up(most);
    let scale = |n: i64| n * (GROUND - TOP) / top;
    let n = i64::try_from(buckets.len()).unwrap_or(1).max(1);
    let pitch = (RIGHT - LEFT) / n;
    let mut bars = Vec::new();
    let mut labels = Vec::new();
    for (place, bucket) in (0..).zip(buckets) {
        let x = LEFT + place * pitch;
        let mut filled = 0;
        for (class, count) in [
            ("ok", bucket.tally.ok),
            ("warn", bucket.tally.refused + bucket.tally.wrong),
            ("bad", bucket.tally.failed),
        ] {
            let (below, above) = (scale(filled), scale(filled + count));
            // What happened is seen, however little it was.
            let height = (above - below).max(i64::from(count > 0) * 2);
            if height > 0 {
                bars.push(BarPart {
                    class,
                    x,
                    y: GROUND - below - height,
                    width: (pitch - 3).max(2),
                    height,
                });
            }
            filled += count;
        }
        let every = if step == Step::Hour { 8 } else { 5 };
        if place % every == 0 {
            labels.push(Label {
                x: x + pitch / 2,
                text: label(bucket, step),
            });
        }
    }
    let lines = [0, top / 2, top].map(|value| GridLine {
        y: GROUND - scale(value),
        text: value.to_string(),
    });
    let rows = buckets
        .iter()
        .rev()
        .filter(|b| calls(b) + b.tally.tokens > 0);
    Chart {
        title: match step {
            Step::Day => "Calls per day, last 30 days (UTC)",
            Step::Hour => "Calls per hour, last 48 hours (UTC)",
        },
        summary: summary(buckets),
        lines: lines.into(),
        bars,
        labels,
        rows: rows.map(row).collect(),
    }
}

fn summary(buckets: &[Bucket]) -> String {
    let sum = |of: fn(&Bucket) -> i64| buckets.iter().map(of).sum::<i64>();
    format!(
        "{} tokens; {} calls answered, {} refused at the gateway, {} answered with 4xx, {} with 5xx.",
        sum(|b| b.tally.tokens),
        sum(|b| b.tally.ok),
        sum(|b| b.tally.refused),
        sum(|b| b.tally.wrong),
        sum(|b| b.tally.failed),
    )
}

fn label(bucket: &Bucket, step: Step) -> String {
    let iso = bucket.from.to_iso_secs();
    let part = match step {
        Step::Day => iso.get(5..10),
        Step::Hour => iso.get(11..16),
    };
    part.unwrap_or_default().to_owned()
}

fn row(bucket: &Bucket) -> Row {
    Row {
        from: Moment(bucket.from),
        tokens: bucket.tally.tokens,
        ok: bucket.tally.ok,
        refused: bucket.tally.refused,
        wrong: bucket.tally.wrong,
        failed: bucket.tally.failed,
    }
}

/// The next of 2, 10, 20, 100, 200, … at or above, so that half of it is whole.
fn round_up(most: i64) -> i64 {
    let mut top: i64 = 2;
    let mut by_five = true;
    while top < most {
        top = top.saturating_mul(if by_five { 5 } else { 2 });
        by_five = !by_five;
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_round_and_holds_the_most() {
        for (most, top) in [(0, 2), (2, 2), (3, 10), (11, 20), (21, 100), (101, 200)] {
            assert_eq!(round_up(most), top);
        }
    }
}
