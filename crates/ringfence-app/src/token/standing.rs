//! Whether a verified token still stands: the one rule behind admitting a call and introspection.

use crate::directory::rights::{Barred, Live, LiveUser};
use crate::directory::snapshot::Snapshot;
use ringfence_core::id::{AccountId, GrantId, UserId};
use ringfence_core::jwt::claims::AccessClaims;
use ringfence_core::jwt::user_claims::UserClaims;
use ringfence_core::time::Timestamp;

/// Why a verified token does not stand any more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fallen {
    /// The token itself was revoked.
    TokenRevoked,
    /// Every token of its credential, owner or account up to then was revoked.
    EpochPassed,
    /// The secret that made it was retired or has run out.
    SecretRetired,
    /// What the person allowed was taken back.
    GrantRevoked,
    /// The credential, or the application or its person, may not act now.
    Barred(Barred),
    /// Its account or region is not the credential's.
    AccountWrong,
}

impl Snapshot {
    /// What a verified token's credential may do now, if the token still stands.
    ///
    /// The scopes of a call are those of the token that are also in [`Live::scopes`].
    ///
    /// # Errors
    /// It does not stand; the reason says why.
    pub fn token_standing(&self, claims: &AccessClaims, now: Timestamp) -> Result<Live, Fallen> {
        if self.is_revoked(claims.jti) {
            return Err(Fallen::TokenRevoked);
        }
        let live = self.live(claims.client_id, now).map_err(Fallen::Barred)?;
        if live.account.id != claims.account || live.account.region != claims.region {
            return Err(Fallen::AccountWrong);
        }
        // A higher epoch is of a node that is further on than this one; the rights here still hold.
        if claims.epoch < live.epoch {
            return Err(Fallen::EpochPassed);
        }
        let mut secrets = live.credential.secrets.iter();
        if !secrets.any(|s| s.number == claims.secret_no && !s.expired(now)) {
            return Err(Fallen::SecretRetired);
        }
        Ok(live)
    }
}

/// Whom a token of an application acts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActsFor {
    /// The account.
    pub account: AccountId,
    /// The person.
    pub user: UserId,
    /// What the person allowed.
    pub grant: GrantId,
}

impl Snapshot {
    /// For whom a verified token of an application may act now, if it still stands.
    ///
    /// # Errors
    /// It does not stand; the reason says why.
    pub fn user_token_standing(
        &self,
        claims: &UserClaims,
        person: ActsFor,
    ) -> Result<LiveUser, Fallen> {
        if self.is_revoked(claims.jti) {
            return Err(Fallen::TokenRevoked);
        }
        if self.is_grant_revoked(person.grant) {
            return Err(Fallen::GrantRevoked);
        }
        let live = self
            .live_user(claims.application, person.user)
            .map_err(Fallen::Barred)?;
        if live.account.id != person.account {
            return Err(Fallen::AccountWrong);
        }
        // Keys that were removed and made anew are others.
        let keys = live.application.keys.as_ref();
        if keys.is_none_or(|keys| keys.consumer_key != claims.client_id) {
            return Err(Fallen::Barred(Barred::ApplicationUnknown));
        }
        if claims.epoch < live.epoch {
            return Err(Fallen::EpochPassed);
        }
        Ok(live)
    }
}

impl Fallen {
    /// The reason code in headers, logs and `docs/integrators.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TokenRevoked => "token_revoked",
            Self::EpochPassed => "tokens_ended",
            Self::SecretRetired => "secret_retired",
            Self::GrantRevoked => "grant_revoked",
            Self::Barred(barred) => barred.code(),
            Self::AccountWrong => "account_wrong",
        }
    }
}
