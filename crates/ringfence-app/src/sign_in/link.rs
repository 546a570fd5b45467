//! One-time links: to set the server up, and to let somebody set their password.

use super::{Progress, Visitor, proceed};
use crate::accounts::{NewAccount, account_make};
use crate::caller::person_live;
use crate::context::{Actor, Change, Ctx, Note};
use crate::error::Error;
use crate::password::password_hash;
use crate::session::session_begin;
use crate::token::grant::end::{grants_end, password_grants_end};
use crate::users::{NewUser, user_make};
use ringfence_core::account::{AccountKind, AccountName, Region, TokenAlg};
use ringfence_core::id::UserId;
use ringfence_core::secret::{Handle, Secret};
use ringfence_core::sign_in::link::{LINK_TTL_SECS, LinkPurpose};
use ringfence_core::user::{Role, Username};
use ringfence_store::accounts::account_find_by_name;
use ringfence_store::feed::{FeedKind, feed_lock};
use ringfence_store::grants::Whose;
use ringfence_store::sessions::session_end_others;
use ringfence_store::sign_in::links::{Link, link_find, link_insert, link_revoke, link_use};
use ringfence_store::sign_in::passkeys::passkey_delete_all;
use ringfence_store::sign_in::people::{user_operator_exists, user_signs_in};
use ringfence_store::sign_in::totp::totp_delete;
use ringfence_store::users::{user_find, user_names, user_password_set};
use serde_json::json;

/// The first operator, as they describe themselves.
#[derive(Debug)]
pub struct FirstOperator {
    /// Their account; it is made when there is none of that name.
    pub account: AccountName,
    /// Where a new account lives.
    pub region: Region,
    /// Their user name.
    pub username: Username,
    /// How people call them.
    pub name: String,
    /// Their password.
    pub password: Secret<String>,
}

/// Whom an invitation is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invited {
    /// Their user name.
    pub username: Username,
    /// How people call them.
    pub name: String,
    /// Their account.
    pub account: AccountName,
}

/// Makes the link that sets this server up; `None` when somebody can sign in.
///
/// # Errors
/// The store refused it or broke off.
pub async fn setup_link(ctx: &Ctx) -> Result<Option<Handle>, Error> {
    let mut tx = ctx.db.begin_write().await?;
    if user_signs_in(&mut tx).await? {
        return Ok(None);
    }
    let handle = Handle::generate(&*ctx.random);
    let digest = handle.digest(&ctx.digest_key, LinkPurpose::SetUp.as_str());
    link_insert(&mut tx, digest, link(ctx, LinkPurpose::SetUp, None)).await?;
    tx.commit().await?;
    Ok(Some(handle))
}

/// Whether a set-up link still works.
///
/// # Errors
/// [`Error::NotFound`] when it does not.
pub async fn setup_show(ctx: &Ctx, token: &str) -> Result<(), Error> {
    let handle = Handle::parse(token).ok_or_else(link_dead)?;
    let digest = handle.digest(&ctx.digest_key, LinkPurpose::SetUp.as_str());
    let mut tx = ctx.db.begin_read().await?;
    let found = link_find(&mut tx, digest, LinkPurpose::SetUp, ctx.now()).await?;
    if found.is_none() || user_operator_exists(&mut tx).await? {
        return Err(link_dead());
    }
    Ok(())
}

/// Makes the first operator and signs them in. The link is used up.
///
/// # Errors
/// [`Error::NotFound`] when the link does not work; [`Error::Invalid`] and [`Error::Conflict`] for what they typed.
pub async fn setup_finish(
    ctx: &Ctx,
    token: &str,
    first: FirstOperator,
    visitor: &Visitor,
) -> Result<Handle, Error> {
    setup_show(ctx, token).await?;
    let handle = Handle::parse(token).ok_or_else(link_dead)?;
    let digest = handle.digest(&ctx.digest_key, LinkPurpose::SetUp.as_str());
    let hash = password_hash(&*ctx.random, first.password.clone()).await?;
    let actor = Actor("set-up link".to_owned());
    let mut tx = ctx.db.begin_write().await?;
    // Of all who hold a link, one makes the first operator.
    feed_lock(&mut tx).await?;
    if !link_use(&mut tx, digest, LinkPurpose::SetUp, ctx.now()).await?
        || user_operator_exists(&mut tx).await?
    {
        return Err(link_dead());
    }
    let account = match account_find_by_name(&mut tx, &first.account).await? {
        Some(account) => account,
        None => {
            let new = NewAccount {
                name: first.account,
                region: first.region,
                kind: AccountKind::Vcc,
                token_alg: TokenAlg::default(),
            };
            account_make(ctx, &mut tx, &actor, new).await?
        }
    };
    let new = NewUser {
        email: first.username.as_str().to_owned(),
        username: first.username,
        name: first.name,
        role: Role::Admin,
        agent: None,
        password: None,
        operator: true,
    };
    let user = user_make(ctx, &mut tx, &actor, (account.id, new)).await?;
    user_password_set(&mut tx, user.id, Some(&hash)).await?;
    ctx.commit(tx).await?;
    session_begin(ctx, user.id, visitor.signed_in("link")).await
}

/// Makes a link by which somebody sets their password.
///
/// Those made for them before stop working. With `forget`, their authenticator app, recovery codes and passkeys are
/// removed at once and their stays end: for who lost a device.
///
/// # Errors
/// [`Error::NotFound`] when there is nobody of that id; [`Error::Conflict`] when they may not act.
pub async fn invite_link(
    ctx: &Ctx,
    actor: &Actor,
    user_id: UserId,
    forget: bool,
) -> Result<Handle, Error> {
    let handle = Handle::generate(&*ctx.random);
    let digest = handle.digest(&ctx.digest_key, LinkPurpose::Invite.as_str());
    let mut tx = ctx.db.begin_write().await?;
    let user = user_find(&mut tx, user_id).await?;
    let user = user.ok_or_else(|| Error::NotFound("user".to_owned()))?;
    if !user.may_act() {
        return Err(Error::Conflict(
            "the user is archived or locked, and could not sign in".to_owned(),
        ));
    }
    link_insert(
        &mut tx,
        digest,
        link(ctx, LinkPurpose::Invite, Some(user_id)),
    )
    .await?;
    if forget {
        totp_delete(&mut tx, user_id).await?;
        passkey_delete_all(&mut tx, user_id).await?;
        session_end_others(&mut tx, user_id, None).await?;
        // What is on the lost device goes with it.
        let whose = Whose::User(user_id);
        grants_end(ctx, &mut tx, whose, "second_factors_removed", actor).await?;
    }
    let note = Note {
        account_id: Some(user.account_id),
        act: "user.link",
        subject: user_id.to_string(),
        detail: json!({"second_factors_removed": forget}),
        actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await?;
    Ok(handle)
}

/// Whom an invitation is for.
///
/// # Errors
/// [`Error::NotFound`] when it does not work any more.
pub async fn invite_show(ctx: &Ctx, token: &str) -> Result<Invited, Error> {
    let (user_id, _) = invite_find(ctx, token).await?;
    let (_, account) = person_live(ctx, user_id)
        .await
        .map_err(dead_for_strangers)?;
    let mut tx = ctx.db.begin_read().await?;
    let (username, name) = user_names(&mut tx, user_id).await?.ok_or_else(link_dead)?;
    Ok(Invited {
        username,
        name,
        account: account.name.clone(),
    })
}

/// Sets the password of the person an invitation is for, and signs them in. The link is used up.
///
/// # Errors
/// [`Error::NotFound`] when the link does not work; [`Error::Invalid`] when the password is too short.
pub async fn invite_finish(
    ctx: &Ctx,
    token: &str,
    password: Secret<String>,
    visitor: &Visitor,
) -> Result<Progress, Error> {
    let (user_id, handle) = invite_find(ctx, token).await?;
    let (user, _) = person_live(ctx, user_id)
        .await
        .map_err(dead_for_strangers)?;
    let hash = password_hash(&*ctx.random, password).await?;
    let digest = handle.digest(&ctx.digest_key, LinkPurpose::Invite.as_str());
    let mut tx = ctx.db.begin_write().await?;
    feed_lock(&mut tx).await?;
    if !link_use(&mut tx, digest, LinkPurpose::Invite, ctx.now()).await? {
        return Err(link_dead());
    }
    user_password_set(&mut tx, user_id, Some(&hash)).await?;
    session_end_others(&mut tx, user_id, None).await?;
    let actor = Actor(format!("user:{user_id}"));
    password_grants_end(ctx, &mut tx, user_id, &actor).await?;
    link_revoke(&mut tx, user_id).await?;
    let change = Change {
        kind: FeedKind::User,
        account_id: Some(user.account_id),
        act: "user.password",
        subject: user_id.to_string(),
        detail: json!({"by": "link"}),
        actor: &actor,
    };
    ctx.record(&mut tx, change).await?;
    ctx.commit(tx).await?;
    proceed(ctx, user_id, "link", visitor).await
}

async fn invite_find(ctx: &Ctx, token: &str) -> Result<(UserId, Handle), Error> {
    let handle = Handle::parse(token).ok_or_else(link_dead)?;
    let digest = handle.digest(&ctx.digest_key, LinkPurpose::Invite.as_str());
    let mut tx = ctx.db.begin_read().await?;
    let found = link_find(&mut tx, digest, LinkPurpose::Invite, ctx.now()).await?;
    let user_id = found.flatten().ok_or_else(link_dead)?;
    Ok((user_id, handle))
}

fn link(ctx: &Ctx, purpose: LinkPurpose, user_id: Option<UserId>) -> Link {
    Link {
        purpose,
        user_id,
        created_at: ctx.now(),
        expires_at: ctx.now().plus_secs(LINK_TTL_SECS),
    }
}

fn link_dead() -> Error {
    Error::NotFound("link".to_owned())
}

fn dead_for_strangers(error: Error) -> Error {
    match error {
        Error::Unauthenticated => link_dead(),
        error => error,
    }
}
