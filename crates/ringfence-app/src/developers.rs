//! Developers: made, listed, changed, disabled. They belong to no account (vbc-api §2.1).
//!
//! Disabling a developer, or giving them another password, ends their stays and personal tokens at once. Their
//! applications go on: those act for the people who allowed them, and are suspended one by one.

use crate::context::{Actor, Change, Ctx, Note};
use crate::error::Error;
use crate::manage::slice::Slice;
use crate::password::password_hash;
use ringfence_core::application::shows;
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::id::{DeveloperId, SessionId};
use ringfence_core::secret::Secret;
use ringfence_store::applications::{ApplicationSearch, application_search, application_update};
use ringfence_store::db::{self, Tx};
use ringfence_store::developer_sessions::developer_session_end_others;
use ringfence_store::developer_tokens::developer_token_delete_all;
use ringfence_store::developers as store;
use ringfence_store::feed::{FeedKind, feed_lock};
use serde_json::json;

const LONGEST_TEXT: usize = 200;

/// What a new developer is made from.
#[derive(Debug)]
pub struct NewDeveloper {
    /// The name they sign in with.
    pub username: DeveloperName,
    /// How people call them.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// For whom they build.
    pub company: String,
    /// Their password; without one they cannot sign in.
    pub password: Option<Secret<String>>,
}

/// What to change of a developer; what is `None` stays.
#[derive(Debug, Default)]
pub struct DeveloperEdit {
    /// How people call them.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// For whom they build.
    pub company: Option<String>,
    /// Whether they may act.
    pub active: Option<bool>,
    /// A new password.
    pub password: Option<Secret<String>>,
}

/// Makes a developer.
///
/// # Errors
/// [`Error::Conflict`] when the name is taken; [`Error::Invalid`] for a text or password that cannot be.
pub async fn developer_create(
    ctx: &Ctx,
    actor: &Actor,
    new: NewDeveloper,
) -> Result<Developer, Error> {
    let developer = Developer {
        id: DeveloperId::new(ctx.now(), &*ctx.random),
        username: new.username,
        name: checked("name", &new.name)?,
        email: checked("e-mail address", &new.email)?,
        company: checked_if_any("company", &new.company)?,
        active: true,
        epoch: 0,
        created_at: ctx.now(),
        last_login_at: None,
    };
    let hash = match new.password {
        Some(password) => Some(password_hash(&*ctx.random, password).await?),
        None => None,
    };
    let mut tx = ctx.db.begin_write().await?;
    let name = developer.username.as_str();
    match store::developer_insert(&mut tx, &developer, hash.as_deref()).await {
        Err(db::Error::Duplicate) => {
            return Err(Error::Conflict(format!(
                "there is a developer {name} already"
            )));
        }
        done => done?,
    }
    let detail = json!({"username": name});
    note(
        ctx,
        &mut tx,
        actor,
        ("developer.create", &developer, detail),
    )
    .await?;
    ctx.commit(tx).await?;
    Ok(developer)
}

/// Developers by name after a name, whose names, e-mail addresses or companies hold a text.
///
/// # Errors
/// The store broke off.
pub async fn developer_list(
    ctx: &Ctx,
    text: &str,
    after: &str,
    limit: u32,
) -> Result<Slice<Developer>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let found = store::developer_search(&mut tx, text, after, limit + 1).await?;
    let key = |developer: &Developer| developer.username.as_str().to_owned();
    Ok(Slice::cut(found, limit, key))
}

/// The developer of that name.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn developer_show(ctx: &Ctx, username: &DeveloperName) -> Result<Developer, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let found = store::developer_find_by_name(&mut tx, username).await?;
    found.ok_or_else(|| Error::NotFound(format!("developer {username}")))
}

/// Changes the developer of that name.
///
/// # Errors
/// [`Error::NotFound`] when there is none; [`Error::Invalid`] for a text or password that cannot be.
pub async fn developer_edit(
    ctx: &Ctx,
    actor: &Actor,
    username: &DeveloperName,
    edit: DeveloperEdit,
) -> Result<Developer, Error> {
    let id = developer_show(ctx, username).await?.id;
    developer_change(ctx, actor, (id, None), edit).await
}

/// Changes a developer. `kept` is the stay that goes on when a new password ends all others.
pub(crate) async fn developer_change(
    ctx: &Ctx,
    actor: &Actor,
    (id, kept): (DeveloperId, Option<SessionId>),
    edit: DeveloperEdit,
) -> Result<Developer, Error> {
    let hash = match edit.password {
        Some(password) => Some(password_hash(&*ctx.random, password).await?),
        None => None,
    };
    let mut tx = ctx.db.begin_write().await?;
    // Of two edits at the same moment, the second sees what the first did.
    feed_lock(&mut tx).await?;
    let found = store::developer_find(&mut tx, id).await?;
    let before = found.ok_or_else(|| Error::NotFound("developer".to_owned()))?;
    let mut developer = before.clone();
    let mut changed = Vec::new();
    if let Some(name) = &edit.name {
        developer.name = checked("name", name)?;
    }
    if let Some(email) = &edit.email {
        developer.email = checked("e-mail address", email)?;
    }
    if let Some(company) = &edit.company {
        developer.company = checked_if_any("company", company)?;
    }
    developer.active = edit.active.unwrap_or(before.active);
    for (what, is_other) in [
        ("name", developer.name != before.name),
        ("email", developer.email != before.email),
        ("company", developer.company != before.company),
        ("active", developer.active != before.active),
        ("password", hash.is_some()),
    ] {
        if is_other {
            changed.push(what);
        }
    }
    if changed.is_empty() {
        return Ok(developer);
    }
    if let Some(hash) = &hash {
        store::developer_password_set(&mut tx, id, hash).await?;
        developer_session_end_others(&mut tx, id, kept).await?;
        if kept.is_none() {
            // Somebody else set it: whoever held the account before holds nothing now.
            developer_token_delete_all(&mut tx, id).await?;
            // And whoever is signing in with the old one right now.
            developer.epoch = developer.epoch.saturating_add(1);
        }
    }
    if before.active && !developer.active {
        // What they held is refused for good, also by a node that reads the old row a moment longer.
        developer.epoch = developer.epoch.saturating_add(1);
        developer_session_end_others(&mut tx, id, None).await?;
        developer_token_delete_all(&mut tx, id).await?;
    }
    store::developer_update(&mut tx, &developer).await?;
    if developer.company != before.company || developer.name != before.name {
        // Who makes it is part of what an operator has looked at.
        applications_unverify(ctx, &mut tx, actor, id).await?;
    }
    let detail = json!({"changed": changed, "active": developer.active});
    note(ctx, &mut tx, actor, ("developer.set", &developer, detail)).await?;
    ctx.commit(tx).await?;
    Ok(developer)
}

/// Writes what was done about a developer.
pub(crate) async fn note(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    (act, developer, detail): (&'static str, &Developer, serde_json::Value),
) -> Result<(), Error> {
    let note = Note {
        account_id: None,
        act,
        subject: developer.id.to_string(),
        detail,
        actor,
    };
    ctx.note(tx, note).await
}

async fn applications_unverify(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    id: DeveloperId,
) -> Result<(), Error> {
    let theirs = ApplicationSearch {
        developer_id: Some(id),
        limit: u32::MAX,
        ..ApplicationSearch::default()
    };
    let (all, _) = application_search(tx, &theirs).await?;
    for mut application in all.into_iter().filter(|application| application.verified) {
        application.verified = false;
        application.version = application.version.saturating_add(1);
        application_update(tx, &application).await?;
        let change = Change {
            kind: FeedKind::Application,
            account_id: None,
            act: "application.unverify",
            subject: application.id.to_string(),
            detail: json!({"name": application.name.as_str()}),
            actor,
        };
        ctx.record(tx, change).await?;
    }
    Ok(())
}

fn checked(what: &str, text: &str) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(Error::Invalid(format!("give the {what}")));
    }
    checked_if_any(what, text)
}

fn checked_if_any(what: &str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.chars().count() > LONGEST_TEXT || !text.chars().all(shows) {
        return Err(Error::Invalid(format!(
            "the {what} has at most {LONGEST_TEXT} characters, all of which show"
        )));
    }
    Ok(text.to_owned())
}
