//! ID tokens of upstream providers (OpenID Connect Core 1.0 §3.1.3.7), verified strictly.

use crate::encoding::base64url_decode;
use crate::jwt::json::{Object, Value};
use crate::time::Timestamp;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use thiserror::Error;

const MAX_TOKEN_BYTES: usize = 16 * 1024;
const LONGEST_SUBJECT: usize = 255;
const SKEW_SECS: i64 = 60;

/// Why an ID token is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum IdTokenFault {
    /// Not a signed token in one spelling.
    #[error("the ID token is malformed")]
    Malformed,
    /// Signed in a way that is not allowed: only RS256 and ES256 are.
    #[error("the ID token's algorithm is not allowed")]
    Algorithm,
    /// No key of the provider fits.
    #[error("the ID token names no key of the provider")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// From someone else.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// For someone else.
    #[error("the ID token is for another client")]
    Audience,
    /// Its time is over or has not come.
    #[error("the ID token has expired or is not valid yet")]
    Time,
    /// It answers another request.
    #[error("the ID token answers another request")]
    Nonce,
}

/// What an ID token must say.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenRule<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// Whom it is for.
    pub client_id: &'a str,
    /// Which request it answers.
    pub nonce: &'a str,
    /// The claim that names the person.
    pub name_claim: &'a str,
}

/// What is used of an ID token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdClaims {
    /// Who it is, for ever, at this issuer.
    pub subject: String,
    /// The claim that names the person, when it is a text.
    pub name: Option<String>,
    /// Their e-mail address, when the issuer says it has verified it.
    pub verified_email: Option<String>,
    /// How people call them, when the issuer says.
    pub display_name: Option<String>,
    /// When they proved who they are, when the issuer says.
    pub auth_time: Option<Timestamp>,
}

impl IdClaims {
    /// Adds what the provider says beside the ID token (§5.3), where the token says nothing. It must be of the same person.
    ///
    /// # Errors
    /// [`IdTokenFault::Malformed`] when it is no JSON object, or of another person.
    pub fn add_user_info(&mut self, json: &[u8], name_claim: &str) -> Result<(), IdTokenFault> {
        let info = Object::parse(json).map_err(|_| IdTokenFault::Malformed)?;
        // A token that was swapped for another's would name them here (§16.11).
        if info.text("sub") != Ok(self.subject.as_str()) {
            return Err(IdTokenFault::Malformed);
        }
        let more = person_claims(&info, name_claim);
        self.name = self.name.take().or(more.name);
        self.verified_email = self.verified_email.take().or(more.verified_email);
        self.display_name = self.display_name.take().or(more.display_name);
        Ok(())
    }
}

/// The public keys of a provider (RFC 7517). Those of other kinds are passed over.
#[derive(Clone, Debug, Deserialize)]
pub struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Clone, Debug, Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    used_for: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

impl KeySet {
    /// Reads a key set; `None` when it is none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// How many keys of it may sign an ID token that we take.
    #[must_use]
    pub fn n_usable(&self) -> usize {
        let usable = |key: &&Jwk| {
            let alg = match key.kty.as_str() {
                "RSA" => "RS256",
                "EC" if key.crv.as_deref() == Some("P-256") => "ES256",
                _ => return false,
            };
            key.alg.as_deref().is_none_or(|a| a == alg)
                && key.used_for.as_deref().is_none_or(|u| u == "sig")
        };
        self.keys.iter().filter(usable).count()
    }

    /// Verifies an ID token and gives what is used of it.
    ///
    /// # Errors
    /// See [`IdTokenFault`]; each wrong thing singly is enough.
    pub fn verify(
        &self,
        token: &str,
        rule: IdTokenRule<'_>,
        now: Timestamp,
    ) -> Result<IdClaims, IdTokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(IdTokenFault::Malformed);
        }
        let decoded = |part| base64url_decode(part).ok_or(IdTokenFault::Malformed);
        let (input, signature) = token.rsplit_once('.').ok_or(IdTokenFault::Malformed)?;
        let (header, payload) = input.split_once('.').ok_or(IdTokenFault::Malformed)?;
        let (header, payload) = (decoded(header)?, decoded(payload)?);
        let signature = decoded(signature)?;
        let header = Object::parse(&header).map_err(|_| IdTokenFault::Malformed)?;
        // A header may name a key; it never brings one, whatever else stands in it.
        if header.get("crit").is_some() {
            return Err(IdTokenFault::Malformed);
        }
        let alg = header.text("alg").map_err(|_| IdTokenFault::Malformed)?;
        let kid = match header.get("kid") {
            None => None,
            Some(Value::Text(kid)) => Some(kid.as_ref()),
            Some(_) => return Err(IdTokenFault::Malformed),
        };
        self.verify_signature(alg, kid, input.as_bytes(), &signature)?;
        let claims = Object::parse(&payload).map_err(|_| IdTokenFault::Malformed)?;
        check_claims(&claims, rule, now)
    }

    fn verify_signature(
        &self,
        alg: &str,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), IdTokenFault> {
        let kty = match alg {
            "RS256" => "RSA",
            "ES256" => "EC",
            _ => return Err(IdTokenFault::Algorithm),
        };
        let fits = |key: &&Jwk| {
            key.kty == kty
                && key.alg.as_deref().is_none_or(|a| a == alg)
                && key.used_for.as_deref().is_none_or(|u| u == "sig")
                && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        };
        let mut fitting = self.keys.iter().filter(fits);
        // Without a name there must be no choice (§10.1).
        let (Some(key), None) = (fitting.next(), fitting.next()) else {
            return Err(IdTokenFault::UnknownKey);
        };
        key.verify(message, signature)
    }
}

impl Jwk {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), IdTokenFault> {
        let number = |member: &Option<String>| {
            let text = member.as_deref().ok_or(IdTokenFault::UnknownKey)?;
            base64url_decode(text).ok_or(IdTokenFault::UnknownKey)
        };
        let verified = if self.kty == "RSA" {
            let (n, e) = (number(&self.n)?, number(&self.e)?);
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        } else {
            let (x, y) = (number(&self.x)?, number(&self.y)?);
            if self.crv.as_deref() != Some("P-256") || x.len() != 32 || y.len() != 32 {
                return Err(IdTokenFault::UnknownKey);
            }
            let point = [&[4][..], &x, &y].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .map_err(|_| IdTokenFault::UnknownKey)?
                .verify_sig(message, signature)
        };
        verified.map_err(|_| IdTokenFault::Signature)
    }
}

fn check_claims(
    claims: &Object<'_>,
    rule: IdTokenRule<'_>,
    now: Timestamp,
) -> Result<IdClaims, IdTokenFault> {
    let text = |name| claims.text(name).map_err(|_| IdTokenFault::Malformed);
    if text("iss")? != rule.issuer {
        return Err(IdTokenFault::Issuer);
    }
    let is_us = |value: &Value<'_>| matches!(value, Value::Text(aud) if aud == rule.client_id);
    let for_us = match claims.get("aud") {
        Some(Value::Array(all)) => {
            all.iter().any(is_us) && (all.len() == 1 || claims.get("azp").is_some())
        }
        Some(one) => is_us(one),
        None => false,
    };
    if !for_us || claims.get("azp").is_some_and(|azp| !is_us(azp)) {
        return Err(IdTokenFault::Audience);
    }
    let seconds = |name| {
        let secs = claims.int(name).map_err(|_| IdTokenFault::Malformed)?;
        let ms = secs.checked_mul(1000).ok_or(IdTokenFault::Malformed)?;
        Ok(Timestamp::from_ms(ms))
    };
    let (expires_at, issued_at) = (seconds("exp")?, seconds("iat")?);
    let not_before = match claims.get("nbf") {
        Some(_) => seconds("nbf")?,
        None => issued_at,
    };
    let latest = now.plus_secs(SKEW_SECS);
    if now.plus_secs(-SKEW_SECS) >= expires_at || issued_at > latest || not_before > latest {
        return Err(IdTokenFault::Time);
    }
    if !bool::from(text("nonce")?.as_bytes().ct_eq(rule.nonce.as_bytes())) {
        return Err(IdTokenFault::Nonce);
    }
    let subject = text("sub")?;
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
        return Err(IdTokenFault::Malformed);
    }
    let person = person_claims(claims, rule.name_claim);
    Ok(IdClaims {
        subject: subject.to_owned(),
        name: person.name,
        verified_email: person.verified_email,
        display_name: person.display_name,
        auth_time: claims.int("auth_time").ok().map(Timestamp::from_secs),
    })
}

/// What names a person.
struct PersonClaims {
    name: Option<String>,
    verified_email: Option<String>,
    display_name: Option<String>,
}

fn person_claims(claims: &Object<'_>, name_claim: &str) -> PersonClaims {
    let optional = |name| match claims.get(name) {
        Some(Value::Text(value)) => Some(value.clone().into_owned()),
        _ => None,
    };
    let email_verified = claims.get("email_verified") == Some(&Value::Bool(true));
    PersonClaims {
        // An address that anybody could have typed names nobody.
        name: optional(name_claim).filter(|_| name_claim != "email" || email_verified),
        verified_email: optional("email").filter(|_| email_verified),
        display_name: optional("name"),
    }
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
