//! Leases: what only one may do at a time, over all nodes.

use crate::db::{Error, Tx};
use ringfence_core::id::RequestId;
use ringfence_core::time::Timestamp;

/// Takes a lease unless somebody else holds it; says when theirs ends if so. The holder
/// may take it again to make it last longer.
///
/// # Errors
/// The database broke off.
pub async fn lease_take(
    tx: &mut Tx,
    name: &str,
    holder: RequestId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Result<(), Timestamp>, Error> {
    let taken = tx
        .execute(
            "INSERT INTO leases (name, holder, ends_at) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
             WHERE leases.ends_at <= $4 OR leases.holder = excluded.holder",
            &[
                name.into(),
                holder.to_string().into(),
                until.into(),
                now.into(),
            ],
        )
        .await?;
    if taken == 1 {
        return Ok(Ok(()));
    }
    let row = tx
        .fetch_optional("SELECT ends_at FROM leases WHERE name = $1", &[name.into()])
        .await?;
    let ends_at = match row {
        Some(row) => Timestamp::from_ms(row.int("ends_at")?),
        None => now,
    };
    Ok(Err(ends_at))
}

/// Gives a lease back.
///
/// # Errors
/// The database broke off.
pub async fn lease_release(tx: &mut Tx, name: &str, holder: RequestId) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM leases WHERE name = $1 AND holder = $2",
        &[name.into(), holder.to_string().into()],
    )
    .await?;
    Ok(())
}
