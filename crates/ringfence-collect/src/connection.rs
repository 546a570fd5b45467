//! Connections: remote accounts to collect from. Their secrets are sealed at rest.

use crate::context::CollectCtx;
use crate::error::Error;
use crate::upstream::line::Hosts;
use ringfence_core::id::ConnectionId;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::connections::{self, StoredConnection};
use ringfence_store::db;
use url::Url;

// Words that follow `collect` and so cannot be a connection.
const RESERVED: [&str; 4] = ["status", "verify", "report", "export"];

/// The name of a connection; also the name of its folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionName(String);

impl ConnectionName {
    /// Parses 1 to 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit.
    ///
    /// # Errors
    /// The text is anything else, or a word of the command line.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let begins = text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric());
        if !plain || !begins || text.len() > 64 {
            return Err(Error::Invalid(format!(
                "{:?} is no name for a connection: use up to 64 letters, digits, - _ and .",
                text.chars().take(80).collect::<String>()
            )));
        }
        if RESERVED.contains(&text) {
            return Err(Error::Invalid(format!(
                "{text:?} is a word of the command line, not a name"
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a platform is, as asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// One address for tokens and APIs.
    Url(Url),
    /// The vendor's hosts of a region: `emea`, `nam` or `apac`.
    Region(String),
}

impl Place {
    /// Its hosts (vcc-api §1.1).
    ///
    /// # Errors
    /// No such region, or an address that no path can be put below.
    pub fn hosts(&self) -> Result<Hosts, Error> {
        match self {
            Self::Url(url) => {
                let web = matches!(url.scheme(), "http" | "https");
                let plain = url.username().is_empty() && url.password().is_none();
                if !web || !plain || url.query().is_some() || url.fragment().is_some() {
                    return Err(Error::Invalid(
                        "the address must be http or https, without user, query or fragment".into(),
                    ));
                }
                Ok(Hosts {
                    login: url.clone(),
                    api: url.clone(),
                })
            }
            Self::Region(region) if ["emea", "nam", "apac"].contains(&region.as_str()) => {
                let url = |host: String| {
                    Url::parse(&host).map_err(|e| Error::Internal(format!("{host}: {e}")))
                };
                Ok(Hosts {
                    login: url(format!("https://{region}.cc.vonage.com"))?,
                    api: url(format!("https://{region}.api.cc.vonage.com"))?,
                })
            }
            Self::Region(_) => Err(Error::Invalid(
                "the region must be emea, nam or apac".into(),
            )),
        }
    }
}

/// What it takes to add a connection.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Its name.
    pub name: ConnectionName,
    /// Where the platform is.
    pub place: Place,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret<String>,
    /// The user name of the credential's owner, if it is known: lets permissions be read.
    pub owner: Option<String>,
}

/// A connection, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name.
    pub name: ConnectionName,
    /// Where the platform is.
    pub hosts: Hosts,
    /// The client id.
    pub client_id: String,
    /// The user name of the credential's owner.
    pub owner: Option<String>,
    /// From when on everything has been listed.
    pub origin_at: Option<Timestamp>,
    /// Up to when everything has been listed.
    pub cursor_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Adds a connection.
///
/// # Errors
/// The name is taken, the place makes no sense, or the store fails.
pub async fn connection_add(ctx: &CollectCtx, new: &NewConnection) -> Result<Connection, Error> {
    let hosts = new.place.hosts()?;
    if new.client_id.trim().is_empty() || new.client_secret.expose().is_empty() {
        return Err(Error::Invalid(
            "the client id and the client secret must not be empty".into(),
        ));
    }
    let now = ctx.clock.now();
    let id = ConnectionId::new(now, ctx.random.as_ref());
    let secret = ctx
        .sealer
        .seal(
            ctx.random.as_ref(),
            id.to_string().as_bytes(),
            new.client_secret.expose().as_bytes(),
        )
        .map_err(|e| Error::Internal(e.to_string()))?;
    let stored = StoredConnection {
        id,
        name: new.name.as_str().to_owned(),
        login_url: hosts.login.to_string(),
        api_url: hosts.api.to_string(),
        client_id: new.client_id.trim().to_owned(),
        secret,
        owner: new.owner.clone().filter(|o| !o.trim().is_empty()),
        origin_at: None,
        cursor_at: None,
        created_at: now,
    };
    let mut tx = ctx.db.begin_write().await?;
    match connections::connection_insert(&mut tx, &stored).await {
        Ok(()) => {}
        Err(db::Error::Duplicate) => return Err(Error::Exists(stored.name)),
        Err(error) => return Err(error.into()),
    }
    tx.commit().await?;
    view(&stored)
}

/// Every connection, by name.
///
/// # Errors
/// The store fails.
pub async fn connection_list(ctx: &CollectCtx) -> Result<Vec<Connection>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    connections::connection_list(&mut tx)
        .await?
        .iter()
        .map(view)
        .collect()
}

/// The connection of that name.
///
/// # Errors
/// There is none, or the store fails.
pub async fn connection_show(ctx: &CollectCtx, name: &ConnectionName) -> Result<Connection, Error> {
    view(&find(ctx, name).await?)
}

/// Removes a connection and its ledger. The corpus stays where it is.
///
/// # Errors
/// There is none, or the store fails.
pub async fn connection_remove(ctx: &CollectCtx, name: &ConnectionName) -> Result<(), Error> {
    let stored = find(ctx, name).await?;
    let mut tx = ctx.db.begin_write().await?;
    connections::connection_delete(&mut tx, stored.id).await?;
    tx.commit().await?;
    Ok(())
}

/// The connection of that name and its secret, to be used.
///
/// # Errors
/// There is none, its secret does not open, or the store fails.
pub async fn connection_open(
    ctx: &CollectCtx,
    name: &ConnectionName,
) -> Result<(Connection, Secret<String>), Error> {
    let stored = find(ctx, name).await?;
    let opened = ctx
        .sealer
        .open(stored.id.to_string().as_bytes(), &stored.secret)
        .map_err(|e| Error::Invalid(format!("the secret of {:?}: {e}", name.as_str())))?;
    let text = String::from_utf8(opened.expose().clone())
        .map_err(|_| Error::Internal("a sealed secret is no text".into()))?;
    Ok((view(&stored)?, Secret::new(text)))
}

async fn find(ctx: &CollectCtx, name: &ConnectionName) -> Result<StoredConnection, Error> {
    let mut tx = ctx.db.begin_read().await?;
    connections::connection_find(&mut tx, name.as_str())
        .await?
        .ok_or_else(|| Error::NotFound(name.as_str().to_owned()))
}

fn view(stored: &StoredConnection) -> Result<Connection, Error> {
    let corrupt = |column| db::Error::Corrupt {
        table: "connections",
        row: stored.id.to_string(),
        column,
    };
    let url = |text: &str, column| Url::parse(text).map_err(|_| corrupt(column));
    Ok(Connection {
        id: stored.id,
        name: ConnectionName::parse(&stored.name).map_err(|_| corrupt("name"))?,
        hosts: Hosts {
            login: url(&stored.login_url, "login_url")?,
            api: url(&stored.api_url, "api_url")?,
        },
        client_id: stored.client_id.clone(),
        owner: stored.owner.clone(),
        origin_at: stored.origin_at,
        cursor_at: stored.cursor_at,
        created_at: stored.created_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_no_words_of_ours() {
        for good in ["acme", "ACME-2", "a.b_c", "9"] {
            assert!(ConnectionName::parse(good).is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in [
            "", ".", "..", "../x", "a/b", "a\0", "-x", "status", "é", &long,
        ] {
            assert!(ConnectionName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn regions_are_the_vendors_hosts() {
        let hosts = Place::Region("nam".into()).hosts().unwrap();
        assert_eq!(hosts.login.as_str(), "https://nam.cc.vonage.com/");
        assert_eq!(hosts.api.as_str(), "https://nam.api.cc.vonage.com/");
        assert!(hosts.is_vendor());
        assert!(Place::Region("eu".into()).hosts().is_err());
        for bad in ["ftp://x", "http://u:p@x", "http://x/?q=1"] {
            assert!(
                Place::Url(Url::parse(bad).unwrap()).hosts().is_err(),
                "{bad}"
            );
        }
    }
}
