//! The secrets of a credential: who still uses which, and when one may be retired.

use super::handover::{Delivery, LinkState, Made, deliver, made_before, state};
use super::{Shown, edit_check, seen};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::credentials as acts;
use crate::error::Error;
use ringfence_core::credential::{Credential, SecretInfo};
use ringfence_core::id::CredentialId;
use ringfence_core::time::Timestamp;
use ringfence_store::credentials::handover::handover_list;
use ringfence_store::credentials::usage::{SecretAddress, address_list};
use ringfence_store::credentials::{SecretUse, secret_uses};

/// The longest overlap of a rotation, in seconds.
pub const LONGEST_OVERLAP_SECS: u32 = 90 * 86_400;
// A secret that nobody has used for a day has gone quiet: nightly jobs have run in between.
const QUIET_SECS: i64 = 86_400;

/// A secret, never its text, and how it is used.
#[derive(Clone, Debug)]
pub struct SecretView {
    /// Number, birth and end.
    pub info: SecretInfo,
    /// Whether its time is over.
    pub expired: bool,
    /// Its last use and how often it was used.
    pub used: SecretUse,
    /// The last addresses it was used from.
    pub addresses: Vec<SecretAddress>,
    /// Whether it may go.
    pub advice: Advice,
}

/// Whether a secret may be retired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Nothing would be left to get tokens with.
    OnlyOne,
    /// It is the newest.
    Newest,
    /// Somebody used it within the last day.
    InUse,
    /// It is quiet, but nobody has used a newer one yet.
    NotReplaced,
    /// It is quiet and a newer one is in use.
    Safe,
    /// It is refused already.
    Over,
}

/// A link that was made for a secret of this credential.
#[derive(Clone, Debug)]
pub struct LinkView {
    /// The secret's number.
    pub number: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: LinkState,
    /// The address it was opened from.
    pub opened_from: Option<String>,
}

/// The secrets of a credential and the links made for them.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The secrets, the newest first.
    pub secrets: Vec<SecretView>,
    /// The last links.
    pub links: Vec<LinkView>,
}

/// How to rotate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// How long the other secrets still work, in seconds.
    pub overlap_secs: u32,
    /// From when on the new secret is refused.
    pub expires_at: Option<Timestamp>,
}

/// The secrets of a credential that the caller may see.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of.
pub async fn secret_list(ctx: &Ctx, caller: &Caller, id: CredentialId) -> Result<Secrets, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let Shown { credential, .. } = seen(&mut tx, caller, id).await?;
    let uses = secret_uses(&mut tx, id).await?;
    let addresses = address_list(&mut tx, id).await?;
    let links = handover_list(&mut tx, id).await?;
    let now = ctx.now();
    let links = links
        .iter()
        .map(|link| LinkView {
            number: link.number,
            created_at: link.created_at,
            state: state(link, now),
            opened_from: link.opened_from.clone(),
        })
        .collect();
    Ok(Secrets {
        secrets: secret_views(&credential, &uses, &addresses, now),
        links,
    })
}

/// Adds a secret and lets the others run out after an overlap; hands the new one over as asked.
///
/// # Errors
/// [`Error::Forbidden`] when the credential is somebody else's; [`Error::Conflict`] when it has too many secrets.
pub async fn credential_rotate(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
    rotation: Rotation,
    (delivery, nonce): (&Delivery, Option<&str>),
) -> Result<Made, Error> {
    edit_check(ctx, caller, id).await?;
    if rotation.overlap_secs > LONGEST_OVERLAP_SECS {
        return Err(Error::Invalid(format!(
            "an overlap lasts at most {} days",
            LONGEST_OVERLAP_SECS / 86_400
        )));
    }
    if rotation.expires_at.is_some_and(|at| at <= ctx.now()) {
        return Err(Error::Invalid(
            "the new secret would have run out already".to_owned(),
        ));
    }
    let mut tx = ctx.db.begin_write().await?;
    if let Some(made) = made_before(&mut tx, caller, nonce).await? {
        return Ok(made);
    }
    let times = (rotation.overlap_secs, rotation.expires_at);
    let secret = acts::secret_make(ctx, &mut tx, &caller.actor(), id, times).await?;
    let made = deliver(ctx, &mut tx, caller, (secret, nonce), delivery).await?;
    ctx.commit(tx).await?;
    Ok(made)
}

/// Retires one secret at once, with every token it made.
///
/// # Errors
/// [`Error::Forbidden`] when the credential is somebody else's; [`Error::NotFound`] when there is no such secret.
pub async fn secret_retire(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
    number: u32,
) -> Result<Credential, Error> {
    edit_check(ctx, caller, id).await?;
    acts::credential_retire(ctx, &caller.actor(), id, number).await
}

fn secret_views(
    credential: &Credential,
    uses: &[SecretUse],
    addresses: &[SecretAddress],
    now: Timestamp,
) -> Vec<SecretView> {
    let used_of = |number| {
        let found = uses.iter().find(|used| used.number == number);
        found.cloned().unwrap_or(SecretUse {
            number,
            last_used_at: None,
            last_used_from: None,
            last_used_route: None,
            uses: 0,
        })
    };
    let mut views: Vec<SecretView> = credential
        .secrets
        .iter()
        .map(|info| SecretView {
            expired: info.expired(now),
            used: used_of(info.number),
            addresses: addresses
                .iter()
                .filter(|a| a.number == info.number)
                .cloned()
                .collect(),
            advice: advice(credential, uses, info, now),
            info: info.clone(),
        })
        .collect();
    views.sort_by_key(|view| std::cmp::Reverse(view.info.number));
    views
}

/// Whether a secret may go. Only uses count: nobody can know who holds it.
fn advice(
    credential: &Credential,
    uses: &[SecretUse],
    secret: &SecretInfo,
    now: Timestamp,
) -> Advice {
    if secret.expired(now) {
        return Advice::Over;
    }
    let live = || credential.secrets.iter().filter(|s| !s.expired(now));
    if live().count() == 1 {
        return Advice::OnlyOne;
    }
    let last_use = |number| {
        let used = uses.iter().find(|used| used.number == number);
        used.and_then(|used| used.last_used_at)
    };
    let newer_in_use = live().any(|s| s.number > secret.number && last_use(s.number).is_some());
    if live().all(|s| s.number <= secret.number) {
        return Advice::Newest;
    }
    match last_use(secret.number) {
        Some(at) if now.ms_since(at) < QUIET_SECS * 1_000 => Advice::InUse,
        Some(_) if newer_in_use => Advice::Safe,
        // Never used, so nobody holds it who would miss it now; quiet without a successor is another matter.
        None => Advice::Safe,
        Some(_) => Advice::NotReplaced,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::credential::{CredentialName, Owner, StoredDigest};
    use ringfence_core::id::AccountId;
    use ringfence_core::scope::ScopeSet;

    const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);

    fn secret(number: u32, expires_at: Option<Timestamp>) -> SecretInfo {
        SecretInfo {
            number,
            digest: StoredDigest([0; 32]),
            created_at: NOW,
            expires_at,
        }
    }

    fn used(number: u32, hours_ago: i64) -> SecretUse {
        SecretUse {
            number,
            last_used_at: Some(NOW.plus_secs(-hours_ago * 3_600)),
            last_used_from: None,
            last_used_route: None,
            uses: 1,
        }
    }

    #[test]
    fn a_secret_may_go_when_it_is_quiet_and_replaced() {
        let later = Some(NOW.plus_secs(3_600));
        let past = Some(NOW.plus_secs(-1));
        let cases: [(&[SecretInfo], &[SecretUse], Advice); 8] = [
            (&[secret(1, None)], &[], Advice::OnlyOne),
            (
                &[secret(1, None), secret(2, past)],
                &[used(1, 1)],
                Advice::OnlyOne,
            ),
            (
                &[secret(1, later), secret(2, None)],
                &[used(1, 23), used(2, 1)],
                Advice::InUse,
            ),
            (
                &[secret(1, later), secret(2, None)],
                &[used(1, 25), used(2, 1)],
                Advice::Safe,
            ),
            (
                &[secret(1, later), secret(2, None)],
                &[used(1, 25)],
                Advice::NotReplaced,
            ),
            (&[secret(1, later), secret(2, None)], &[], Advice::Safe),
            (
                &[secret(1, past), secret(2, None)],
                &[used(1, 1)],
                Advice::Over,
            ),
            (
                &[secret(3, None), secret(2, later)],
                &[used(3, 1)],
                Advice::Newest,
            ),
        ];
        for (secrets, uses, expected) in cases {
            let credential = Credential {
                id: CredentialId::from_bytes([1; 16]),
                account_id: AccountId::from_bytes([2; 16]),
                owner: Owner::Account,
                name: CredentialName::parse("n").unwrap(),
                scopes: ScopeSet::EMPTY,
                token_alg: None,
                token_ttl_secs: None,
                networks: Vec::new(),
                expires_at: None,
                secrets: secrets.to_vec(),
                epoch: 0,
                created_at: NOW,
                version: 1,
            };
            let given = advice(&credential, uses, &secrets[0], NOW);
            assert_eq!(given, expected, "{secrets:?} {uses:?}");
        }
    }
}
