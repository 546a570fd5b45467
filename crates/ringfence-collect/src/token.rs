//! A token for a person or a script, as a client program would get it.

use crate::connection::Place;
use crate::context::CollectCtx;
use crate::error::Error;
use crate::list::refusal;
use crate::upstream::client::{Upstream, UpstreamError};
use crate::upstream::line::Line;
use ringfence_core::digest::ContentDigest;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// What to ask a token for.
#[derive(Clone, Debug)]
pub struct TokenWanted {
    /// Where the platform is.
    pub place: Place,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret<String>,
    /// The scopes.
    pub scopes: Vec<String>,
}

/// A token and how long it still lives.
#[derive(Clone, Debug)]
pub struct TokenGot {
    /// The token.
    pub value: Secret<String>,
    /// Seconds left.
    pub expires_in_secs: i64,
    /// Whether no request was needed.
    pub was_cached: bool,
}

/// Gets a token; from the cache folder while nine tenths of its life have not passed.
///
/// The cache is sealed, and opens only to who knows the same secret.
///
/// # Errors
/// The platform refuses or does not answer. A cache that cannot be used is no error.
pub async fn token_get(
    ctx: &CollectCtx,
    wanted: &TokenWanted,
    cache: &Path,
) -> Result<TokenGot, Error> {
    let hosts = wanted.place.hosts()?;
    let place = format!(
        "token\n{}\n{}\n{}\n{}",
        hosts.login,
        wanted.client_id,
        wanted.scopes.join(" "),
        ContentDigest::of(wanted.client_secret.expose().as_bytes())
    );
    let file = cache.join(format!("{}.sealed", ContentDigest::of(place.as_bytes())));
    if let Some(got) = cached(ctx, &file, place.as_bytes()) {
        return Ok(got);
    }
    let line = Line::new(
        ctx,
        hosts,
        wanted.client_id.clone(),
        wanted.client_secret.clone(),
    )
    .map_err(|e| refusal(e, "the platform"))?;
    let scopes: Vec<&str> = wanted.scopes.iter().map(String::as_str).collect();
    let upstream = Upstream::new(ctx, &line, &scopes).map_err(|e| refusal(e, "the platform"))?;
    let token = upstream
        .tokens()
        .token()
        .await
        .map_err(|e| refusal(UpstreamError::Auth(e), "the token"))?;
    let life_secs = i64::try_from(token.expires_in_secs).unwrap_or(i64::MAX);
    let now = ctx.clock.now();
    let kept = json!({
        "token": token.value.expose(),
        "expires_at": now.plus_secs(life_secs).ms(),
        "refresh_at": now.plus_secs(life_secs.saturating_mul(9) / 10).ms(),
    });
    let sealed = ctx.sealer.seal(
        ctx.random.as_ref(),
        place.as_bytes(),
        kept.to_string().as_bytes(),
    );
    // The next call asks again if this one cannot be kept.
    if let Ok(sealed) = sealed
        && fs::create_dir_all(cache).is_ok()
        && let Err(error) = fs::write(&file, sealed)
    {
        tracing::warn!(%error, "the token is not kept for later");
    }
    Ok(TokenGot {
        value: token.value,
        expires_in_secs: life_secs,
        was_cached: false,
    })
}

fn cached(ctx: &CollectCtx, file: &Path, place: &[u8]) -> Option<TokenGot> {
    let opened = ctx.sealer.open(place, &fs::read(file).ok()?).ok()?;
    let kept: Value = serde_json::from_slice(opened.expose()).ok()?;
    let at = |name: &str| kept.get(name)?.as_i64().map(Timestamp::from_ms);
    let now = ctx.clock.now();
    // A clock set back must not make a token live longer.
    let left_secs = at("expires_at")?.ms_since(now) / 1000;
    if now >= at("refresh_at")? || left_secs > 86_400 {
        return None;
    }
    Some(TokenGot {
        value: Secret::new(kept.get("token")?.as_str()?.to_owned()),
        expires_in_secs: left_secs,
        was_cached: true,
    })
}
