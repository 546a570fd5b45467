//! Who uses a credential, for what and from where: written in batches, read by people.

use crate::collect::{flat, placeholders};
use crate::db::{Error, Tx};
use ringfence_core::id::CredentialId;
use ringfence_core::scope::Scope;
use ringfence_core::time::Timestamp;

// Rows of one statement.
const ROWS_A_STATEMENT: usize = 500;
// Addresses kept of each secret.
const ADDRESSES_KEPT: i64 = 10;

/// Uses of a secret, gathered since the last flush.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretUseDelta {
    /// The credential.
    pub credential_id: CredentialId,
    /// The secret's number.
    pub number: u32,
    /// The last use.
    pub at: Timestamp,
    /// The address of the last use.
    pub from: String,
    /// The route of the last use.
    pub route: String,
    /// How many uses there were.
    pub uses: i64,
}

/// Uses of a secret from one address, gathered since the last flush.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressDelta {
    /// The credential.
    pub credential_id: CredentialId,
    /// The secret's number.
    pub number: u32,
    /// The address.
    pub address: String,
    /// The last use from there.
    pub at: Timestamp,
    /// How many uses there were.
    pub uses: i64,
}

/// The last uses of a scope, gathered since the last flush.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScopeDelta {
    /// The credential.
    pub credential_id: CredentialId,
    /// The scope.
    pub scope: Scope,
    /// When it was last in a token that was issued.
    pub issued_at: Option<Timestamp>,
    /// When it last opened a call.
    pub opened_at: Option<Timestamp>,
}

/// What a credential did in an hour: tokens, and calls by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Tokens issued.
    pub tokens: i64,
    /// Calls answered.
    pub ok: i64,
    /// Calls not admitted.
    pub refused: i64,
    /// Calls answered with 4xx.
    pub wrong: i64,
    /// Calls answered with 5xx.
    pub failed: i64,
}

/// A tally to be added to an hour of a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HourDelta {
    /// The credential.
    pub credential_id: CredentialId,
    /// Hours since 1970 UTC.
    pub hour: i64,
    /// What to add.
    pub tally: Tally,
}

/// An address that a secret was used from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretAddress {
    /// The secret's number.
    pub number: u32,
    /// The address.
    pub address: String,
    /// The first use from there.
    pub first_used_at: Timestamp,
    /// The last use from there.
    pub last_used_at: Timestamp,
    /// How many uses there were.
    pub uses: i64,
}

/// When a scope was last used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScopeUse {
    /// The scope.
    pub scope: Scope,
    /// When it was last in a token that was issued.
    pub issued_at: Option<Timestamp>,
    /// When it last opened a call.
    pub opened_at: Option<Timestamp>,
}

/// Adds gathered uses, one for each secret at most. Not in the change feed: nothing about rights changes.
///
/// # Errors
/// The database refused it or broke off.
pub async fn secret_uses_add(tx: &mut Tx, deltas: &[SecretUseDelta]) -> Result<(), Error> {
    // One statement for many secrets: a busy node writes down thousands every second.
    for some in deltas.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "UPDATE credential_secrets SET uses = uses + used.column3, last_used_at = used.column4,
                 last_used_from = used.column5, last_used_route = used.column6
             FROM (VALUES {}) AS used
             WHERE credential_id = used.column1 AND number = used.column2",
            placeholders(some.len(), 6)
        );
        let args = flat(some.iter().map(|delta| {
            vec![
                delta.credential_id.to_string().into(),
                delta.number.into(),
                delta.uses.into(),
                delta.at.into(),
                delta.from.as_str().into(),
                delta.route.as_str().into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// Adds gathered uses by address, one for each secret and address at most.
///
/// # Errors
/// The database refused it or broke off.
pub async fn addresses_add(tx: &mut Tx, deltas: &[AddressDelta]) -> Result<(), Error> {
    for some in deltas.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO secret_addresses (credential_id, number, address, first_used_at, last_used_at, uses)
             VALUES {}
             ON CONFLICT (credential_id, number, address) DO UPDATE SET
                 last_used_at = excluded.last_used_at, uses = secret_addresses.uses + excluded.uses",
            placeholders(some.len(), 6)
        );
        let args = flat(some.iter().map(|delta| {
            vec![
                delta.credential_id.to_string().into(),
                delta.number.into(),
                delta.address.as_str().into(),
                delta.at.into(),
                delta.at.into(),
                delta.uses.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// Notes the last uses of scopes, one for each credential and scope at most.
///
/// # Errors
/// The database refused it or broke off.
pub async fn scope_uses_set(tx: &mut Tx, deltas: &[ScopeDelta]) -> Result<(), Error> {
    for some in deltas.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO credential_scope_uses (credential_id, scope, issued_at, opened_at) VALUES {}
             ON CONFLICT (credential_id, scope) DO UPDATE SET
                 issued_at = COALESCE(excluded.issued_at, credential_scope_uses.issued_at),
                 opened_at = COALESCE(excluded.opened_at, credential_scope_uses.opened_at)",
            placeholders(some.len(), 4)
        );
        let args = flat(some.iter().map(|delta| {
            vec![
                delta.credential_id.to_string().into(),
                delta.scope.as_str().into(),
                delta.issued_at.into(),
                delta.opened_at.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// Adds gathered tallies, one for each credential and hour at most.
///
/// # Errors
/// The database refused it or broke off.
pub async fn hours_add(tx: &mut Tx, deltas: &[HourDelta]) -> Result<(), Error> {
    for some in deltas.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO credential_hours (credential_id, hour, tokens, ok, refused, wrong, failed) VALUES {}
             ON CONFLICT (credential_id, hour) DO UPDATE SET
                 tokens = credential_hours.tokens + excluded.tokens,
                 ok = credential_hours.ok + excluded.ok,
                 refused = credential_hours.refused + excluded.refused,
                 wrong = credential_hours.wrong + excluded.wrong,
                 failed = credential_hours.failed + excluded.failed",
            placeholders(some.len(), 7)
        );
        let args = flat(some.iter().map(|delta| {
            let tally = delta.tally;
            vec![
                delta.credential_id.to_string().into(),
                delta.hour.into(),
                tally.tokens.into(),
                tally.ok.into(),
                tally.refused.into(),
                tally.wrong.into(),
                tally.failed.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// The last addresses of each secret of a credential, the newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn address_list(tx: &mut Tx, id: CredentialId) -> Result<Vec<SecretAddress>, Error> {
    const TABLE: &str = "secret_addresses";
    let rows = tx
        .fetch_all(
            "SELECT * FROM (SELECT a.*, ROW_NUMBER() OVER (PARTITION BY number ORDER BY last_used_at DESC) AS place
                 FROM secret_addresses a WHERE credential_id = $1) ranked
             WHERE place <= $2 ORDER BY number, last_used_at DESC, address",
            &[id.to_string().into(), ADDRESSES_KEPT.into()],
        )
        .await?;
    let address = |row: &crate::db::Row| {
        Ok(SecretAddress {
            number: row.number(TABLE, "number")?,
            address: row.text("address")?,
            first_used_at: Timestamp::from_ms(row.int("first_used_at")?),
            last_used_at: Timestamp::from_ms(row.int("last_used_at")?),
            uses: row.int("uses")?,
        })
    };
    rows.iter().map(address).collect()
}

/// When each scope of a credential was last used.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn scope_uses(tx: &mut Tx, id: CredentialId) -> Result<Vec<ScopeUse>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT scope, issued_at, opened_at FROM credential_scope_uses WHERE credential_id = $1 ORDER BY scope",
            &[id.to_string().into()],
        )
        .await?;
    let mut uses = Vec::with_capacity(rows.len());
    for row in rows {
        // A scope that the catalogue has lost since is nothing to show.
        let Ok(scope) = Scope::parse(&row.text("scope")?) else {
            continue;
        };
        uses.push(ScopeUse {
            scope,
            issued_at: row.opt_int("issued_at")?.map(Timestamp::from_ms),
            opened_at: row.opt_int("opened_at")?.map(Timestamp::from_ms),
        });
    }
    Ok(uses)
}

/// The hours of a credential in which something happened, from one hour on.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn hour_list(
    tx: &mut Tx,
    id: CredentialId,
    from_hour: i64,
) -> Result<Vec<(i64, Tally)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM credential_hours WHERE credential_id = $1 AND hour >= $2 ORDER BY hour",
            &[id.to_string().into(), from_hour.into()],
        )
        .await?;
    let hour = |row: &crate::db::Row| {
        let tally = Tally {
            tokens: row.int("tokens")?,
            ok: row.int("ok")?,
            refused: row.int("refused")?,
            wrong: row.int("wrong")?,
            failed: row.int("failed")?,
        };
        Ok((row.int("hour")?, tally))
    };
    rows.iter().map(hour).collect()
}

/// Cleans away hours before one, addresses past the last few, and what belongs to credentials that are gone.
///
/// # Errors
/// The database refused it or broke off.
pub async fn usage_prune(tx: &mut Tx, before_hour: i64) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM credential_hours WHERE hour < $1",
        &[before_hour.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM secret_addresses WHERE (credential_id, number, address) IN (
             SELECT credential_id, number, address FROM (
                 SELECT credential_id, number, address,
                     ROW_NUMBER() OVER (PARTITION BY credential_id, number ORDER BY last_used_at DESC) AS place
                 FROM secret_addresses) ranked
             WHERE place > $1)",
        &[ADDRESSES_KEPT.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM secret_addresses WHERE NOT EXISTS (SELECT 1 FROM credential_secrets s
             WHERE s.credential_id = secret_addresses.credential_id AND s.number = secret_addresses.number)",
        &[],
    )
    .await?;
    tx.execute(
        "DELETE FROM credential_scope_uses WHERE NOT EXISTS (SELECT 1 FROM credentials c
             WHERE c.id = credential_scope_uses.credential_id)",
        &[],
    )
    .await?;
    Ok(())
}
