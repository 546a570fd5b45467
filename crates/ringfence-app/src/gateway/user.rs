//! Admits a call with an application's token, which acts for a person: design §5 from the directory's snapshot alone.

use super::{Needed, Reason, Refusal, Who, WhoScopes};
use crate::context::Ctx;
use crate::directory::rights::LiveUser;
use crate::directory::snapshot::Snapshot;
use crate::quota_window::WindowKey;
use crate::token::standing::ActsFor;
use ringfence_core::application::SubscriptionStatus;
use ringfence_core::client::Client;
use ringfence_core::id::{GrantId, KeyId, TokenId};
use ringfence_core::issuer::vbc_audience;
use ringfence_core::jwt::digest::TokenDigest;
use ringfence_core::jwt::user_claims::{Subject, UserClaims};
use ringfence_core::jwt::verify::{TokenFault, check_user_claims, verify_signed_user};
use ringfence_core::suite::Suite;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::{UserScope, UserScopes};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;

/// An application's token whose signature was found right, and by which key.
#[derive(Debug)]
pub(super) struct VerifiedUser {
    claims: UserClaims,
    key: KeyId,
}

/// What a route asks of calls with an application's token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserRule {
    /// Its name in usage, quotas and logs: the path template.
    pub name: &'static str,
    /// The suite that the application must be subscribed to.
    pub suite: Option<Suite>,
    /// The scope that the token must have.
    pub scope: Option<UserScope>,
}

/// A call with an application's token that wants to be admitted.
#[derive(Clone, Copy, Debug)]
pub struct UserAdmitRequest<'c> {
    /// The bearer token as it was sent.
    pub token: &'c str,
    /// The route it calls.
    pub rule: UserRule,
    /// Where it comes from.
    pub source: Option<IpAddr>,
}

/// A call that an application may make for a person.
#[derive(Clone, Debug)]
pub struct AdmittedUser {
    /// Account, person and application as they are now.
    pub live: LiveUser,
    /// What the person allowed.
    pub grant: GrantId,
    verified: Arc<VerifiedUser>,
}

impl AdmittedUser {
    /// What the token says of itself.
    #[must_use]
    pub fn claims(&self) -> &UserClaims {
        &self.verified.claims
    }

    /// Who makes the call.
    #[must_use]
    pub fn who(&self) -> Who {
        who(self.claims())
    }

    /// The scopes of the token.
    #[must_use]
    pub fn scope(&self) -> &UserScopes {
        &self.verified.claims.scope
    }
}

/// Admits a call with an application's token if every right of design §5 holds now.
///
/// # Errors
/// The [`Refusal`] with the first right that is missing.
pub fn user_admit(ctx: &Ctx, request: &UserAdmitRequest<'_>) -> Result<AdmittedUser, Refusal> {
    admit(ctx, request).map_err(|(reason, signed)| Refusal {
        reason,
        needed: Needed::User(request.rule.scope),
        who: signed.map(|verified| who(&verified.claims)),
    })
}

/// Why a call is refused, and by whom it was made when the signature on its token is ours.
type Refused = (Reason, Option<Arc<VerifiedUser>>);

fn admit(ctx: &Ctx, request: &UserAdmitRequest<'_>) -> Result<AdmittedUser, Refused> {
    let monotonic_ms = ctx.clock.monotonic_ms();
    if ctx.directory.staleness_ms(monotonic_ms) > ctx.settings.max_staleness_ms {
        return Err((Reason::DirectoryStale, None));
    }
    let now = ctx.now();
    let snapshot = ctx.directory.look();
    let verified = token_verified(ctx, &snapshot, request.token, now)?;
    let present: (&Snapshot, u64) = (&snapshot, monotonic_ms);
    match rights_check(ctx, present, request.rule, &verified.claims) {
        Ok((live, grant)) => Ok(AdmittedUser {
            live,
            grant,
            verified,
        }),
        Err(reason) => Err((reason, Some(verified))),
    }
}

/// Everything after the signature: what must hold now.
fn rights_check(
    ctx: &Ctx,
    (snapshot, monotonic_ms): (&Snapshot, u64),
    rule: UserRule,
    claims: &UserClaims,
) -> Result<(LiveUser, GrantId), Reason> {
    let person = person_of(claims)?;
    let live = snapshot
        .user_token_standing(claims, person)
        .map_err(Reason::Fallen)?;
    if claims.aud != vbc_audience(live.account.region) {
        return Err(Reason::Token(TokenFault::Audience));
    }
    if let Some(suite) = rule.suite {
        subscription_check(&live, suite)?;
    }
    if let Some(scope) = rule.scope
        && !claims.scope.contains(scope)
    {
        return Err(Reason::ScopeMissing);
    }
    if let Some(suite) = rule.suite {
        quota_take(ctx, &live, claims.jti, (suite, monotonic_ms))?;
    }
    Ok((live, person.grant))
}

/// Who a token says to be.
fn who(claims: &UserClaims) -> Who {
    let (account_id, owner_id) = match claims.subject {
        Subject::User { account, user, .. } => (Some(account), Some(user)),
        Subject::Application => (None, None),
    };
    Who {
        account_id,
        client: Client::Application(claims.application),
        owner_id,
        scopes: WhoScopes::Person(claims.scope.plain()),
    }
}

/// One call of the plan's limit, then of the application's for this token (vbc-api §2.6); of both or of neither.
fn quota_take(
    ctx: &Ctx,
    live: &LiveUser,
    token: TokenId,
    (suite, monotonic_ms): (Suite, u64),
) -> Result<(), Reason> {
    let application = &live.application;
    let plan = ctx.settings.vbc.standard_plan_per_minute;
    let plan = plan.map(|limit| (WindowKey::Plan(application.id, suite), limit));
    let quota = application.quota.per_minute();
    let quota = quota.map(|limit| (WindowKey::Token(token), limit));
    let wanted: Vec<(WindowKey, u32)> = plan.into_iter().chain(quota).collect();
    let windows = &ctx.gateway.windows;
    windows.take(&wanted, monotonic_ms).map_err(Reason::Window)
}

fn person_of(claims: &UserClaims) -> Result<ActsFor, Reason> {
    match claims.subject {
        Subject::User {
            account,
            user,
            grant,
            region: _,
        } => Ok(ActsFor {
            account,
            user,
            grant,
        }),
        Subject::Application => Err(Reason::NoPerson),
    }
}

fn subscription_check(live: &LiveUser, suite: Suite) -> Result<(), Reason> {
    let subscription = live.application.subscription(suite);
    match subscription.ok_or(Reason::NotSubscribed)?.status {
        SubscriptionStatus::Unblocked | SubscriptionStatus::TierUpdatePending => Ok(()),
        SubscriptionStatus::Blocked | SubscriptionStatus::ProdOnlyBlocked => {
            Err(Reason::SubscriptionBlocked)
        }
        SubscriptionStatus::OnHold | SubscriptionStatus::Rejected => {
            Err(Reason::SubscriptionInactive)
        }
    }
}

/// The token's claims, from memory when its signature was verified before.
///
/// The key is looked up anew, so that a withdrawn key ends its tokens here too, and so are the times.
fn token_verified(
    ctx: &Ctx,
    snapshot: &Snapshot,
    token: &str,
    now: Timestamp,
) -> Result<Arc<VerifiedUser>, Refused> {
    let rule = &ctx.token.vbc_rule;
    let digest = TokenDigest::of(token);
    if let Some(verified) = ctx.gateway.verified_user.get(&digest) {
        let outcome = match snapshot.verifying_key(verified.key, now) {
            Some(_) => check_user_claims(&verified.claims, rule, now),
            None => Err(TokenFault::UnknownKey),
        };
        if let Err(fault) = outcome {
            ctx.gateway.verified_user.remove(&digest);
            return Err((Reason::Token(fault), Some(verified)));
        }
        return Ok(verified);
    }
    let key = Cell::new(None);
    let key_of = |id| {
        key.set(Some(id));
        snapshot.verifying_key(id, now)
    };
    let unsigned = |fault| (Reason::Token(fault), None);
    let claims = verify_signed_user(token, key_of).map_err(unsigned)?;
    let key = key.get().ok_or(unsigned(TokenFault::UnknownKey))?;
    let verified = Arc::new(VerifiedUser { claims, key });
    if let Err(fault) = check_user_claims(&verified.claims, rule, now) {
        return Err((Reason::Token(fault), Some(verified)));
    }
    let kept = Arc::clone(&verified);
    ctx.gateway.verified_user.insert(digest, kept);
    Ok(verified)
}
