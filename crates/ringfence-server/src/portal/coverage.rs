//! Coverage per day as a picture: one bar a day, from what is at home at the foot to what is missing at the top.

use super::collections::number_text;
use ringfence_app::manage::collections::Day;
use ringfence_core::gap::{GapClass, GapReason};

const DAY_WIDTH: usize = 24;
const BAR_WIDTH: usize = 18;
const HEIGHT: u64 = 120;
/// The picture, and the table that says the same.
#[derive(Debug)]
pub(super) struct CoverageChart {
    /// Width of the picture.
    pub(super) width: usize,
    /// Height of the bars.
    pub(super) height: u64,
    /// What the highest bar stands for.
    pub(super) most: String,
    /// The first day.
    pub(super) first: String,
    /// The last day.
    pub(super) last: String,
    /// The bars and lines of the table, oldest first.
    pub(super) days: Vec<DayView>,
    /// Sums over all days: at home, may still come, needs none, hidden, missing.
    pub(super) sums: [String; 5],
    /// Whether there is anything to show.
    pub(super) is_empty: bool,
}

/// A day.
#[derive(Debug)]
pub(super) struct DayView {
    pub(super) date: String,
    /// The list of its gaps.
    pub(super) href: String,
    pub(super) calls: String,
    /// At home, may still come, needs none, hidden, missing.
    pub(super) counts: [String; 5],
    pub(super) n_gaps: u64,
    /// Its gaps by reason, in words.
    pub(super) reasons: String,
    /// Its rectangles: class, x, y, width, height.
    pub(super) bars: Vec<(&'static str, usize, u64, usize, u64)>,
}

/// The classes of the rectangles, in the order of the counts.
const CLASSES: [&str; 5] = [
    "fill-ok",
    "fill-accent",
    "fill-muted",
    "fill-warn",
    "fill-bad",
];

/// Draws coverage.
pub(super) fn coverage_chart(connection: &str, days: &[Day]) -> CoverageChart {
    let most = days.iter().map(Day::total).max().unwrap_or(0);
    let mut sums = [0_u64; 5];
    for day in days {
        for (sum, n) in sums.iter_mut().zip(counts(day)) {
            *sum += n;
        }
    }
    let date = |day: Option<&Day>| day.map(|d| d.start.to_iso_date()).unwrap_or_default();
    CoverageChart {
        width: days.len().max(1) * DAY_WIDTH,
        height: HEIGHT,
        most: number_text(most),
        first: date(days.first()),
        last: date(days.last()),
        days: days
            .iter()
            .enumerate()
            .map(|(n, day)| day_view(connection, n, day, most))
            .collect(),
        sums: sums.map(number_text),
        is_empty: most == 0,
    }
}

fn counts(day: &Day) -> [u64; 5] {
    [
        day.recorded,
        day.n_of(GapClass::Waiting),
        day.n_of(GapClass::NotNeeded),
        day.n_of(GapClass::Hidden),
        day.n_of(GapClass::Missing),
    ]
}

fn day_view(connection: &str, n: usize, day: &Day, most: u64) -> DayView {
    let counts = counts(day);
    let mut bars = Vec::new();
    let mut below = 0;
    for (class, count) in CLASSES.into_iter().zip(counts) {
        // Edges are rounded, not heights, so that the parts meet; what is there can be seen.
        let from = scaled(below, most);
        let to = scaled(below + count, most);
        below += count;
        if count > 0 {
            let height = (to - from).max(2);
            let top = HEIGHT.saturating_sub(from + height);
            bars.push((
                class,
                n * DAY_WIDTH + (DAY_WIDTH - BAR_WIDTH) / 2,
                top,
                BAR_WIDTH,
                height,
            ));
        }
    }
    let date = day.start.to_iso_date();
    let reason = |(reason, n): &(String, u64)| {
        let title = GapReason::parse(reason).map_or(reason.as_str(), |known| known.title());
        format!("{title}: {}", number_text(*n))
    };
    let reasons: Vec<String> = day.gaps.iter().map(reason).collect();
    DayView {
        href: format!("/admin/collections/{connection}/gaps?from={date}&to={date}"),
        calls: number_text(day.calls),
        n_gaps: day.gaps.iter().map(|(_, n)| n).sum(),
        counts: counts.map(number_text),
        reasons: reasons.join("; "),
        bars,
        date,
    }
}

fn scaled(n: u64, most: u64) -> u64 {
    n.saturating_mul(HEIGHT) / most.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::time::Timestamp;

    #[test]
    fn a_bar_is_as_high_as_its_day_and_its_parts_meet() {
        let day = |n: i64, recorded, gaps: &[(&str, u64)]| Day {
            start: Timestamp::from_ms(n * 86_400_000),
            calls: 10,
            recorded,
            gaps: gaps.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect(),
        };
        let days = [
            day(0, 6, &[("corrupt", 3), ("pending", 1)]),
            day(1, 0, &[]),
            day(2, 1_000, &[("not_eligible", 1)]),
        ];
        let chart = coverage_chart("acme", &days[..2]);
        assert_eq!(
            chart.days[0].bars,
            [
                ("fill-ok", 3, 48, 18, 72),
                ("fill-accent", 3, 36, 18, 12),
                ("fill-bad", 3, 0, 18, 36),
            ]
        );
        assert!(chart.days[1].bars.is_empty());
        assert_eq!(chart.sums, ["6", "1", "0", "0", "3"].map(str::to_owned));
        assert_eq!(chart.days[0].reasons, "Damaged: 3; Too young to tell: 1");
        // One of a thousand is still to be seen.
        let chart = coverage_chart("acme", &days);
        assert_eq!(chart.days[2].bars[1].4, 2);
        assert_eq!(chart.most, "1,001");
    }
}
