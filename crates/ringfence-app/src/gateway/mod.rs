//! Admits a call, or says which right is missing: design §5 from the directory's snapshot alone.
//!
//! Verifying a token's signature is remembered by the token's digest. Everything else is asked anew on every call, so
//! remembering never keeps a right alive.

mod reason;
pub mod user;

pub use reason::{Reason, RefusalClass};

use crate::context::Ctx;
use crate::directory::rights::Live;
use crate::directory::snapshot::Snapshot;
use crate::quota::{Limits, QuotaClass, QuotaKey, Quotas, Rate};
use crate::quota_window::Windows;
use crate::usage::SecretUsed;
use quick_cache::sync::Cache;
use ringfence_core::account::Region;
use ringfence_core::client::Client;
use ringfence_core::credential::Owner;
use ringfence_core::id::{AccountId, CredentialId, KeyId, TokenId, UserId};
use ringfence_core::issuer::audience;
use ringfence_core::jwt::claims::AccessClaims;
use ringfence_core::jwt::digest::TokenDigest;
use ringfence_core::jwt::verify::{TokenFault, check_claims, verify_signed};
use ringfence_core::scope::ScopeSet;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::{PlainUserScopes, UserScope};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;

/// What the gateway keeps between calls.
#[derive(Debug)]
pub struct Gateway {
    verified: Cache<TokenDigest, Arc<Verified>>,
    verified_user: Cache<TokenDigest, Arc<user::VerifiedUser>>,
    quotas: Quotas,
    windows: Windows,
    limits: Limits,
}

/// How many verified tokens are remembered; about 600 bytes each.
const N_VERIFIED_MAX: usize = 20_000;

/// A token whose signature was found right, and by which key.
#[derive(Debug)]
struct Verified {
    claims: AccessClaims,
    key: KeyId,
}

/// What a route asks of its callers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteRule {
    /// Its name in usage, quotas and logs: the path template, or the API's name.
    pub name: &'static str,
    /// One of these is needed.
    pub scopes: ScopeSet,
    /// What kind of work it is.
    pub class: QuotaClass,
    /// A limit of its own, for each account.
    pub rate: Option<Rate>,
}

/// A call that wants to be admitted.
#[derive(Clone, Copy, Debug)]
pub struct AdmitRequest<'c> {
    /// The bearer token as it was sent.
    pub token: &'c str,
    /// The route it calls.
    pub route: RouteRule,
    /// Where it comes from.
    pub source: Option<IpAddr>,
    /// The region whose host name was called, when it is one region's alone.
    pub host_region: Option<Region>,
}

/// A call that may be made, with everything that decides what it sees.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Account, credential and owner as they are now.
    pub live: Live,
    /// The token's scopes that are still in force.
    pub scopes: ScopeSet,
    used: SecretUsed,
    verified: Arc<Verified>,
}

impl Admitted {
    /// What the token says of itself.
    #[must_use]
    pub fn claims(&self) -> &AccessClaims {
        &self.verified.claims
    }

    /// The secret behind the token, for counting how the call ends.
    #[must_use]
    pub const fn secret_used(&self) -> SecretUsed {
        self.used
    }

    /// Who makes the call.
    #[must_use]
    pub fn who(&self) -> Who {
        Who {
            account_id: Some(self.live.account.id),
            client: Client::Credential(self.live.credential.id),
            owner_id: self.live.owner.as_ref().map(|owner| owner.id),
            scopes: WhoScopes::Credential(self.claims().scope),
        }
    }
}

/// A call that may not be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Which right is missing.
    pub reason: Reason,
    /// What is needed on that route.
    pub needed: Needed,
    /// Who made the call, when the token tells.
    pub who: Option<Who>,
}

/// What a route asks of its callers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needed {
    /// One of these scopes of a credential.
    Scopes(ScopeSet),
    /// A scope that a person grants, or nothing in particular.
    User(Option<UserScope>),
}

impl std::fmt::Display for Needed {
    /// The value of `scope` in a challenge; empty when nothing in particular is needed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scopes(scopes) => scopes.fmt(f),
            Self::User(scope) => f.write_str(scope.map_or("", UserScope::as_str)),
        }
    }
}

/// Who makes a call: what a token says whose signature is ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who {
    /// The account; `None` for an application that acts for nobody.
    pub account_id: Option<AccountId>,
    /// The credential or the application.
    pub client: Client,
    /// The person it acts for, when one is known.
    pub owner_id: Option<UserId>,
    /// The scopes of the token.
    pub scopes: WhoScopes,
}

/// The scopes of a token, of whichever kind it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhoScopes {
    /// Those of a credential's token.
    Credential(ScopeSet),
    /// Those that a person allowed an application.
    Person(PlainUserScopes),
}

impl std::fmt::Display for WhoScopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credential(scopes) => scopes.fmt(f),
            Self::Person(scopes) => scopes.fmt(f),
        }
    }
}

/// Admits a call if every right of design §5 holds now.
///
/// # Errors
/// The [`Refusal`] with the first right that is missing.
pub fn gateway_admit(ctx: &Ctx, request: &AdmitRequest<'_>) -> Result<Admitted, Refusal> {
    admit(ctx, request).map_err(|(reason, signed)| Refusal {
        reason,
        needed: Needed::Scopes(request.route.scopes),
        who: signed.map(|verified| who_signed(ctx, &verified.claims)),
    })
}

/// Why a call is refused, and by whom it was made when the signature on its token is ours.
type Refused = (Reason, Option<Arc<Verified>>);

fn admit(ctx: &Ctx, request: &AdmitRequest<'_>) -> Result<Admitted, Refused> {
    let monotonic_ms = ctx.clock.monotonic_ms();
    if ctx.directory.staleness_ms(monotonic_ms) > ctx.settings.max_staleness_ms {
        return Err((Reason::DirectoryStale, None));
    }
    let now = ctx.now();
    let snapshot = ctx.directory.look();
    let verified = token_verified(ctx, &snapshot, request.token, now)?;
    let claims = &verified.claims;
    let used = SecretUsed {
        credential_id: claims.client_id,
        number: claims.secret_no,
        at: now,
        from: request.source,
    };
    let (live, scopes) = match rights_check(ctx, &snapshot, request, claims, now) {
        Ok(decided) => decided,
        Err(reason) => {
            ctx.usage.call_refused(used);
            return Err((reason, Some(verified)));
        }
    };
    let opened = scopes.intersection(request.route.scopes);
    ctx.usage.call_admitted(used, request.route.name, opened);
    Ok(Admitted {
        live,
        scopes,
        used,
        verified,
    })
}

/// Everything after the signature: what must hold now.
fn rights_check(
    ctx: &Ctx,
    snapshot: &Snapshot,
    request: &AdmitRequest<'_>,
    claims: &AccessClaims,
    now: Timestamp,
) -> Result<(Live, ScopeSet), Reason> {
    let live = snapshot
        .token_standing(claims, now)
        .map_err(Reason::Fallen)?;
    if request
        .host_region
        .is_some_and(|region| region != live.account.region)
    {
        return Err(Reason::RegionWrong);
    }
    network_check(&live, request.source)?;
    let scopes = scopes_check(request.route.scopes, claims.scope, live.scopes)?;
    let monotonic_ms = ctx.clock.monotonic_ms();
    quota_take(ctx, request.route, &live, claims, monotonic_ms)?;
    Ok((live, scopes))
}

/// Who a token says to be, with the owner that its credential has now.
fn who_signed(ctx: &Ctx, claims: &AccessClaims) -> Who {
    let snapshot = ctx.directory.look();
    let owner_id = match snapshot.credential(claims.client_id).map(|c| c.owner) {
        Some(Owner::User(id)) => Some(id),
        Some(Owner::Account) | None => None,
    };
    Who {
        account_id: Some(claims.account),
        client: Client::Credential(claims.client_id),
        owner_id,
        scopes: WhoScopes::Credential(claims.scope),
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
) -> Result<Arc<Verified>, Refused> {
    let rule = &ctx.token.rule;
    let digest = TokenDigest::of(token);
    if let Some(verified) = ctx.gateway.verified.get(&digest) {
        let outcome = match snapshot.verifying_key(verified.key, now) {
            Some(_) => check_claims(&verified.claims, rule, now),
            None => Err(TokenFault::UnknownKey),
        };
        if let Err(fault) = outcome {
            ctx.gateway.verified.remove(&digest);
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
    let claims = verify_signed(token, key_of).map_err(unsigned)?;
    let Some(key) = key.get() else {
        return Err(unsigned(TokenFault::UnknownKey));
    };
    let verified = Arc::new(Verified { claims, key });
    let claims = &verified.claims;
    let outcome = check_claims(claims, rule, now).map_err(Reason::Token);
    let outcome = outcome.and_then(|()| {
        if claims.sub != claims.client_id.to_string() {
            Err(Reason::SubjectWrong)
        } else if claims.aud != audience(claims.region) {
            Err(Reason::Token(TokenFault::Audience))
        } else {
            Ok(())
        }
    });
    if let Err(reason) = outcome {
        return Err((reason, Some(verified)));
    }
    ctx.gateway.verified.insert(digest, Arc::clone(&verified));
    Ok(verified)
}

fn network_check(live: &Live, source: Option<IpAddr>) -> Result<(), Reason> {
    let networks = &live.credential.networks;
    if networks.is_empty() {
        return Ok(());
    }
    // A call from nobody knows where is not from one of them.
    let inside = source.is_some_and(|address| networks.iter().any(|n| n.contains(address)));
    if inside {
        Ok(())
    } else {
        Err(Reason::NetworkRefused)
    }
}

/// The scopes in force, when one of those needed is among them.
fn scopes_check(needed: ScopeSet, asked: ScopeSet, held: ScopeSet) -> Result<ScopeSet, Reason> {
    let in_force = asked.intersection(held);
    if needed.intersects(in_force) {
        Ok(in_force)
    } else if needed.intersects(held) {
        Err(Reason::ScopeNotAsked)
    } else if needed.intersects(asked) {
        Err(Reason::ScopeWithdrawn)
    } else {
        Err(Reason::ScopeMissing)
    }
}

fn quota_take(
    ctx: &Ctx,
    route: RouteRule,
    live: &Live,
    claims: &AccessClaims,
    monotonic_ms: u64,
) -> Result<(), Reason> {
    let (account, credential) = (live.account.id, live.credential.id);
    let wanted = quotas_of(ctx, account, credential, Some(claims.jti), route);
    ctx.gateway
        .quotas
        .take(wanted.into_iter().flatten(), monotonic_ms)
        .map_err(Reason::Quota)
}

/// The limits of a call, the narrowest first: what it refuses is not taken from the wider ones.
fn quotas_of(
    ctx: &Ctx,
    account: AccountId,
    credential: CredentialId,
    token: Option<TokenId>,
    route: RouteRule,
) -> [Option<(QuotaKey, Rate)>; 5] {
    let limits = &ctx.gateway.limits;
    let class = match route.class {
        QuotaClass::General => None,
        QuotaClass::ContentRead => limits.content_read,
        QuotaClass::ContentDelete => limits.content_delete,
    };
    [
        route
            .rate
            .or(limits.route)
            .map(|rate| (QuotaKey::Route(account, route.name), rate)),
        class.map(|rate| (QuotaKey::Class(account, route.class), rate)),
        limits
            .token
            .and_then(|rate| Some((QuotaKey::Token(token?), rate))),
        limits
            .credential
            .map(|rate| (QuotaKey::Credential(credential), rate)),
        limits
            .account
            .map(|rate| (QuotaKey::Account(account), rate)),
    ]
}

/// What is left of a limit on this node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotaLeft {
    /// The limit's name in reason codes.
    pub code: &'static str,
    /// The limit.
    pub rate: Rate,
    /// How many calls are left now.
    pub n_left: u32,
}

/// What is left now of the limits of a credential's calls on a route.
#[must_use]
pub fn quotas_left(
    ctx: &Ctx,
    account: AccountId,
    credential: CredentialId,
    route: RouteRule,
) -> Vec<QuotaLeft> {
    let now_ms = ctx.clock.monotonic_ms();
    let left = |(key, rate): (QuotaKey, Rate)| QuotaLeft {
        code: key.code(),
        rate,
        n_left: ctx.gateway.quotas.left(key, rate, now_ms),
    };
    let limits = quotas_of(ctx, account, credential, None, route);
    limits.into_iter().flatten().map(left).collect()
}

impl Gateway {
    /// Starts with nothing remembered and nothing used.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            verified: Cache::new(N_VERIFIED_MAX),
            verified_user: Cache::new(N_VERIFIED_MAX),
            quotas: Quotas::default(),
            windows: Windows::default(),
            limits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_counts_only_where_token_and_credential_hold_it() {
        let set = |text: &str| ScopeSet::parse(text).unwrap();
        let (stats, both) = (set("stats"), set("stats users:read"));
        assert_eq!(scopes_check(stats, both, stats), Ok(stats));
        assert_eq!(scopes_check(both, stats, both), Ok(stats));
        let users = set("users:read");
        assert_eq!(scopes_check(stats, users, both), Err(Reason::ScopeNotAsked));
        assert_eq!(
            scopes_check(stats, both, users),
            Err(Reason::ScopeWithdrawn)
        );
        assert_eq!(scopes_check(stats, users, users), Err(Reason::ScopeMissing));
        assert_eq!(
            scopes_check(ScopeSet::EMPTY, both, both),
            Err(Reason::ScopeMissing)
        );
    }
}
