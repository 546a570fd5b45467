//! How a new secret reaches the one who is to use it: shown once, behind a link that opens once, or sealed to a
//! partner's key.

use crate::caller::Caller;
use crate::context::{Actor, Ctx};
use crate::credentials::{NewSecret, change};
use crate::error::Error;
use ringfence_core::account::Region;
use ringfence_core::credential::{Credential, CredentialName};
use ringfence_core::handover::{HandoverLink, PartnerKey};
use ringfence_core::id::CredentialId;
use ringfence_core::secret::{ClientSecret, Handle, Secret};
use ringfence_core::time::Timestamp;
use ringfence_store::credentials;
use ringfence_store::credentials::handover::{self as store, Handover};
use ringfence_store::db::Tx;
use serde_json::{Value, json};
use std::net::IpAddr;

/// How long a link may wait, in hours.
pub const LINK_HOURS: std::ops::RangeInclusive<u32> = 1..=168;
const LONGEST_NONCE: usize = 100;

/// How a new secret is to be handed over.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Shown to the caller, once.
    Show,
    /// Behind a link that opens once, within some hours.
    Link {
        /// How long it waits.
        hours: u32,
    },
    /// Sealed to a partner's `age` key.
    Sealed(PartnerKey),
}

/// A new secret on its way.
#[derive(Debug)]
pub enum Delivered {
    /// The secret itself; nobody can read it again.
    Shown(ClientSecret),
    /// The link to send.
    Link {
        /// The link's text.
        link: HandoverLink,
        /// From when on it does not open.
        expires_at: Timestamp,
    },
    /// The file to send.
    Sealed(Vec<u8>),
}

/// What came of a request for a new secret.
#[derive(Debug)]
pub enum Made {
    /// A secret.
    Now(Box<MadeSecret>),
    /// The same request has made one before; it cannot be shown again.
    Before {
        /// The credential.
        credential_id: CredentialId,
        /// The secret's number.
        number: u32,
    },
}

/// A secret just made.
#[derive(Debug)]
pub struct MadeSecret {
    /// Its credential.
    pub credential: Credential,
    /// The region of the account.
    pub region: Region,
    /// Its number.
    pub number: u32,
    /// How it goes to the one who is to use it.
    pub delivered: Delivered,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What waits behind a link, without the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkState {
    /// It opens.
    Waiting {
        /// Until when.
        expires_at: Timestamp,
    },
    /// It was opened.
    Opened {
        /// When.
        at: Timestamp,
    },
    /// Its time is over.
    Expired,
}

/// What a partner is handed.
#[derive(Debug)]
pub struct Handed {
    /// The credential's id.
    pub client_id: CredentialId,
    /// The secret.
    pub secret: Secret<String>,
    /// The region.
    pub region: Region,
    /// What the credential is called.
    pub name: CredentialName,
    /// The scopes it may ask for.
    pub scopes: String,
}

/// A mark for a form, so that the same form sent twice makes one secret.
#[must_use]
pub fn form_nonce(ctx: &Ctx) -> String {
    Handle::generate(&*ctx.random).expose().to_owned()
}

/// Whether a link opens, without opening it: programs that preview links change nothing.
///
/// # Errors
/// [`Error::NotFound`] when there is no such link.
pub async fn handover_look(ctx: &Ctx, link: &HandoverLink) -> Result<LinkState, Error> {
    let id = link.id().map_err(Error::internal)?;
    let mut tx = ctx.db.begin_read().await?;
    let found = store::handover_find(&mut tx, &id)
        .await?
        .ok_or_else(no_link)?;
    Ok(state(&found, ctx.now()))
}

/// Opens a link, once: of many who try at the same moment, one gets the secret.
///
/// # Errors
/// [`Error::NotFound`] when there is no such link; [`Error::Conflict`] when it was opened before or its time is over.
pub async fn handover_open(
    ctx: &Ctx,
    link: &HandoverLink,
    from: Option<IpAddr>,
) -> Result<Handed, Error> {
    let id = link.id().map_err(Error::internal)?;
    let from = from.map(|address| address.to_string());
    let mut tx = ctx.db.begin_write().await?;
    let found = store::handover_find(&mut tx, &id)
        .await?
        .ok_or_else(no_link)?;
    if !store::handover_open(&mut tx, &id, ctx.now(), from.as_deref()).await? {
        return Err(Error::Conflict(
            "the link was opened before, or its time is over".to_owned(),
        ));
    }
    let credential = credentials::credential_find(&mut tx, found.credential_id).await?;
    let credential = credential.ok_or_else(no_link)?;
    let plain = link.open(&found.sealed).map_err(Error::internal)?;
    let handed = unpack(plain.expose())
        .ok_or_else(|| Error::internal(ringfence_core::seal::SealError::Open))?;
    let actor = Actor("link".to_owned());
    let detail = json!({"secret": found.number, "from": from});
    let done = change(&credential, "credential.handover_open", detail, &actor);
    ctx.record(&mut tx, done).await?;
    ctx.commit(tx).await?;
    Ok(handed)
}

/// What the same request made before.
pub(super) async fn made_before(
    tx: &mut Tx,
    caller: &Caller,
    nonce: Option<&str>,
) -> Result<Option<Made>, Error> {
    let Some(nonce) = nonce else {
        return Ok(None);
    };
    if nonce.is_empty() || nonce.len() > LONGEST_NONCE {
        return Err(Error::Invalid(
            "the form is not one of ours; load it again".to_owned(),
        ));
    }
    let made = store::secret_request_find(tx, caller.user.id, nonce).await?;
    Ok(made.map(|(credential_id, number)| Made::Before {
        credential_id,
        number,
    }))
}

/// Puts a new secret on its way, in the transaction that makes it.
pub(super) async fn deliver(
    ctx: &Ctx,
    tx: &mut Tx,
    caller: &Caller,
    (made, nonce): (NewSecret, Option<&str>),
    delivery: &Delivery,
) -> Result<Made, Error> {
    let now = ctx.now();
    let id = made.credential.id;
    if let Some(nonce) = nonce {
        let of = (id, made.number);
        if !store::secret_request_take(tx, caller.user.id, nonce, of, now).await? {
            // On PostgreSQL the same form may come in twice at the same moment; this transaction is given up.
            return Err(Error::Conflict(
                "the same form was sent twice at the same moment; look whether the credential is in the list".to_owned(),
            ));
        }
    }
    let delivered = match delivery {
        Delivery::Show => Delivered::Shown(made.secret),
        Delivery::Sealed(key) => {
            let sealed = key.seal(pack(&made).expose()).map_err(Error::internal)?;
            let detail = json!({"secret": made.number, "recipient": key.to_string()});
            let actor = caller.actor();
            let done = change(&made.credential, "credential.handover_seal", detail, &actor);
            ctx.record(tx, done).await?;
            Delivered::Sealed(sealed)
        }
        Delivery::Link { hours } => {
            if !LINK_HOURS.contains(hours) {
                return Err(Error::Invalid(format!(
                    "a link waits {} to {} hours",
                    LINK_HOURS.start(),
                    LINK_HOURS.end()
                )));
            }
            let link = HandoverLink::generate(&*ctx.random);
            let expires_at = now.plus_secs(i64::from(*hours) * 3_600);
            let sealed = link.seal(&*ctx.random, pack(&made).expose());
            let actor = caller.actor();
            let waiting = Handover {
                id: link.id().map_err(Error::internal)?,
                credential_id: id,
                number: made.number,
                sealed: sealed.map_err(Error::internal)?,
                created_at: now,
                created_by: actor.0.clone(),
                expires_at,
                opened_at: None,
                opened_from: None,
            };
            store::handover_insert(tx, &waiting).await?;
            let detail = json!({"secret": made.number, "hours": hours});
            let done = change(&made.credential, "credential.handover_link", detail, &actor);
            ctx.record(tx, done).await?;
            Delivered::Link { link, expires_at }
        }
    };
    Ok(Made::Now(Box::new(MadeSecret {
        credential: made.credential,
        region: made.region,
        number: made.number,
        delivered,
        made_at: now,
    })))
}

/// Where a link stands now.
#[must_use]
pub fn state(handover: &Handover, now: Timestamp) -> LinkState {
    match handover.opened_at {
        Some(at) => LinkState::Opened { at },
        None if handover.expires_at <= now => LinkState::Expired,
        None => LinkState::Waiting {
            expires_at: handover.expires_at,
        },
    }
}

/// What the partner needs, as the JSON of the command line.
fn pack(made: &NewSecret) -> Secret<Vec<u8>> {
    let credential = &made.credential;
    let text = json!({
        "client_id": credential.id.to_string(),
        "client_secret": made.secret.expose(),
        "region": made.region.as_str(),
        "name": credential.name.as_str(),
        "scopes": credential.scopes.to_string(),
    });
    Secret::new(text.to_string().into_bytes())
}

fn unpack(plain: &[u8]) -> Option<Handed> {
    let value: Value = serde_json::from_slice(plain).ok()?;
    let text = |key: &str| value.get(key)?.as_str();
    Some(Handed {
        client_id: CredentialId::parse(text("client_id")?).ok()?,
        secret: Secret::new(text("client_secret")?.to_owned()),
        region: Region::parse(text("region")?).ok()?,
        name: CredentialName::parse(text("name")?).ok()?,
        scopes: text("scopes")?.to_owned(),
    })
}

fn no_link() -> Error {
    Error::NotFound("link".to_owned())
}
