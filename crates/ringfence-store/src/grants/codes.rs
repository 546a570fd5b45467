//! Authorization codes: each may be exchanged once.

use super::{Whose, authorization, authorization_args, bytes, opt_id};
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::grant::Authorization;
use ringfence_core::id::{GrantId, SessionId, UserId};
use ringfence_core::pkce::CodeChallenge;
use ringfence_core::time::Timestamp;

const TABLE: &str = "authorization_codes";

/// A code as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    /// What was allowed.
    pub authorization: Authorization,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The digest of the verifier that its exchange must show; `None` for a legacy application that showed none.
    pub challenge: Option<CodeChallenge>,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
    /// What its use made; `None` when the use failed.
    pub grant_id: Option<GrantId>,
}

/// Adds a code that was not used yet; one that never is is forgotten at `kept_until`.
///
/// # Errors
/// The database refused it or broke off.
pub async fn code_insert(
    tx: &mut Tx,
    digest: StoredDigest,
    code: &Code,
    kept_until: Timestamp,
) -> Result<(), Error> {
    let mut args: Vec<Arg> = vec![digest.0.as_slice().into()];
    args.extend(authorization_args(&code.authorization));
    args.extend([
        code.redirect_uri.as_str().into(),
        code.challenge.as_ref().map(CodeChallenge::as_str).into(),
        code.expires_at.into(),
        kept_until.into(),
    ]);
    tx.execute(
        "INSERT INTO authorization_codes (digest, application_id, user_id, account_id, scope, auth_time, method, session_id,
             nonce, acr, claims, epoch, redirect_uri, challenge, expires_at, kept_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &args,
    )
    .await?;
    Ok(())
}

/// The code of that digest, used or not.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn code_find(tx: &mut Tx, digest: StoredDigest) -> Result<Option<Code>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM authorization_codes WHERE digest = $1",
            &[digest.0.as_slice().into()],
        )
        .await?;
    row.as_ref().map(code).transpose()
}

/// Uses a code up, for a grant or, after a failed exchange, for nothing. False when it was used before.
///
/// # Errors
/// The database refused it or broke off.
pub async fn code_use(
    tx: &mut Tx,
    digest: StoredDigest,
    grant: Option<GrantId>,
    (at, kept_until): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let used = tx
        .execute(
            "UPDATE authorization_codes SET used_at = $2, grant_id = $3, kept_until = $4
             WHERE digest = $1 AND used_at IS NULL",
            &[
                digest.0.as_slice().into(),
                at.into(),
                grant.map_or(Arg::Bytes(None), |id| bytes(id.as_bytes())),
                kept_until.into(),
            ],
        )
        .await?;
    Ok(used == 1)
}

/// Uses up, for nothing, the codes whose grants would belong to those that end.
///
/// Comes before the grants themselves end: an exchange under way is waited for here, and what it makes is found then.
///
/// # Errors
/// The database refused it or broke off.
pub(super) async fn codes_spoil(tx: &mut Tx, whose: Whose, at: Timestamp) -> Result<(), Error> {
    match whose {
        Whose::User(user) => {
            tx.execute(
                "UPDATE authorization_codes SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
                &[bytes(user.as_bytes()), at.into()],
            )
            .await?
        }
        Whose::UserAt(user, application) => {
            tx.execute(
                "UPDATE authorization_codes SET used_at = $2
                 WHERE user_id = $1 AND application_id = $3 AND used_at IS NULL",
                &[
                    bytes(user.as_bytes()),
                    at.into(),
                    bytes(application.as_bytes()),
                ],
            )
            .await?
        }
        Whose::Stay(user, stay) => {
            tx.execute(
                "UPDATE authorization_codes SET used_at = $2
                 WHERE user_id = $1 AND session_id = $3 AND used_at IS NULL",
                &[
                    bytes(user.as_bytes()),
                    at.into(),
                    bytes(stay.as_bytes()),
                ],
            )
            .await?
        }
        Whose::OtherStays(user, kept) => {
            tx.execute(
                "UPDATE authorization_codes SET used_at = $2
                 WHERE user_id = $1 AND session_id <> $3 AND used_at IS NULL",
                &[
                    bytes(user.as_bytes()),
                    at.into(),
                    bytes(kept.as_bytes()),
                ],
            )
            .await?
        }
        // A password leads to a grant at once.
        Whose::UserByPassword(_) => 0,
    };
    Ok(())
}

/// Has the codes of a stay belong to another one of the same person.
///
/// # Errors
/// The database refused it or broke off.
pub(super) async fn codes_rebind(
    tx: &mut Tx,
    user: UserId,
    (from, to): (SessionId, SessionId),
) -> Result<(), Error> {
    tx.execute(
        "UPDATE authorization_codes SET session_id = $3 WHERE user_id = $1 AND session_id = $2 AND used_at IS NULL",
        &[
            bytes(user.as_bytes()),
            bytes(from.as_bytes()),
            bytes(to.as_bytes()),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets codes that are long over, at most so many, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn code_prune(tx: &mut Tx, now: Timestamp, most: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM authorization_codes WHERE digest IN
             (SELECT digest FROM authorization_codes WHERE kept_until <= $1 ORDER BY kept_until LIMIT $2)",
        &[now.into(), most.into()],
    )
    .await
}

fn code(row: &Row) -> Result<Code, Error> {
    Ok(Code {
        authorization: authorization(row, TABLE)?,
        redirect_uri: row.text("redirect_uri")?,
        challenge: row.opt_parsed(TABLE, "challenge", CodeChallenge::parse)?,
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
        used_at: row.opt_int("used_at")?.map(Timestamp::from_ms),
        grant_id: opt_id(row, TABLE, "grant_id")?.map(GrantId::from_bytes),
    })
}
