//! How far back the gateway's traffic is looked at, and in what steps.

use ringfence_core::time::Timestamp;

/// A stretch of time up to now.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Period {
    /// The last hour, by the minute.
    #[default]
    Hour,
    /// The last 24 hours, by the hour.
    Day,
    /// The last 7 days, by six hours.
    Week,
    /// The last 30 days, by the day.
    Month,
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its name in addresses: `1h`, `24h`, `7d` or `30d`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last 24 hours",
            Self::Week => "Last 7 days",
            Self::Month => "Last 30 days",
        }
    }

    /// Reads a name in an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == text)
    }

    /// How many bars it has, and how long one is, in seconds.
    pub(super) const fn bars(self) -> (i64, i64) {
        match self {
            Self::Hour => (60, 60),
            Self::Day => (24, 3_600),
            Self::Week => (28, 6 * 3_600),
            Self::Month => (30, 86_400),
        }
    }

    /// When its first bar begins, and how long one is, in milliseconds. The last bar is the one that goes on now.
    pub(super) const fn begin(self, now: Timestamp) -> (Timestamp, i64) {
        let (n, secs) = self.bars();
        let ms = secs * 1000;
        let last = now.ms() - now.ms().rem_euclid(ms);
        (Timestamp::from_ms(last - (n - 1) * ms), ms)
    }
}
