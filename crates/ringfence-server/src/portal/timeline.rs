//! The lives of signing keys as a picture: one row a key, announced, signing, only verifying.

use askama::filters::HtmlSafe;
use ringfence_core::key_schedule::{KeySchedule, KeyTimes};
use ringfence_core::time::Timestamp;
use std::fmt::{self, Display};

const LEFT: i64 = 168;
const RIGHT: i64 = 712;
const ROW: i64 = 32;
const TOP: i64 = 24;

/// One key.
#[derive(Clone, Debug)]
pub(crate) struct TimelineRow {
    /// What stands beside it: letters, digits and spaces.
    pub(crate) label: String,
    /// Its times.
    pub(crate) times: KeyTimes,
}

/// The picture.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    rows: Vec<TimelineRow>,
    now: Timestamp,
    from: Timestamp,
    until: Timestamp,
}

// Labels are of our own making: algorithms and hexadecimal digits.
impl HtmlSafe for Timeline {}

impl Timeline {
    /// The picture of these keys, from the first notice to the last end.
    pub(crate) fn new(rows: Vec<TimelineRow>, now: Timestamp, schedule: KeySchedule) -> Self {
        let from = rows.iter().map(|row| row.times.announced_at).min();
        let ends = rows.iter().filter_map(|row| end_of(&row.times)).max();
        // A key in use has no end yet; a part of its life ahead is shown.
        let ahead = now.plus_secs(i64::from(schedule.use_secs / 3).max(3_600));
        Self {
            from: from.unwrap_or(now),
            until: ends.unwrap_or(ahead).max(ahead),
            rows,
            now,
        }
    }

    fn x(&self, at: Timestamp) -> i64 {
        let span = self.until.ms_since(self.from).max(1);
        let into = at.ms_since(self.from).clamp(0, span);
        LEFT + (RIGHT - LEFT) * into / span
    }

    fn part(
        &self,
        f: &mut fmt::Formatter<'_>,
        y: i64,
        class: &str,
        (from, until): (Timestamp, Timestamp),
    ) -> fmt::Result {
        let (x, end) = (self.x(from), self.x(until));
        if end <= x {
            return Ok(());
        }
        let width = end - x;
        write!(
            f,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"16\" rx=\"2\"/>"
        )
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, y: i64, row: &TimelineRow) -> fmt::Result {
        let times = &row.times;
        let end = end_of(times).unwrap_or(self.until);
        let retire = times.retire_at.unwrap_or(end).min(end);
        let active = times.active_from.min(end);
        write!(f, "<text x=\"0\" y=\"{}\">{}</text>", y + 13, row.label)?;
        self.part(f, y, "bar muted", (times.announced_at, active))?;
        self.part(f, y, "bar ok", (active, retire))?;
        self.part(f, y, "bar warn", (retire, end))?;
        if let Some(at) = times.withdrawn_at {
            let x = self.x(at);
            write!(
                f,
                "<rect class=\"bar bad\" x=\"{x}\" y=\"{}\" width=\"4\" height=\"24\"/>",
                y - 4
            )?;
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let n_signing = self.rows.iter().filter(|row| row.times.signs(self.now));
        let n_verifying = self.rows.iter().filter(|row| row.times.verifies(self.now));
        format!(
            "{} keys: {} sign now, {} are published. The table gives every time.",
            self.rows.len(),
            n_signing.count(),
            n_verifying.count()
        )
    }
}

impl Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n_rows = i64::try_from(self.rows.len()).unwrap_or(0);
        let height = TOP + ROW * n_rows + 24;
        let summary = self.summary();
        write!(
            f,
            "<figure class=\"chart\"><figcaption>Lives of the keys</figcaption>\
             <svg viewBox=\"0 0 720 {height}\" role=\"img\" aria-label=\"{summary}\">"
        )?;
        let now = self.x(self.now);
        write!(
            f,
            "<path class=\"grid\" d=\"M{LEFT} {TOP}V{0}M{RIGHT} {TOP}V{0}\"/>\
             <path class=\"axis\" d=\"M{now} 16V{0}\"/><text x=\"{now}\" y=\"12\" text-anchor=\"middle\">now</text>",
            height - 20
        )?;
        let mut y = TOP + 8;
        for row in &self.rows {
            self.row(f, y, row)?;
            y += ROW;
        }
        write!(
            f,
            "<text x=\"{LEFT}\" y=\"{0}\">{1}</text><text x=\"{RIGHT}\" y=\"{0}\" text-anchor=\"end\">{2}</text></svg>\
             <ul class=\"legend\"><li class=\"muted\">Announced</li><li class=\"ok\">Signs</li>\
             <li class=\"warn\">Only verifies</li><li class=\"bad\">Withdrawn</li></ul></figure>",
            height - 4,
            self.from.to_iso_date(),
            self.until.to_iso_date()
        )
    }
}

fn end_of(times: &KeyTimes) -> Option<Timestamp> {
    times.withdrawn_at.or(times.remove_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::account::TokenAlg;
    use ringfence_core::id::KeyId;

    #[test]
    fn draws_each_part_of_a_life() {
        let day = |n: i64| Timestamp::from_secs(n * 86_400);
        let times = KeyTimes {
            id: KeyId::from_bytes([1; 16]),
            alg: TokenAlg::Rs256,
            announced_at: day(0),
            active_from: day(1),
            retire_at: Some(day(5)),
            remove_at: Some(day(6)),
            withdrawn_at: None,
        };
        let row = TimelineRow {
            label: "RS256 01".to_owned(),
            times,
        };
        let picture = Timeline::new(vec![row], day(2), KeySchedule::default()).to_string();
        for part in ["bar muted", "bar ok", "bar warn", "1 keys: 1 sign now"] {
            assert!(picture.contains(part), "{part}: {picture}");
        }
        let none = Timeline::new(Vec::new(), day(0), KeySchedule::default()).to_string();
        assert!(none.contains("0 keys"));
    }
}
