//! Applications with their keys; subscriptions are in [`subscriptions`], their use in [`usage`].

mod search;
pub mod subscriptions;
pub mod usage;

pub use search::{ApplicationOrder, ApplicationSearch, application_search};

use crate::db::{Error, Row, Tx};
use ringfence_core::application::{
    AppQuota, Application, ApplicationKeys, ApplicationName, ApplicationStatus, GrantTypes,
    Subscription,
};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::{ApplicationId, DeveloperId, KeyMappingId};
use ringfence_core::time::Timestamp;
use std::collections::HashMap;

const TABLE: &str = "applications";

/// Adds an application, without keys or subscriptions.
///
/// # Errors
/// [`Error::Duplicate`] when its developer has one of that name.
pub async fn application_insert(tx: &mut Tx, application: &Application) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO applications (id, developer_id, name, description, quota, status, verified, epoch, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            application.id.to_string().into(),
            application.developer_id.to_string().into(),
            application.name.as_str().into(),
            application.description.as_str().into(),
            application.quota.as_str().into(),
            application.status.as_str().into(),
            application.verified.into(),
            application.epoch.into(),
            application.created_at.into(),
            application.version.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes an edit, unless another one came first: false when the row's version is not the one before.
///
/// # Errors
/// [`Error::Duplicate`] when its developer has another one of that name.
pub async fn application_update(tx: &mut Tx, application: &Application) -> Result<bool, Error> {
    let updated = tx
        .execute(
            "UPDATE applications SET developer_id = $2, name = $3, description = $4, quota = $5, status = $6,
                 verified = $7, epoch = $8, version = $9
             WHERE id = $1 AND version = $10",
            &[
                application.id.to_string().into(),
                application.developer_id.to_string().into(),
                application.name.as_str().into(),
                application.description.as_str().into(),
                application.quota.as_str().into(),
                application.status.as_str().into(),
                application.verified.into(),
                application.epoch.into(),
                application.version.into(),
                application.version.saturating_sub(1).into(),
            ],
        )
        .await?;
    Ok(updated == 1)
}

/// Gives an application its keys, changes them, or takes them away.
///
/// # Errors
/// [`Error::Duplicate`] when another one has that consumer key.
pub async fn application_keys_set(
    tx: &mut Tx,
    id: ApplicationId,
    keys: Option<&ApplicationKeys>,
) -> Result<(), Error> {
    let urls = |urls: &[CallbackUrl]| {
        let lines: Vec<&str> = urls.iter().map(CallbackUrl::as_str).collect();
        lines.join("\n")
    };
    tx.execute(
        "UPDATE applications SET mapping_id = $2, consumer_key = $3, secret_digest = $4, grant_types = $5,
             callbacks = $6, post_logout = $7, pkce_optional = $8, made_at = $9, secret_made_at = $10
         WHERE id = $1",
        &[
            id.to_string().into(),
            keys.map(|k| k.mapping_id.to_string()).into(),
            keys.map(|k| k.consumer_key.to_string()).into(),
            keys.and_then(|k| k.secret).map(StoredDigest::to_hex).into(),
            keys.map(|k| k.grant_types.to_string()).into(),
            keys.map(|k| urls(&k.callbacks)).into(),
            keys.map(|k| urls(&k.post_logout)).into(),
            keys.is_some_and(|k| k.pkce_optional).into(),
            keys.map(|k| k.made_at).into(),
            keys.map(|k| k.secret_made_at).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes an application away with its subscriptions; false when there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn application_delete(tx: &mut Tx, id: ApplicationId) -> Result<bool, Error> {
    subscriptions::subscription_delete_all(tx, id).await?;
    let deleted = tx
        .execute(
            "DELETE FROM applications WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    Ok(deleted == 1)
}

/// The application of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn application_find(
    tx: &mut Tx,
    id: ApplicationId,
) -> Result<Option<Application>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM applications WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let subscribed = subscriptions::subscription_list(tx, id).await?;
    application(&row, subscribed).map(Some)
}

/// The id of the application whose keys have that mapping.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn application_id_by_mapping(
    tx: &mut Tx,
    id: KeyMappingId,
) -> Result<Option<ApplicationId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT id FROM applications WHERE mapping_id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.map(|row| row.parsed(TABLE, "id", ApplicationId::parse))
        .transpose()
}

/// The id of the application whose keys have that consumer key.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn application_id_by_key(
    tx: &mut Tx,
    key: ConsumerKey,
) -> Result<Option<ApplicationId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT id FROM applications WHERE consumer_key = $1",
            &[key.as_str().into()],
        )
        .await?;
    row.map(|row| row.parsed(TABLE, "id", ApplicationId::parse))
        .transpose()
}

/// Every application, for the directory.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn application_load_all(tx: &mut Tx) -> Result<Vec<Application>, Error> {
    let mut subscribed: HashMap<ApplicationId, Vec<Subscription>> = HashMap::new();
    for (id, subscription) in subscriptions::subscription_load_all(tx).await? {
        subscribed.entry(id).or_default().push(subscription);
    }
    let rows = tx.fetch_all("SELECT * FROM applications", &[]).await?;
    let mut applications = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.parsed(TABLE, "id", ApplicationId::parse)?;
        applications.push(application(
            row,
            subscribed.remove(&id).unwrap_or_default(),
        )?);
    }
    Ok(applications)
}

fn application(row: &Row, subscriptions: Vec<Subscription>) -> Result<Application, Error> {
    Ok(Application {
        id: row.parsed(TABLE, "id", ApplicationId::parse)?,
        developer_id: row.parsed(TABLE, "developer_id", DeveloperId::parse)?,
        name: row.parsed(TABLE, "name", ApplicationName::parse)?,
        description: row.text("description")?,
        quota: row.parsed(TABLE, "quota", AppQuota::parse)?,
        status: row.parsed(TABLE, "status", ApplicationStatus::parse)?,
        verified: row.bool("verified")?,
        epoch: row.number(TABLE, "epoch")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        version: row.number(TABLE, "version")?,
        keys: keys(row)?,
        subscriptions,
    })
}

fn keys(row: &Row) -> Result<Option<ApplicationKeys>, Error> {
    let Some(mapping_id) = row.opt_parsed(TABLE, "mapping_id", KeyMappingId::parse)? else {
        return Ok(None);
    };
    let urls = |text: &str| {
        let lines = text.split('\n').filter(|line| !line.is_empty());
        lines.map(CallbackUrl::parse).collect::<Result<Vec<_>, _>>()
    };
    Ok(Some(ApplicationKeys {
        mapping_id,
        consumer_key: row.parsed(TABLE, "consumer_key", ConsumerKey::parse)?,
        secret: row.opt_parsed(TABLE, "secret_digest", StoredDigest::parse_hex)?,
        grant_types: row.parsed(TABLE, "grant_types", GrantTypes::parse)?,
        callbacks: row.parsed(TABLE, "callbacks", urls)?,
        post_logout: row.parsed(TABLE, "post_logout", urls)?,
        pkce_optional: row.bool("pkce_optional")?,
        made_at: Timestamp::from_ms(row.int("made_at")?),
        secret_made_at: Timestamp::from_ms(row.int("secret_made_at")?),
    }))
}
