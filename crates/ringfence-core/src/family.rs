//! A grant as it is kept: the family of tokens that came of what a person allowed, and the rules of its refresh tokens.

use crate::grant::Authorization;
use crate::id::{GrantId, TokenId};
use crate::time::Timestamp;
use crate::user_scope::UserScopes;
use thiserror::Error;

/// How a grant began.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GrantKind {
    /// The person signed in here and allowed it.
    Code,
    /// The application showed the person's password: legacy.
    Password,
}

/// The text is no kind of grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the kind of grant is not one of code, password")]
pub struct GrantKindError;

/// What is kept of an access token: enough to make the same one again, and nothing that opens anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenFacts {
    /// Its `jti`.
    pub id: TokenId,
    /// What it may be used for: what the grant allows, or less where less was asked for.
    pub scope: UserScopes,
    /// When it was made, in whole seconds.
    pub iat: Timestamp,
    /// When it ends, in whole seconds.
    pub exp: Timestamp,
}

/// A grant with its present tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// How it began.
    pub kind: GrantKind,
    /// What was allowed. The nonce went into the first ID token and is not kept.
    pub authorization: Authorization,
    /// The number of the refresh token in force, from 1; 0 when the grant has none.
    pub generation: u32,
    /// The access token in force.
    pub token: TokenFacts,
    /// When it began.
    pub created_at: Timestamp,
    /// When the tokens in force were made.
    pub rotated_at: Timestamp,
    /// When the refresh token in force ends unless it is used.
    pub idle_end: Timestamp,
    /// When everything ends, however much it is used.
    pub absolute_end: Timestamp,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
}

/// What a presented refresh token is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshVerdict {
    /// It is the one in force.
    Current,
    /// It is the one before, and its answer may have been lost: the same successor is given again.
    Retry,
    /// It was used before: somebody else has it.
    Reused,
    /// Its time is over.
    Expired,
}

impl GrantKind {
    /// `code` or `password`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Password => "password",
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is no kind.
    pub fn parse(text: &str) -> Result<Self, GrantKindError> {
        [Self::Code, Self::Password]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(GrantKindError)
    }
}

impl Grant {
    /// Judges a refresh token of this grant by its number.
    ///
    /// A retry is forgiven for `retry_secs` after the rotation, in either direction, as the clocks of two nodes differ;
    /// with 0 never. A public client, whose tokens anybody may have copied, has no retries: the caller gives 0.
    #[must_use]
    pub fn refresh_judge(&self, presented: u32, retry_secs: u32, now: Timestamp) -> RefreshVerdict {
        if presented == self.generation {
            return if now >= self.idle_end || now >= self.absolute_end {
                RefreshVerdict::Expired
            } else {
                RefreshVerdict::Current
            };
        }
        let apart_ms = now.ms_since(self.rotated_at).saturating_abs();
        let is_last = presented.checked_add(1) == Some(self.generation);
        if is_last && apart_ms < i64::from(retry_secs) * 1_000 && now < self.absolute_end {
            RefreshVerdict::Retry
        } else {
            RefreshVerdict::Reused
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AccountId, ApplicationId, UserId};

    const BEGAN: Timestamp = Timestamp::from_ms(1_000_000_000);

    fn grant(generation: u32) -> Grant {
        Grant {
            id: GrantId::from_bytes([1; 16]),
            kind: GrantKind::Code,
            authorization: Authorization {
                application_id: ApplicationId::from_bytes([2; 16]),
                user_id: UserId::from_bytes([3; 16]),
                account_id: AccountId::from_bytes([4; 16]),
                scope: UserScopes::default(),
                auth_time: BEGAN,
                method: "password".to_owned(),
                session_id: None,
                nonce: None,
                acr: None,
                claims: None,
                epoch: 0,
            },
            generation,
            token: TokenFacts {
                id: TokenId::from_bytes([5; 16]),
                scope: UserScopes::default(),
                iat: BEGAN,
                exp: BEGAN.plus_secs(86_400),
            },
            created_at: BEGAN,
            rotated_at: BEGAN,
            idle_end: BEGAN.plus_secs(604_800),
            absolute_end: BEGAN.plus_secs(7_776_000),
            ended_at: None,
        }
    }

    #[test]
    fn c62_c64_one_retry_is_forgiven_for_a_while_and_any_other_old_token_is_reuse() {
        let grant = grant(5);
        let judge =
            |presented, after_ms| grant.refresh_judge(presented, 10, BEGAN.plus_ms(after_ms));
        assert_eq!(judge(5, 0), RefreshVerdict::Current);
        assert_eq!(judge(4, 0), RefreshVerdict::Retry);
        assert_eq!(judge(4, 9_999), RefreshVerdict::Retry);
        assert_eq!(judge(4, 10_000), RefreshVerdict::Reused);
        assert_eq!(judge(3, 0), RefreshVerdict::Reused);
        assert_eq!(judge(6, 0), RefreshVerdict::Reused);
        assert_eq!(grant.refresh_judge(4, 0, BEGAN), RefreshVerdict::Reused);
    }

    #[test]
    fn c63_a_clock_that_steps_back_opens_no_longer_window() {
        let judge = |after_ms| grant(5).refresh_judge(4, 10, BEGAN.plus_ms(after_ms));
        assert_eq!(judge(-9_999), RefreshVerdict::Retry);
        assert_eq!(judge(-10_000), RefreshVerdict::Reused);
    }

    #[test]
    fn c67_idle_and_absolute_life_both_end_it() {
        let judge = |grant: &Grant, at| grant.refresh_judge(5, 10, at);
        let mut grant = grant(5);
        assert_eq!(
            judge(&grant, grant.idle_end.plus_ms(-1)),
            RefreshVerdict::Current
        );
        assert_eq!(judge(&grant, grant.idle_end), RefreshVerdict::Expired);
        grant.idle_end = grant.absolute_end.plus_secs(1);
        assert_eq!(judge(&grant, grant.absolute_end), RefreshVerdict::Expired);
    }
}
