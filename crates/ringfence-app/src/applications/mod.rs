//! Applications of developers: registered, edited, deleted; with their keys and subscriptions (vbc-api §2.2 to §2.4).
//!
//! Every act takes the developer who does it: another one's application is not found. What the people who run the
//! installation do stands in [`operate`]. A change is in force on every node within a second, also for tokens that are
//! out already (design §5).

pub mod keys;
pub mod operate;
pub mod subscriptions;
pub mod test_token;

use crate::context::{Actor, Change, Ctx};
use crate::developer_caller::DeveloperCaller;
use crate::error::Error;
use ringfence_core::application::{
    AppQuota, Application, ApplicationName, ApplicationStatus, description_parse,
};
use ringfence_core::id::ApplicationId;
pub use ringfence_store::applications::ApplicationOrder;
use ringfence_store::applications::{self as store, ApplicationSearch, application_search};
use ringfence_store::db::{self, Tx};
use ringfence_store::feed::FeedKind;
use serde_json::json;

/// How many applications a developer may have.
pub const MOST_APPLICATIONS: u32 = 1_000;

/// What a new application is made from.
#[derive(Debug)]
pub struct NewApplication {
    /// What people call it; unique among its developer's.
    pub name: ApplicationName,
    /// How many calls a minute each of its tokens may make.
    pub quota: AppQuota,
    /// What it is for.
    pub description: String,
}

/// What to change of an application; what is `None` stays.
#[derive(Debug, Default)]
pub struct ApplicationEdit {
    /// What people call it. Another name is no longer the one that an operator has verified.
    pub name: Option<ApplicationName>,
    /// How many calls a minute each of its tokens may make.
    pub quota: Option<AppQuota>,
    /// What it is for.
    pub description: Option<String>,
}

/// Which applications to list.
#[derive(Clone, Debug)]
pub struct ApplicationQuery {
    /// A part of the name; empty finds all.
    pub q: String,
    /// The order.
    pub order: ApplicationOrder,
    /// From the last to the first.
    pub descending: bool,
    /// How many to leave out at the beginning.
    pub offset: u32,
    /// How many to give at most.
    pub limit: u32,
}

/// A page of applications.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applications {
    /// The page.
    pub items: Vec<Application>,
    /// How many there are in all.
    pub total: u64,
}

/// Registers an application. It can be used once it has keys.
///
/// # Errors
/// [`Error::Conflict`] when the developer has one of that name, or too many; [`Error::Invalid`] when the description is
/// too long.
pub async fn application_create(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    new: NewApplication,
) -> Result<Application, Error> {
    let description = description_parse(&new.description).map_err(Error::invalid)?;
    let now = ctx.now();
    let application = Application {
        id: ApplicationId::new(now, &*ctx.random),
        developer_id: caller.developer.id,
        name: new.name,
        description,
        quota: new.quota,
        status: ApplicationStatus::Approved,
        verified: false,
        epoch: 0,
        created_at: now,
        version: 1,
        keys: None,
        subscriptions: Vec::new(),
    };
    let mut tx = ctx.db.begin_write().await?;
    let all = ApplicationSearch {
        developer_id: Some(caller.developer.id),
        ..ApplicationSearch::default()
    };
    let (_, n_applications) = application_search(&mut tx, &all).await?;
    if n_applications >= u64::from(MOST_APPLICATIONS) {
        return Err(Error::Conflict(format!(
            "a developer has at most {MOST_APPLICATIONS} applications; delete one first"
        )));
    }
    let inserted = store::application_insert(&mut tx, &application).await;
    inserted.map_err(|error| taken(error, &application))?;
    let detail = json!({"name": application.name.as_str(), "quota": application.quota.as_str(), "developer": caller.developer.username.as_str()});
    let actor = caller.actor();
    ctx.record(
        &mut tx,
        change(&application, "application.create", detail, &actor),
    )
    .await?;
    ctx.commit(tx).await?;
    Ok(application)
}

/// A page of the developer's applications.
///
/// # Errors
/// The store broke off.
pub async fn application_list(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    query: &ApplicationQuery,
) -> Result<Applications, Error> {
    let search = ApplicationSearch {
        developer_id: Some(caller.developer.id),
        text: query.q.trim().to_owned(),
        status: None,
        order: query.order,
        descending: query.descending,
        offset: query.offset,
        limit: query.limit,
    };
    let mut tx = ctx.db.begin_read().await?;
    let (items, total) = application_search(&mut tx, &search).await?;
    Ok(Applications { items, total })
}

/// One application.
///
/// # Errors
/// [`Error::NotFound`] when the developer has none of that id.
pub async fn application_show(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_read().await?;
    own_found(&mut tx, caller, id).await
}

/// Changes name, quota or description. The quota holds from the next call on.
///
/// # Errors
/// [`Error::Stale`] when it has changed since that version was read; [`Error::Conflict`] when the name is taken.
pub async fn application_edit(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
    version: Option<u32>,
    edit: ApplicationEdit,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut application = own_found(&mut tx, caller, id).await?;
    version_check(&application, version)?;
    if let Some(description) = edit.description {
        let description = description_parse(&description).map_err(Error::invalid)?;
        application.verified &= description == application.description;
        application.description = description;
    }
    if let Some(quota) = edit.quota {
        application.quota = quota;
    }
    if let Some(name) = edit.name
        && name != application.name
    {
        application.name = name;
        application.verified = false;
    }
    let detail = json!({"name": application.name.as_str(), "quota": application.quota.as_str()});
    save(
        ctx,
        tx,
        application,
        ("application.edit", detail),
        &caller.actor(),
    )
    .await
}

/// Deletes an application with its keys and subscriptions. Every token of it is refused from now on.
///
/// # Errors
/// [`Error::NotFound`] when the developer has none of that id.
pub async fn application_delete(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let application = own_found(&mut tx, caller, id).await?;
    delete(ctx, tx, application, &caller.actor()).await
}

/// Deletes what was found, and says so.
async fn delete(
    ctx: &Ctx,
    mut tx: Tx,
    application: Application,
    actor: &Actor,
) -> Result<Application, Error> {
    store::application_delete(&mut tx, application.id).await?;
    let detail = json!({"name": application.name.as_str()});
    ctx.record(
        &mut tx,
        change(&application, "application.delete", detail, actor),
    )
    .await?;
    ctx.commit(tx).await?;
    Ok(application)
}

/// Writes an application back unless another edit came between, and says what was done.
async fn save(
    ctx: &Ctx,
    mut tx: Tx,
    mut application: Application,
    (act, detail): (&'static str, serde_json::Value),
    actor: &Actor,
) -> Result<Application, Error> {
    application.version += 1;
    let updated = store::application_update(&mut tx, &application).await;
    if !updated.map_err(|error| taken(error, &application))? {
        return Err(Error::Stale);
    }
    ctx.record(&mut tx, change(&application, act, detail, actor))
        .await?;
    ctx.commit(tx).await?;
    Ok(application)
}

/// The application, when it is the developer's.
async fn own_found(
    tx: &mut Tx,
    caller: &DeveloperCaller,
    id: ApplicationId,
) -> Result<Application, Error> {
    let application = store::application_find(tx, id).await?;
    application
        .filter(|application| application.developer_id == caller.developer.id)
        .ok_or_else(|| not_found(id))
}

/// The application, whoever's it is.
async fn found(tx: &mut Tx, id: ApplicationId) -> Result<Application, Error> {
    let application = store::application_find(tx, id).await?;
    application.ok_or_else(|| not_found(id))
}

fn not_found(id: ApplicationId) -> Error {
    Error::NotFound(format!("application {id}"))
}

/// Of what an application must have alone, only its name is chosen by somebody.
fn taken(error: db::Error, application: &Application) -> Error {
    match error {
        db::Error::Duplicate => {
            Error::Conflict(format!("an application named {} exists", application.name))
        }
        other => other.into(),
    }
}

fn version_check(application: &Application, read: Option<u32>) -> Result<(), Error> {
    match read {
        Some(read) if read != application.version => Err(Error::Stale),
        Some(_) | None => Ok(()),
    }
}

fn change<'c>(
    application: &Application,
    act: &'static str,
    detail: serde_json::Value,
    actor: &'c Actor,
) -> Change<'c> {
    Change {
        kind: FeedKind::Application,
        account_id: None,
        act,
        subject: application.id.to_string(),
        detail,
        actor,
    }
}
