//! Instants in milliseconds, and their ISO 8601 text (vcc-api §1.3).

use thiserror::Error;

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(i64);

/// The text is not an ISO 8601 instant with an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not an ISO 8601 date-time with an offset, such as 2026-03-02T09:15:30.250Z")]
pub struct TimestampError;

impl Timestamp {
    /// Takes milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Takes whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved by some milliseconds, forward or back.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// This instant moved by some seconds, forward or back.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        self.plus_ms(secs.saturating_mul(1000))
    }

    /// How many milliseconds lie between an earlier instant and this one.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Parses ISO 8601 with an offset and 0 to 9 digits of fraction.
    ///
    /// # Errors
    /// The text is longer than 40 characters or not such an instant.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        if text.len() > 40 {
            return Err(TimestampError);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        Ok(Self(instant.as_millisecond()))
    }

    /// `2026-03-02T09:15:30.250Z`: three digits of fraction.
    #[must_use]
    pub fn to_iso_millis(self) -> String {
        format!("{:.3}", self.to_jiff())
    }

    /// `2026-03-02T09:15:30Z`: whole seconds, rounded down.
    #[must_use]
    pub fn to_iso_secs(self) -> String {
        format!("{:.0}", Self::from_secs(self.secs()).to_jiff())
    }

    /// `2026-03-02`: the UTC date.
    #[must_use]
    pub fn to_iso_date(self) -> String {
        self.to_jiff().strftime("%Y-%m-%d").to_string()
    }

    /// The `Date`-style text of RFC 9110 §5.6.7.
    #[must_use]
    pub fn to_http_date(self) -> String {
        self.to_jiff()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }

    /// `2024-Mar-01 12:01:00+0000 UTC`, as answers of throttled calls say when to come back (vbc-api §4.3).
    #[must_use]
    pub fn to_throttle_text(self) -> String {
        self.to_jiff()
            .strftime("%Y-%b-%d %H:%M:%S+0000 UTC")
            .to_string()
    }

    /// Parses an HTTP date (RFC 9110 §5.6.7, IMF-fixdate).
    #[must_use]
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let head = text.strip_suffix(" GMT")?;
        let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S", head).ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }

    fn to_jiff(self) -> jiff::Timestamp {
        let clamped = self.0.clamp(
            jiff::Timestamp::MIN.as_millisecond(),
            jiff::Timestamp::MAX.as_millisecond(),
        );
        jiff::Timestamp::from_millisecond(clamped).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "2026-03-02T09:15:30.250Z",
            "1970-01-01T00:00:00.000Z",
            "1969-12-31T23:59:59.999Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_iso_millis(), text);
        }
        assert_eq!(
            Timestamp::parse("2026-03-02T09:15:30Z")
                .unwrap()
                .to_iso_secs(),
            "2026-03-02T09:15:30Z"
        );
        assert_eq!(
            Timestamp::parse("2026-03-02T11:15:30+02:00")
                .unwrap()
                .to_iso_millis(),
            "2026-03-02T09:15:30.000Z"
        );
        assert_eq!(
            Timestamp::parse("2026-03-02T09:15:30.2501234Z")
                .unwrap()
                .to_iso_millis(),
            "2026-03-02T09:15:30.250Z"
        );
    }

    #[test]
    fn refuses_what_has_no_offset_or_no_end() {
        for text in [
            "",
            "2026-03-02",
            "2026-03-02T09:15:30",
            "yesterday",
            &"2".repeat(1000),
        ] {
            assert_eq!(Timestamp::parse(text), Err(TimestampError), "{text:.20}");
        }
    }

    #[test]
    fn vbc_4_3_writes_when_to_come_back() {
        let at = Timestamp::parse("2024-03-01T12:01:00.999Z").unwrap();
        assert_eq!(at.to_throttle_text(), "2024-Mar-01 12:01:00+0000 UTC");
    }

    #[test]
    fn http_dates_round_trip() {
        let at = Timestamp::parse("2026-03-02T09:15:30Z").unwrap();
        assert_eq!(at.to_http_date(), "Mon, 02 Mar 2026 09:15:30 GMT");
        assert_eq!(
            Timestamp::parse_http_date("Mon, 02 Mar 2026 09:15:30 GMT"),
            Some(at)
        );
        assert_eq!(Timestamp::parse_http_date("soon"), None);
    }
}
