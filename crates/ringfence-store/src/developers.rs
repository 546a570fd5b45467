//! Developers: people who build applications.

use crate::db::{Error, Row, Tx};
use crate::search::like_contains;
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::id::DeveloperId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "developers";

/// Adds a developer with the hash of a password, or without one.
///
/// # Errors
/// [`Error::Duplicate`] when the name is taken.
pub async fn developer_insert(
    tx: &mut Tx,
    developer: &Developer,
    password: Option<&str>,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO developers (id, username, name, email, company, password, active, epoch, created_at, last_login_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            developer.id.to_string().into(),
            developer.username.as_str().into(),
            developer.name.as_str().into(),
            developer.email.as_str().into(),
            developer.company.as_str().into(),
            password.into(),
            developer.active.into(),
            developer.epoch.into(),
            developer.created_at.into(),
            developer.last_login_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes what can be edited: names, address, company, whether they are active, and the epoch.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_update(tx: &mut Tx, developer: &Developer) -> Result<(), Error> {
    tx.execute(
        "UPDATE developers SET name = $2, email = $3, company = $4, active = $5, epoch = $6 WHERE id = $1",
        &[
            developer.id.to_string().into(),
            developer.name.as_str().into(),
            developer.email.as_str().into(),
            developer.company.as_str().into(),
            developer.active.into(),
            developer.epoch.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Sets the hash of a password.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_password_set(
    tx: &mut Tx,
    id: DeveloperId,
    password: &str,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE developers SET password = $2 WHERE id = $1",
        &[id.to_string().into(), password.into()],
    )
    .await?;
    Ok(())
}

/// The hash of a developer's password, when they have one.
///
/// # Errors
/// The database broke off.
pub async fn developer_password(tx: &mut Tx, id: DeveloperId) -> Result<Option<String>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT password FROM developers WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.map_or(Ok(None), |row| row.opt_text("password"))
}

/// Notes that a developer signed in.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_login_note(
    tx: &mut Tx,
    id: DeveloperId,
    at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE developers SET last_login_at = $2 WHERE id = $1",
        &[id.to_string().into(), at.into()],
    )
    .await?;
    Ok(())
}

/// The developer of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn developer_find(tx: &mut Tx, id: DeveloperId) -> Result<Option<Developer>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM developers WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(developer).transpose()
}

/// The developer of that name.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn developer_find_by_name(
    tx: &mut Tx,
    username: &DeveloperName,
) -> Result<Option<Developer>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM developers WHERE username = $1",
            &[username.as_str().into()],
        )
        .await?;
    row.as_ref().map(developer).transpose()
}

/// Developers whose name, address or company holds a text, by name, after a name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn developer_search(
    tx: &mut Tx,
    text: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<Developer>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM developers WHERE username > $1
             AND (username LIKE $2 ESCAPE '!' OR LOWER(name) LIKE $2 ESCAPE '!'
                  OR LOWER(email) LIKE $2 ESCAPE '!' OR LOWER(company) LIKE $2 ESCAPE '!')
             ORDER BY username LIMIT $3",
            &[
                after.into(),
                like_contains(&text.to_lowercase()).into(),
                limit.into(),
            ],
        )
        .await?;
    rows.iter().map(developer).collect()
}

fn developer(row: &Row) -> Result<Developer, Error> {
    Ok(Developer {
        id: row.parsed(TABLE, "id", DeveloperId::parse)?,
        username: row.parsed(TABLE, "username", DeveloperName::parse)?,
        name: row.text("name")?,
        email: row.text("email")?,
        company: row.text("company")?,
        active: row.bool("active")?,
        epoch: row.number(TABLE, "epoch")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        last_login_at: row.opt_int("last_login_at")?.map(Timestamp::from_ms),
    })
}
