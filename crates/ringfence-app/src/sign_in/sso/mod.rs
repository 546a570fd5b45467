//! Signing in through an upstream OpenID Connect provider.
//!
//! The surface speaks HTTP with the provider; here is decided what is asked and who comes back. Who somebody is there
//! stays theirs by the provider's own subject, once they have come ([`person`]): a name that changes hands there opens
//! nothing here.

mod person;

use self::person::person_known;
use super::step::{Step, step_open, step_seal};
use super::{Progress, Visitor, failure_note, proceed};
use crate::caller::person_live;
use crate::context::Ctx;
use crate::error::Error;
use crate::providers::{provider_in_use, redirect_uri};
use crate::session::session_begin;
use ringfence_core::account::AccountName;
use ringfence_core::encoding::base64url;
use ringfence_core::id::ProviderId;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::account_provider::LetsIn;
use ringfence_core::sign_in::id_token::{IdClaims, IdTokenFault, IdTokenRule, KeySet};
use ringfence_core::sign_in::provider::{ClientOf, ProviderMetadata, Ties};
use ringfence_core::time::Timestamp;
use serde::{Deserialize, Serialize};

const STEP: &str = "sso";
// How far the provider's clock may be behind ours.
const SKEW_SECS: i64 = 60;
const STEP_TTL_SECS: i64 = 600;

/// How providers are spoken with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SsoSettings {
    /// Whether the providers that accounts keep may be at addresses of this machine or of local networks.
    pub private_addresses: bool,
    /// Certificates, as PEM text, that vouch for providers besides the public ones.
    pub extra_roots: Option<String>,
}

/// Who keeps a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// The operator, in the settings.
    Settings,
    /// The account itself, in the store.
    Account {
        /// Its id there.
        id: ProviderId,
        /// Whom it lets in.
        lets_in: LetsIn,
    },
}

/// A provider that people of one account sign in through.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its name in addresses: letters, digits and hyphens.
    pub name: String,
    /// What the button says.
    pub title: String,
    /// Who issues its tokens.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Secret<String>,
    /// The account of the people it knows.
    pub account: AccountName,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the user name.
    pub username_claim: String,
    /// Whether somebody whose user name is unknown is found by an e-mail address that the provider has verified.
    pub link_by_email: bool,
    /// Whether a code is asked for afterwards of those who have an authenticator app.
    pub ask_code: bool,
    /// Who keeps it.
    pub keeper: Keeper,
}

/// How a sign-in through a provider begins.
#[derive(Debug)]
pub struct SsoBegun {
    /// Where the browser goes.
    pub location: String,
    /// What it carries until it comes back.
    pub step: Secret<String>,
}

/// What a browser comes back with.
#[derive(Clone, Debug)]
pub struct SsoReturn {
    /// What it carried.
    pub step: String,
    /// `state`.
    pub state: String,
    /// `iss`, when the provider names itself.
    pub issuer: Option<String>,
    /// The code to exchange.
    pub code: String,
}

/// What is needed to exchange a code and to believe what comes of it.
#[derive(Debug)]
pub struct SsoExchange {
    /// The form, without our secret.
    pub form: Secret<String>,
    /// The page they wanted.
    pub next: String,
    step: Step<Carried>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Carried {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    /// They are to prove who they are anew, not before this instant.
    #[serde(default)]
    fresh_since: Option<i64>,
}

/// The provider of that name in addresses.
///
/// # Errors
/// [`Error::NotFound`] when there is none in use.
pub async fn provider_find(ctx: &Ctx, name: &str) -> Result<Provider, Error> {
    let mut configured = ctx.settings.providers.iter();
    match configured.find(|provider| provider.name == name) {
        Some(provider) => Ok(provider.clone()),
        None => provider_in_use(ctx, name).await,
    }
}

/// Sends somebody to a provider; `is_fresh` has the provider ask for a proof also of those who are signed in there.
///
/// # Errors
/// The step could not be sealed.
pub fn sso_begin(
    ctx: &Ctx,
    provider: &Provider,
    metadata: &ProviderMetadata,
    (next, is_fresh): (&str, bool),
) -> Result<SsoBegun, Error> {
    let random = || {
        let mut bytes = [0; 32];
        ctx.random.fill(&mut bytes);
        base64url(&bytes)
    };
    let carried = Carried {
        provider: provider.name.clone(),
        state: random(),
        nonce: random(),
        verifier: random(),
        next: next.to_owned(),
        fresh_since: is_fresh.then(|| ctx.now().ms()),
    };
    let ties = Ties {
        state: &carried.state,
        nonce: &carried.nonce,
        verifier: &carried.verifier,
    };
    let (redirect_uri, scope) = (redirect_uri(ctx, &provider.name), scope(provider));
    let client = client(provider, &redirect_uri, &scope);
    let mut location = metadata.authorization_url(client, ties);
    if is_fresh {
        location.push_str("&prompt=login&max_age=0");
    }
    Ok(SsoBegun {
        location,
        step: step_seal(ctx, STEP, &carried, STEP_TTL_SECS)?,
    })
}

/// Takes somebody back, and says what to exchange. The step is used up.
///
/// # Errors
/// [`Error::Unauthenticated`] when this is not the browser that was sent, or it came back before.
pub async fn sso_return(
    ctx: &Ctx,
    provider: &Provider,
    metadata: &ProviderMetadata,
    back: &SsoReturn,
) -> Result<SsoExchange, Error> {
    let step: Step<Carried> = step_open(ctx, STEP, &back.step)?;
    let same = ctx.digest_key.digest(&step.body.state);
    let issuer_good = match &back.issuer {
        Some(issuer) => *issuer == metadata.issuer,
        None => !metadata.names_issuer,
    };
    if step.body.provider != provider.name
        || !same.matches(&ctx.digest_key.digest(&back.state))
        || !issuer_good
    {
        return Err(Error::Unauthenticated);
    }
    let mut tx = ctx.db.begin_write().await?;
    step.take(&mut tx).await?;
    tx.commit().await?;
    let (redirect_uri, scope) = (redirect_uri(ctx, &provider.name), scope(provider));
    let client = client(provider, &redirect_uri, &scope);
    let form = metadata.exchange_form(client, &step.body.verifier, &back.code);
    Ok(SsoExchange {
        form: Secret::new(form),
        next: step.body.next.clone(),
        step,
    })
}

/// Whom a provider has named.
#[derive(Clone, Debug)]
pub struct SsoPerson(IdClaims);

impl SsoPerson {
    /// Whether the ID token says too little to find them by.
    #[must_use]
    pub fn is_nameless(&self, provider: &Provider) -> bool {
        let makes = match provider.keeper {
            Keeper::Settings => false,
            Keeper::Account { lets_in, .. } => lets_in.as_new_agents,
        };
        let email_counts = provider.link_by_email || makes;
        self.0.name.is_none() || email_counts && self.0.verified_email.is_none()
    }

    /// Adds what the provider says of them beside the ID token.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it is of somebody else, or unreadable.
    pub fn add_user_info(&mut self, provider: &Provider, json: &[u8]) -> Result<(), Error> {
        let added = self.0.add_user_info(json, &provider.username_claim);
        added.map_err(|fault| refused(provider, fault))
    }
}

/// Believes an ID token, or not.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is not acceptable.
pub fn sso_verify(
    ctx: &Ctx,
    provider: &Provider,
    exchange: &SsoExchange,
    (id_token, keys): (&str, &KeySet),
) -> Result<SsoPerson, Error> {
    let rule = IdTokenRule {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: &exchange.step.body.nonce,
        name_claim: &provider.username_claim,
    };
    let claims = keys.verify(id_token, rule, ctx.now());
    let claims = claims.map_err(|fault| refused(provider, fault))?;
    if let Some(since) = exchange.step.body.fresh_since {
        let earliest = Timestamp::from_ms(since).plus_secs(-SKEW_SECS);
        if claims.auth_time.is_none_or(|at| at < earliest) {
            tracing::warn!(
                provider = provider.name,
                "somebody was to sign in anew and the provider does not say that they did"
            );
            return Err(Error::Unauthenticated);
        }
    }
    Ok(SsoPerson(claims))
}

/// Signs in whom a provider has named.
///
/// # Errors
/// [`Error::Unauthenticated`] when that is nobody who may act here.
pub async fn sso_sign_in(
    ctx: &Ctx,
    provider: &Provider,
    person: &SsoPerson,
    visitor: &Visitor,
) -> Result<Progress, Error> {
    let Some((user_id, account_id)) = person_known(ctx, provider, &person.0).await? else {
        tracing::info!(
            provider = provider.name,
            "a provider named somebody who is unknown here"
        );
        return Err(Error::Unauthenticated);
    };
    let method = format!("sso:{}", provider.name);
    let who = (user_id, account_id);
    match person_live(ctx, user_id).await {
        // Whoever keeps an account's provider could say that they are anybody; nobody becomes an operator by it.
        Ok((user, _)) if user.operator && provider.keeper != Keeper::Settings => {
            failure_note(ctx, who, ("operator_elsewhere", 1), visitor).await?;
            return Err(Error::Unauthenticated);
        }
        Ok(_) => {}
        Err(Error::Unauthenticated) => {
            failure_note(ctx, who, ("may_not_act", 1), visitor).await?;
            return Err(Error::Unauthenticated);
        }
        Err(error) => return Err(error),
    }
    if provider.ask_code {
        return proceed(ctx, user_id, &method, visitor).await;
    }
    let handle = session_begin(ctx, user_id, visitor.signed_in(&method)).await?;
    Ok(Progress::In(handle))
}

fn refused(provider: &Provider, fault: IdTokenFault) -> Error {
    tracing::warn!(provider = provider.name, reason = %fault, "an ID token was refused");
    Error::Unauthenticated
}

fn client<'p>(provider: &'p Provider, redirect_uri: &'p str, scope: &'p str) -> ClientOf<'p> {
    ClientOf {
        client_id: &provider.client_id,
        redirect_uri,
        scope,
    }
}

fn scope(provider: &Provider) -> String {
    let mut scope = "openid".to_owned();
    for more in provider.scopes.iter().filter(|s| *s != "openid") {
        scope.push(' ');
        scope.push_str(more);
    }
    scope
}
