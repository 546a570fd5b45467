//! Instants on pages: UTC in the page, the viewer's zone by `app.js`.

use askama::filters::HtmlSafe;
use ringfence_core::time::Timestamp;

/// An instant as a `<time>` element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

// Digits and signs of our own only.
impl HtmlSafe for Moment {}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let iso = self.0.to_iso_secs();
        let (date, clock) = iso.split_once('T').unwrap_or((&iso, ""));
        let clock = clock.trim_end_matches('Z');
        let minutes = clock.rsplit_once(':').map_or(clock, |(minutes, _)| minutes);
        write!(
            f,
            "<time datetime=\"{iso}\" title=\"{date} {clock} UTC\" class=\"local\">{date} {minutes} UTC</time>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_minutes_and_keeps_seconds_at_hand() {
        let moment = Moment(Timestamp::parse("2026-03-02T09:15:30.250Z").unwrap());
        assert_eq!(
            moment.to_string(),
            "<time datetime=\"2026-03-02T09:15:30Z\" title=\"2026-03-02 09:15:30 UTC\" class=\"local\">2026-03-02 09:15 UTC</time>"
        );
    }
}
