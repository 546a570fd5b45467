//! Signing in through an upstream OpenID Connect provider.
//!
//! The surface speaks HTTP with the provider; here is decided what is asked and who comes back. Who somebody is there
//! stays theirs by the provider's own subject, once they have come: a name that changes hands there opens nothing here.

use super::step::{Step, step_open, step_seal};
use super::{Progress, Visitor, failure_note, proceed};
use crate::caller::person_live;
use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::session::session_begin;
use ringfence_core::account::AccountName;
use ringfence_core::encoding::base64url;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::id_token::{IdClaims, IdTokenFault, IdTokenRule, KeySet};
use ringfence_core::sign_in::provider::{ClientOf, ProviderMetadata, Ties};
use ringfence_core::user::Username;
use ringfence_store::accounts::account_find_by_name;
use ringfence_store::db::Tx;
use ringfence_store::sign_in::identities::{identity_find, identity_insert};
use ringfence_store::sign_in::people::user_ids_by_email;
use ringfence_store::users::{user_find, user_find_by_username};
use serde::{Deserialize, Serialize};
use serde_json::json;

const STEP: &str = "sso";
const STEP_TTL_SECS: i64 = 600;

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
}

/// The provider of that name.
///
/// # Errors
/// [`Error::NotFound`] when none is configured.
pub fn provider_find<'c>(ctx: &'c Ctx, name: &str) -> Result<&'c Provider, Error> {
    let mut all = ctx.settings.providers.iter();
    all.find(|p| p.name == name)
        .ok_or_else(|| Error::NotFound("provider".to_owned()))
}

/// Sends somebody to a provider.
///
/// # Errors
/// The step could not be sealed.
pub fn sso_begin(
    ctx: &Ctx,
    provider: &Provider,
    metadata: &ProviderMetadata,
    next: &str,
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
    };
    let ties = Ties {
        state: &carried.state,
        nonce: &carried.nonce,
        verifier: &carried.verifier,
    };
    let (redirect_uri, scope) = (redirect_uri(ctx, provider), scope(provider));
    let client = client(provider, &redirect_uri, &scope);
    Ok(SsoBegun {
        location: metadata.authorization_url(client, ties),
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
    let (redirect_uri, scope) = (redirect_uri(ctx, provider), scope(provider));
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
    pub fn is_nameless(&self) -> bool {
        self.0.name.is_none()
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
    claims
        .map(SsoPerson)
        .map_err(|fault| refused(provider, fault))
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
    if let Err(error) = person_live(ctx, user_id).await {
        if matches!(error, Error::Unauthenticated) {
            let reason = ("may_not_act", 1);
            failure_note(ctx, (user_id, account_id), reason, visitor).await?;
        }
        return Err(error);
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

/// Who is behind the claims; the first time they are tied to the provider's subject.
async fn person_known(
    ctx: &Ctx,
    provider: &Provider,
    claims: &IdClaims,
) -> Result<Option<(UserId, AccountId)>, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let Some(account) = account_find_by_name(&mut tx, &provider.account).await? else {
        tracing::error!(
            provider = provider.name,
            "the provider's account does not exist"
        );
        return Ok(None);
    };
    let subject = (provider.issuer.as_str(), claims.subject.as_str());
    if let Some(user_id) = identity_find(&mut tx, subject.0, subject.1).await? {
        // The configuration may have moved to another account since.
        let user = user_find(&mut tx, user_id).await?;
        return Ok(user
            .filter(|u| u.account_id == account.id)
            .map(|u| (u.id, u.account_id)));
    }
    let Some((user_id, by)) = person_first(&mut tx, provider, account.id, claims).await? else {
        return Ok(None);
    };
    if !identity_insert(&mut tx, subject, user_id, ctx.now()).await? {
        // Somebody else there was this person before.
        return Ok(None);
    }
    let note = Note {
        account_id: Some(account.id),
        act: "identity.link",
        subject: user_id.to_string(),
        detail: json!({"provider": provider.name, "by": by}),
        actor: &Actor(format!("sso:{}", provider.name)),
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(Some((user_id, account.id)))
}

async fn person_first(
    tx: &mut Tx,
    provider: &Provider,
    account_id: AccountId,
    claims: &IdClaims,
) -> Result<Option<(UserId, &'static str)>, Error> {
    let username = claims.name.as_deref().map(Username::parse);
    if let Some(Ok(username)) = username
        && let Some(user) = user_find_by_username(tx, account_id, &username).await?
    {
        return Ok(Some((user.id, "username")));
    }
    if provider.link_by_email
        && let Some(email) = &claims.verified_email
        && let [only] = *user_ids_by_email(tx, account_id, email).await?
    {
        return Ok(Some((only, "email")));
    }
    Ok(None)
}

fn client<'p>(provider: &'p Provider, redirect_uri: &'p str, scope: &'p str) -> ClientOf<'p> {
    ClientOf {
        client_id: &provider.client_id,
        redirect_uri,
        scope,
    }
}

fn redirect_uri(ctx: &Ctx, provider: &Provider) -> String {
    format!(
        "{}/login/sso/{}/callback",
        ctx.settings.public_url, provider.name
    )
}

fn scope(provider: &Provider) -> String {
    let mut scope = "openid".to_owned();
    for more in provider.scopes.iter().filter(|s| *s != "openid") {
        scope.push(' ');
        scope.push_str(more);
    }
    scope
}
