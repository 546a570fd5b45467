//! Grants of people to applications with their present tokens; the tables that may grow past ten million rows.
//!
//! [`codes`] are what an application gets first, [`people`] are those of an account, [`refresh`] is how a refresh token finds its grant, [`lockouts`] are of
//! the password grant. What is used once is one conditional statement.

pub mod codes;
pub mod lockouts;
pub mod people;
pub mod refresh;

use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::family::{Grant, GrantKind, TokenFacts};
use ringfence_core::grant::Authorization;
use ringfence_core::id::{AccountId, ApplicationId, GrantId, SessionId, TokenId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::{UserScope, UserScopes};

const TABLE: &str = "grants";
// Past its end a grant still answers what it was, for as long as clocks may differ and then some.
const KEPT_AFTER_END_SECS: i64 = 86_400;

/// New tokens of a grant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The new access token.
    pub token: TokenFacts,
    /// When.
    pub at: Timestamp,
    /// When the new refresh token ends unless it is used.
    pub idle_end: Timestamp,
}

/// Which grants of somebody or something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Somebody's to every application.
    User(UserId),
    /// Somebody's to one application.
    UserAt(UserId, ApplicationId),
    /// Somebody's that came of their password alone.
    UserByPassword(UserId),
    /// Somebody's that end with a stay.
    Stay(UserId, SessionId),
    /// Somebody's that end with any of their stays but this one.
    OtherStays(UserId, SessionId),
}

/// A grant that was just ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Its id.
    pub id: GrantId,
    /// The application it was given to.
    pub application_id: ApplicationId,
    /// The person's account.
    pub account_id: AccountId,
    /// Until when an access token of it would have lived.
    pub token_exp: Timestamp,
}

/// Adds a grant.
///
/// # Errors
/// The database refused it or broke off.
pub async fn grant_insert(tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    let outlives = grant.authorization.scope.contains(UserScope::OfflineAccess);
    let mut args = vec![bytes(grant.id.as_bytes()), grant.kind.as_str().into()];
    args.extend(authorization_args(&grant.authorization));
    args.extend([
        outlives.into(),
        grant.generation.into(),
        bytes(grant.token.id.as_bytes()),
        grant.token.scope.to_string().into(),
        grant.token.iat.into(),
        grant.token.exp.into(),
        grant.created_at.into(),
        grant.rotated_at.into(),
        grant.idle_end.into(),
        grant.absolute_end.into(),
        kept_until(grant.token.exp, grant.idle_end).into(),
        grant.ended_at.into(),
    ]);
    tx.execute(
        "INSERT INTO grants (id, kind, application_id, user_id, account_id, scope, auth_time, method, session_id, nonce,
             acr, claims, epoch, outlives_stay, generation, token_id, token_scope, token_iat, token_exp, created_at,
             rotated_at, idle_end, absolute_end, kept_until, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
             $24, $25)",
        &args,
    )
    .await?;
    Ok(())
}

/// The grant of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn grant_find(tx: &mut Tx, id: GrantId) -> Result<Option<Grant>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM grants WHERE id = $1",
            &[bytes(id.as_bytes())],
        )
        .await?;
    row.as_ref().map(grant).transpose()
}

/// Somebody's grants that have not ended, the newest first, at most 200.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn grant_list(tx: &mut Tx, user_id: UserId, now: Timestamp) -> Result<Vec<Grant>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM grants WHERE user_id = $1 AND ended_at IS NULL AND kept_until > $2
             ORDER BY created_at DESC, id DESC LIMIT 200",
            &[
                bytes(user_id.as_bytes()),
                now.plus_secs(KEPT_AFTER_END_SECS).into(),
            ],
        )
        .await?;
    rows.iter().map(grant).collect()
}

/// The newest grant by password of somebody to an application with those scopes, whose access token still lives.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn grant_reusable(
    tx: &mut Tx,
    (user_id, application_id): (UserId, ApplicationId),
    scope: &UserScopes,
    now: Timestamp,
) -> Result<Option<Grant>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM grants
             WHERE user_id = $1 AND application_id = $2 AND kind = 'password' AND scope = $3 AND token_scope = $3
                 AND ended_at IS NULL AND token_exp > $4
             ORDER BY created_at DESC, id DESC LIMIT 1",
            &[
                bytes(user_id.as_bytes()),
                bytes(application_id.as_bytes()),
                scope.to_string().into(),
                now.into(),
            ],
        )
        .await?;
    row.as_ref().map(grant).transpose()
}

/// Gives a grant its next tokens. False when somebody else did so first, or the grant has ended.
///
/// # Errors
/// The database refused it or broke off.
pub async fn grant_rotate(tx: &mut Tx, grant: &Grant, next: &Rotation) -> Result<bool, Error> {
    let rotated = tx
        .execute(
            "UPDATE grants SET generation = generation + 1, token_id = $3, token_scope = $4, token_iat = $5,
                 token_exp = $6, rotated_at = $7, idle_end = $8, kept_until = $9
             WHERE id = $1 AND generation = $2 AND ended_at IS NULL",
            &[
                bytes(grant.id.as_bytes()),
                grant.generation.into(),
                bytes(next.token.id.as_bytes()),
                next.token.scope.to_string().into(),
                next.token.iat.into(),
                next.token.exp.into(),
                next.at.into(),
                next.idle_end.into(),
                kept_until(next.token.exp, next.idle_end).into(),
            ],
        )
        .await?;
    Ok(rotated == 1)
}

/// Ends a grant; `None` when it had ended, or there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn grant_end(tx: &mut Tx, id: GrantId, at: Timestamp) -> Result<Option<Ended>, Error> {
    let row = tx
        .fetch_optional(
            "UPDATE grants SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL
             RETURNING id, application_id, account_id, token_exp",
            &[bytes(id.as_bytes()), at.into()],
        )
        .await?;
    row.as_ref().map(ended).transpose()
}

/// Ends grants, and gives those that had not ended. Codes that would lead to such are used up first.
///
/// # Errors
/// The database refused it or broke off.
pub async fn grants_end(tx: &mut Tx, whose: Whose, at: Timestamp) -> Result<Vec<Ended>, Error> {
    codes::codes_spoil(tx, whose, at).await?;
    let rows = match whose {
        Whose::UserByPassword(user) => {
            tx.fetch_all(
                "UPDATE grants SET ended_at = $2 WHERE user_id = $1 AND kind = 'password' AND ended_at IS NULL
                 RETURNING id, application_id, account_id, token_exp",
                &[bytes(user.as_bytes()), at.into()],
            )
            .await?
        }
        Whose::User(user) => {
            tx.fetch_all(
                "UPDATE grants SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL
                 RETURNING id, application_id, account_id, token_exp",
                &[bytes(user.as_bytes()), at.into()],
            )
            .await?
        }
        Whose::UserAt(user, application) => {
            tx.fetch_all(
                "UPDATE grants SET ended_at = $2 WHERE user_id = $1 AND application_id = $3 AND ended_at IS NULL
                 RETURNING id, application_id, account_id, token_exp",
                &[
                    bytes(user.as_bytes()),
                    at.into(),
                    bytes(application.as_bytes()),
                ],
            )
            .await?
        }
        Whose::Stay(user, stay) => {
            tx.fetch_all(
                "UPDATE grants SET ended_at = $2
                 WHERE session_id = $1 AND session_id IS NOT NULL AND user_id = $3 AND outlives_stay = FALSE
                     AND ended_at IS NULL
                 RETURNING id, application_id, account_id, token_exp",
                &[
                    bytes(stay.as_bytes()),
                    at.into(),
                    bytes(user.as_bytes()),
                ],
            )
            .await?
        }
        Whose::OtherStays(user, kept) => {
            tx.fetch_all(
                "UPDATE grants SET ended_at = $2
                 WHERE user_id = $1 AND session_id IS NOT NULL AND session_id <> $3 AND outlives_stay = FALSE
                     AND ended_at IS NULL
                 RETURNING id, application_id, account_id, token_exp",
                &[
                    bytes(user.as_bytes()),
                    at.into(),
                    bytes(kept.as_bytes()),
                ],
            )
            .await?
        }
    };
    rows.iter().map(ended).collect()
}

/// Has the grants and codes of a stay belong to another one, which the same person has begun in its place.
///
/// # Errors
/// The database refused it or broke off.
pub async fn grants_rebind(
    tx: &mut Tx,
    user: UserId,
    (from, to): (SessionId, SessionId),
) -> Result<(), Error> {
    codes::codes_rebind(tx, user, (from, to)).await?;
    tx.execute(
        "UPDATE grants SET session_id = $2
         WHERE session_id = $1 AND session_id IS NOT NULL AND user_id = $3 AND ended_at IS NULL",
        &[
            bytes(from.as_bytes()),
            bytes(to.as_bytes()),
            bytes(user.as_bytes()),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets grants that are long over, at most so many, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn grant_prune(tx: &mut Tx, now: Timestamp, most: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE kept_until <= $1 ORDER BY kept_until LIMIT $2)",
        &[now.into(), most.into()],
    )
    .await
}

fn kept_until(token_exp: Timestamp, idle_end: Timestamp) -> Timestamp {
    token_exp.max(idle_end).plus_secs(KEPT_AFTER_END_SECS)
}

fn bytes(id: &[u8; 16]) -> Arg {
    id.as_slice().into()
}

/// The columns from `application_id` to `epoch`.
fn authorization_args(of: &Authorization) -> [Arg; 11] {
    [
        bytes(of.application_id.as_bytes()),
        bytes(of.user_id.as_bytes()),
        bytes(of.account_id.as_bytes()),
        of.scope.to_string().into(),
        of.auth_time.into(),
        of.method.as_str().into(),
        of.session_id.map(|id| id.as_bytes().to_vec()).into(),
        of.nonce.as_deref().into(),
        of.acr.as_deref().into(),
        of.claims.as_deref().into(),
        // Epochs are sums of 32-bit numbers.
        i64::try_from(of.epoch).unwrap_or(i64::MAX).into(),
    ]
}

fn authorization(row: &Row, table: &'static str) -> Result<Authorization, Error> {
    Ok(Authorization {
        application_id: ApplicationId::from_bytes(id(row, table, "application_id")?),
        user_id: UserId::from_bytes(id(row, table, "user_id")?),
        account_id: AccountId::from_bytes(id(row, table, "account_id")?),
        scope: row.parsed(table, "scope", UserScopes::parse)?,
        auth_time: Timestamp::from_ms(row.int("auth_time")?),
        method: row.text("method")?,
        session_id: opt_id(row, table, "session_id")?.map(SessionId::from_bytes),
        nonce: row.opt_text("nonce")?,
        acr: row.opt_text("acr")?,
        claims: row.opt_text("claims")?,
        epoch: row.number(table, "epoch")?,
    })
}

fn grant(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        id: GrantId::from_bytes(id(row, TABLE, "id")?),
        kind: row.parsed(TABLE, "kind", GrantKind::parse)?,
        authorization: authorization(row, TABLE)?,
        generation: row.number(TABLE, "generation")?,
        token: TokenFacts {
            id: TokenId::from_bytes(id(row, TABLE, "token_id")?),
            scope: row.parsed(TABLE, "token_scope", UserScopes::parse)?,
            iat: Timestamp::from_ms(row.int("token_iat")?),
            exp: Timestamp::from_ms(row.int("token_exp")?),
        },
        created_at: Timestamp::from_ms(row.int("created_at")?),
        rotated_at: Timestamp::from_ms(row.int("rotated_at")?),
        idle_end: Timestamp::from_ms(row.int("idle_end")?),
        absolute_end: Timestamp::from_ms(row.int("absolute_end")?),
        ended_at: row.opt_int("ended_at")?.map(Timestamp::from_ms),
    })
}

fn ended(row: &Row) -> Result<Ended, Error> {
    Ok(Ended {
        id: GrantId::from_bytes(id(row, TABLE, "id")?),
        application_id: ApplicationId::from_bytes(id(row, TABLE, "application_id")?),
        account_id: AccountId::from_bytes(id(row, TABLE, "account_id")?),
        token_exp: Timestamp::from_ms(row.int("token_exp")?),
    })
}

fn id(row: &Row, table: &'static str, column: &'static str) -> Result<[u8; 16], Error> {
    sixteen(row.bytes(column)?, table, column)
}

fn opt_id(row: &Row, table: &'static str, column: &'static str) -> Result<Option<[u8; 16]>, Error> {
    let found = row.opt_bytes(column)?;
    found.map(|found| sixteen(found, table, column)).transpose()
}

fn sixteen(found: Vec<u8>, table: &'static str, column: &'static str) -> Result<[u8; 16], Error> {
    found.try_into().map_err(|_| Error::Corrupt {
        table,
        row: String::new(),
        column,
    })
}
