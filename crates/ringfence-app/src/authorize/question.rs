//! What a person is asked, and what their answer leads to.

use super::carry::{Carried, Demand, STEP};
use super::standing::{Person, answer_with_code, person_of, refused, wanted};
use super::{Asked, Next, carried, seal};
use crate::caller::{Caller, Via};
use crate::context::{Ctx, Note};
use crate::error::Error;
use crate::sign_in::step::{Step, step_open};
use ringfence_core::authorization_request::AuthorizationError;
use ringfence_core::secret::Secret;
use ringfence_core::suite::Suite;
use ringfence_core::user_scope::UserScope;
use ringfence_store::consents::{Consent, consent_find, consent_set};
use ringfence_store::developers::developer_find;
use ringfence_store::feed::feed_lock;
use serde_json::json;
use url::Url;

/// What a person is asked.
#[derive(Debug)]
pub struct Question {
    /// What the answer comes back with.
    pub step: Secret<String>,
    /// The application.
    pub application: String,
    /// What its developer says it does.
    pub description: String,
    /// Whom the developer works for; their name when they said nothing.
    pub company: String,
    /// Whether the installation's operator has looked at it.
    pub is_verified: bool,
    /// The APIs it may call with what the person allows.
    pub suites: Vec<Suite>,
    /// What it asks for.
    pub scopes: Vec<UserScope>,
    /// The person has allowed all of this before.
    pub is_repeated: bool,
    /// Where they are sent back to, as a person can read it.
    pub host: String,
    /// Where a form may lead besides our own pages.
    pub target: String,
    /// The person.
    pub name: String,
    /// Their user name.
    pub username: String,
    /// Their account.
    pub account: String,
}

/// Who asks, for the sign-in page.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The application.
    pub application: String,
    /// Whom it thinks it speaks with.
    pub login_hint: String,
    /// Where a form may lead besides our own pages.
    pub target: String,
}

/// What a person answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// They allow it.
    Allow,
    /// They do not.
    Deny,
    /// They are somebody else.
    Switch,
}

/// Who asks for the sign-in that a step stands for; `None` when it is no such step.
#[must_use]
pub fn asking(ctx: &Ctx, step: &str) -> Option<Asking> {
    let opened = step_open::<Carried>(ctx, STEP, step).ok()?;
    let asked = carried(ctx, &opened.body).ok()?.ok()?;
    Some(Asking {
        application: asked.application.name.as_str().to_owned(),
        login_hint: asked.request.login_hint.clone().unwrap_or_default(),
        target: form_target(&asked.place.redirect_uri),
    })
}

/// Takes a person's answer, once.
///
/// # Errors
/// The store broke off, or rights are too old to be trusted.
pub async fn authorize_choose(
    ctx: &Ctx,
    step: &str,
    choice: Choice,
    caller: Option<&Caller>,
) -> Result<Next, Error> {
    let Ok(opened) = step_open::<Carried>(ctx, STEP, step) else {
        return Ok(Next::Nowhere(super::LATE));
    };
    let demand = opened.body.demand();
    let asked = match carried(ctx, &opened.body)? {
        Ok(asked) => asked,
        Err(next) => return Ok(next),
    };
    let person = match person_of(ctx, &asked, demand, caller).await? {
        Ok(person) => person,
        Err(next) => return Ok(next),
    };
    let session = person.proof.session_id;
    if opened.body.asked_session.as_deref() != Some(session.to_string().as_str()) {
        // Somebody else signed in meanwhile: they are asked themselves.
        return super::standing::next(ctx, &asked, (demand, None), caller).await;
    }
    match choice {
        Choice::Switch => {
            let demand = Demand {
                since: ctx.now(),
                not: Some(session),
            };
            Ok(Next::SignIn(seal(ctx, &Carried::of(&asked, Some(demand)))?))
        }
        Choice::Deny => deny(ctx, &asked, &opened, &person).await,
        Choice::Allow => allow(ctx, &asked, &opened, &person).await,
    }
}

pub(super) const ANSWERED: &str =
    "this question was answered already; go back to the application and begin again there";

async fn deny(
    ctx: &Ctx,
    asked: &Asked,
    step: &Step<Carried>,
    person: &Person<'_>,
) -> Result<Next, Error> {
    let mut tx = ctx.db.begin_write().await?;
    match step.take(&mut tx).await {
        Ok(()) => {}
        Err(Error::Unauthenticated) => return Ok(Next::Nowhere(ANSWERED)),
        Err(error) => return Err(error),
    }
    ctx.note(&mut tx, note(asked, person, "consent.deny"))
        .await?;
    tx.commit().await?;
    Ok(refused(ctx, asked, AuthorizationError::AccessDenied))
}

async fn allow(
    ctx: &Ctx,
    asked: &Asked,
    step: &Step<Carried>,
    person: &Person<'_>,
) -> Result<Next, Error> {
    let mut tx = ctx.db.begin_write().await?;
    // A withdrawal at the same moment is wholly before this or wholly after it.
    feed_lock(&mut tx).await?;
    match step.take(&mut tx).await {
        Ok(()) => {}
        Err(Error::Unauthenticated) => return Ok(Next::Nowhere(ANSWERED)),
        Err(error) => return Err(error),
    }
    let (user_id, application_id) = (person.caller.user.id, asked.application.id);
    let before = consent_find(&mut tx, user_id, application_id).await?;
    let mut scope = wanted(asked);
    for known in before.iter().flat_map(|before| before.scope.iter()) {
        scope = scope.with(known);
    }
    let consent = Consent {
        user_id,
        application_id,
        account_id: person.live.account.id,
        scope,
        given_at: ctx.now(),
    };
    consent_set(&mut tx, &consent).await?;
    ctx.note(&mut tx, note(asked, person, "consent.give"))
        .await?;
    tx.commit().await?;
    answer_with_code(ctx, asked, person, None).await
}

fn note<'n>(asked: &Asked, person: &'n Person<'_>, act: &'static str) -> Note<'n> {
    Note {
        account_id: Some(person.live.account.id),
        act,
        subject: asked.application.id.to_string(),
        detail: json!({
            "application": asked.application.name.as_str(),
            "scope": wanted(asked).to_string(),
        }),
        actor: &person.actor,
    }
}

impl Question {
    /// What to ask a person.
    pub(super) async fn of(
        ctx: &Ctx,
        asked: &Asked,
        demand: Option<Demand>,
        person: &Person<'_>,
    ) -> Result<Self, Error> {
        let application = &asked.application;
        let mut tx = ctx.db.begin_read().await?;
        let developer = developer_find(&mut tx, application.developer_id).await?;
        let consent = consent_find(&mut tx, person.caller.user.id, application.id).await?;
        drop(tx);
        let mut carried = Carried::of(asked, demand);
        carried.asked_session = match person.caller.via {
            Via::Session(id) => Some(id.to_string()),
            Via::Token { .. } => None,
        };
        let company = developer.map(|d| {
            if d.company.is_empty() {
                d.name
            } else {
                d.company
            }
        });
        let wanted = wanted(asked);
        Ok(Self {
            step: seal(ctx, &carried)?,
            application: application.name.as_str().to_owned(),
            description: application.description.clone(),
            company: company.unwrap_or_default(),
            is_verified: application.verified,
            suites: application.subscriptions.iter().map(|s| s.suite).collect(),
            is_repeated: consent.is_some_and(|consent| wanted.is_subset(&consent.scope)),
            scopes: wanted.iter().collect(),
            host: host(&asked.place.redirect_uri),
            target: form_target(&asked.place.redirect_uri),
            name: person.caller.name.clone(),
            username: person.caller.username.as_str().to_owned(),
            account: person.caller.home.name.as_str().to_owned(),
        })
    }
}

/// Where an address leads, as a person can read it: its host, or what the machine does with a scheme of its own.
fn host(url: &str) -> String {
    // A scheme of its own leads to an application, whatever name stands behind it.
    let parsed = Url::parse(url).ok();
    let parsed = parsed.filter(|url| matches!(url.scheme(), "https" | "http"));
    match parsed.as_ref().and_then(Url::host_str) {
        Some(host) => match parsed.as_ref().and_then(Url::port) {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        },
        None => {
            let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
            format!("an application on this device that answers to {scheme}")
        }
    }
}

/// The one place that a form may lead to for that address, as a source of a content security policy: an origin, or a
/// scheme that is the application's own.
#[must_use]
pub fn form_target(url: &str) -> String {
    match Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "https" | "http") => {
            parsed.origin().ascii_serialization()
        }
        Ok(parsed) => format!("{}:", parsed.scheme()),
        Err(_) => "'none'".to_owned(),
    }
}
