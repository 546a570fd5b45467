//! When to try again: the one place that decides it.

use ringfence_core::time::Timestamp;

/// How often and how long to try again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryOptions {
    /// The first pause after a fault; it doubles with each further one.
    pub base_ms: u64,
    /// The longest pause, also of what `Retry-After` asks for.
    pub cap_ms: u64,
    /// Attempts that may fail before a request is given up. Refusals for pace do not count.
    pub max_attempts: u32,
    /// How long one request may go on being refused for pace.
    pub patience_ms: u64,
    /// How long the platform may be silent in the middle of an answer.
    pub silence_ms: u64,
}

impl RetryOptions {
    /// The vendor's own rule: tries from ten seconds on (vcc-api §6.1).
    pub const VENDOR: Self = Self {
        base_ms: 10_000,
        cap_ms: 120_000,
        max_attempts: 5,
        patience_ms: 3_600_000,
        silence_ms: 30_000,
    };

    /// For every other host.
    pub const OTHER: Self = Self {
        base_ms: 500,
        cap_ms: 120_000,
        max_attempts: 5,
        patience_ms: 3_600_000,
        silence_ms: 30_000,
    };

    /// The pause after so many faults in a row; `chance` (0 to 255) spreads the workers.
    #[must_use]
    pub fn backoff_ms(&self, faults: u32, chance: u8) -> u64 {
        let doubled = self
            .base_ms
            .saturating_mul(1_u64 << faults.saturating_sub(1).min(20))
            .min(self.cap_ms);
        doubled / 2 + doubled.saturating_mul(u64::from(chance)) / 510
    }

    /// What a `Retry-After` text asks for, held within reason; `None` when it says nothing usable.
    ///
    /// A date is read against the answer's own `Date`, so that our clock does not matter.
    #[must_use]
    pub fn retry_after_ms(&self, text: &str, answered_at: Timestamp) -> Option<u64> {
        let text = text.trim();
        let asked_ms = if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            text.parse::<u64>()
                .map_or(u64::MAX, |secs| secs.saturating_mul(1000))
        } else {
            let at = Timestamp::parse_http_date(text)?;
            u64::try_from(at.ms_since(answered_at)).ok()?
        };
        Some(asked_ms.min(self.cap_ms))
    }
}

/// What an answer's status means for the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The caller reads it.
    Answer,
    /// The token is not accepted.
    Unauthorized,
    /// Too fast, or overloaded with a word about when to come back.
    TooFast,
    /// A fault on the other side; trying again may help.
    Fault,
}

/// Sorts a status.
#[must_use]
pub const fn verdict(status: u16, has_retry_after: bool) -> Verdict {
    match status {
        401 => Verdict::Unauthorized,
        429 => Verdict::TooFast,
        503 if has_retry_after => Verdict::TooFast,
        408 | 425 | 500..=599 => Verdict::Fault,
        _ => Verdict::Answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_every_spelling() {
        let options = RetryOptions::OTHER;
        let now = Timestamp::parse("2026-03-02T09:15:30Z").unwrap();
        for (text, expected) in [
            ("7", Some(7_000)),
            ("0", Some(0)),
            (" 3 ", Some(3_000)),
            ("-5", None),
            ("", None),
            ("soon", None),
            ("1.5", None),
            ("9999999999", Some(120_000)),
            ("99999999999999999999999999", Some(120_000)),
            ("Mon, 02 Mar 2026 09:15:40 GMT", Some(10_000)),
            ("Mon, 02 Mar 2026 09:15:20 GMT", None),
            ("Fri, 02 Mar 2125 09:15:20 GMT", Some(120_000)),
        ] {
            assert_eq!(options.retry_after_ms(text, now), expected, "{text:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let options = RetryOptions::OTHER;
        assert_eq!(options.backoff_ms(1, 0), 250);
        assert_eq!(options.backoff_ms(1, 255), 500);
        assert_eq!(options.backoff_ms(3, 255), 2_000);
        assert_eq!(options.backoff_ms(60, 255), 120_000);
    }

    #[test]
    fn only_faults_and_refusals_are_tried_again() {
        assert_eq!(verdict(503, true), Verdict::TooFast);
        assert_eq!(verdict(503, false), Verdict::Fault);
        assert_eq!(verdict(429, false), Verdict::TooFast);
        assert_eq!(verdict(401, false), Verdict::Unauthorized);
        for status in [200, 204, 206, 400, 403, 404, 416] {
            assert_eq!(verdict(status, false), Verdict::Answer);
        }
    }
}
