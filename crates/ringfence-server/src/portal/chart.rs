//! Charts, drawn by the server as SVG.
//!
//! A chart is a figure with a caption, a sentence for those who do not see it, and a legend. The page puts a table
//! with the same numbers beside it.

use askama::filters::HtmlSafe;
use std::fmt::{self, Display, Write as _};

// The field of the picture: from the left edge to the right one, and from the top to the ground.
const LEFT: i64 = 48;
const RIGHT: i64 = 716;
const TOP: i64 = 12;
const GROUND: i64 = 172;
const MOST_LABELS: usize = 7;

/// One kind of thing that is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Series {
    /// Its name in the legend.
    pub(crate) name: &'static str,
    /// `ok`, `warn`, `bad`, `muted`, or empty for the accent.
    pub(crate) class: &'static str,
}

/// One bar: a count for each series, stacked.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// What stands under it.
    pub(crate) label: String,
    /// The counts, in the order of the series.
    pub(crate) counts: Vec<i64>,
}

/// A chart of stacked bars.
#[derive(Clone, Debug)]
pub(crate) struct BarChart {
    /// What it shows.
    pub(crate) title: String,
    /// The same in a sentence or two.
    pub(crate) summary: String,
    /// What is counted, from the ground up.
    pub(crate) series: Vec<Series>,
    /// The bars, from left to right.
    pub(crate) columns: Vec<Column>,
}

// Every text is escaped below; everything else is digits and names of our own.
impl HtmlSafe for BarChart {}

impl Display for BarChart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.columns.iter().map(|c| c.counts.iter().sum()).max();
        let top = round_up(most.unwrap_or(0));
        f.write_str("<figure class=\"chart\"><figcaption>")?;
        escape(f, &self.title)?;
        f.write_str("</figcaption><svg viewBox=\"0 0 720 200\" role=\"img\" aria-label=\"")?;
        escape(f, &self.summary)?;
        f.write_str("\">")?;
        self.grid(f, top)?;
        self.bars(f, top)?;
        f.write_str("</svg><ul class=\"legend\">")?;
        for series in &self.series {
            write!(f, "<li class=\"{}\">{}</li>", series.class, series.name)?;
        }
        f.write_str("</ul></figure>")
    }
}

impl BarChart {
    fn grid(&self, f: &mut fmt::Formatter<'_>, top: i64) -> fmt::Result {
        for (n, of) in [(0, 2), (1, 2), (2, 2)] {
            let y = GROUND - (GROUND - TOP) * n / of;
            write!(f, "<path class=\"grid\" d=\"M{LEFT} {y}H{RIGHT}\"/>")?;
            // Half of an odd number is none that can be counted.
            if top % 2 == 0 || n != 1 {
                let count = grouped(top * n / of);
                let (x, y) = (LEFT - 6, y + 4);
                write!(
                    f,
                    "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{count}</text>"
                )?;
            }
        }
        Ok(())
    }

    fn bars(&self, f: &mut fmt::Formatter<'_>, top: i64) -> fmt::Result {
        let n = i64::try_from(self.columns.len()).unwrap_or(1).max(1);
        // In tenths, so that sixty bars fill the field as well as seven do.
        let pitch = (RIGHT - LEFT) * 10 / n;
        let width = (pitch * 8 / 10).max(10);
        let every = self.columns.len().div_ceil(MOST_LABELS).max(1);
        for (place, column) in self.columns.iter().enumerate() {
            let x = LEFT * 10 + i64::try_from(place).unwrap_or(0) * pitch + (pitch - width) / 2;
            let mut ground = GROUND * 10;
            for (count, series) in column.counts.iter().zip(&self.series) {
                if *count <= 0 {
                    continue;
                }
                // What happened is seen, however little it was.
                let height = ((GROUND - TOP) * 10 * count / top).max(15);
                ground -= height;
                write!(
                    f,
                    "<rect class=\"bar {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                    series.class,
                    tenths(x),
                    tenths(ground),
                    tenths(width),
                    tenths(height)
                )?;
            }
            if place % every == 0 {
                let middle = tenths(x + width / 2);
                write!(f, "<text x=\"{middle}\" y=\"192\" text-anchor=\"middle\">")?;
                escape(f, &column.label)?;
                f.write_str("</text>")?;
            }
        }
        Ok(())
    }
}

/// A number with a comma before each three digits.
pub(crate) fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::from(if n < 0 { "−" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The next number of the kind 1, 2, 5, 10, 20, 50 …
fn round_up(most: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if step * factor >= most {
                return step * factor;
            }
        }
        match step.checked_mul(10) {
            Some(next) if next < i64::MAX / 10 => step = next,
            Some(_) | None => return most.max(1),
        }
    }
}

fn tenths(n: i64) -> String {
    if n % 10 == 0 {
        (n / 10).to_string()
    } else {
        format!("{}.{}", n / 10, (n % 10).abs())
    }
}

fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for letter in text.chars() {
        match letter {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            _ => f.write_char(letter)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_bars_and_escapes_words() {
        let chart = BarChart {
            title: "Calls <a day>".to_owned(),
            summary: "\"3\" calls & more".to_owned(),
            series: vec![
                Series {
                    name: "Answered",
                    class: "ok",
                },
                Series {
                    name: "Refused",
                    class: "warn",
                },
            ],
            columns: vec![
                Column {
                    label: "Mon".to_owned(),
                    counts: vec![6, 4],
                },
                Column {
                    label: "Tue".to_owned(),
                    counts: vec![0, 0],
                },
            ],
        };
        let text = chart.to_string();
        assert!(text.contains("Calls &lt;a day&gt;"));
        assert!(text.contains("aria-label=\"&quot;3&quot; calls &amp; more\""));
        assert_eq!(text.matches("<rect").count(), 2, "{text}");
        // Ten of ten: the whole height, in two parts.
        assert!(
            text.contains("y=\"76\"") && text.contains("y=\"12\""),
            "{text}"
        );
    }

    #[test]
    fn numbers_are_rounded_up_and_grouped() {
        let tops: Vec<i64> = [0, 1, 3, 7, 11, 420, 12_408]
            .into_iter()
            .map(round_up)
            .collect();
        assert_eq!(tops, [1, 1, 5, 10, 20, 500, 20_000]);
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(round_up(i64::MAX), i64::MAX);
    }
}
