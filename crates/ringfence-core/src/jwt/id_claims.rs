//! What an ID token of ours says (OpenID Connect Core §2, vbc-api §3.7), and what is believed of one that comes back.

use super::json::{Object, Value, append_text};
use super::jws::Compact;
use super::key::{ID_TOKEN_TYP, VerifyingKey};
use super::verify::TokenFault;
use crate::consumer::ConsumerKey;
use crate::encoding::base64url;
use crate::id::{KeyId, SessionId, TokenId, UserId};
use crate::time::Timestamp;
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt::Write as _;

/// The claims of an ID token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenClaims<'t> {
    /// Who issued it.
    pub iss: &'t str,
    /// The person.
    pub sub: UserId,
    /// The application it is for.
    pub aud: ConsumerKey,
    /// From when on it is refused.
    pub exp: Timestamp,
    /// When it was made.
    pub iat: Timestamp,
    /// Its own id.
    pub jti: TokenId,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// As the request sent it.
    pub nonce: Option<&'t str>,
    /// The access token that came with it.
    pub access_token: &'t str,
    /// The code it was exchanged for.
    pub code: Option<&'t str>,
    /// How the person proved who they are.
    pub amr: &'t [&'static str],
    /// The authentication context class.
    pub acr: Option<&'t str>,
    /// Their stay at the portal.
    pub sid: Option<SessionId>,
}

/// What is used of an ID token that an application sends back as a hint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenHint {
    /// The person.
    pub sub: UserId,
    /// The application it was for.
    pub aud: ConsumerKey,
    /// Their stay at the portal.
    pub sid: Option<SessionId>,
}

impl IdTokenClaims<'_> {
    /// Writes the claims as JSON; instants in whole seconds.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(768);
        let mut text = |name: &str, value: &str| {
            json.push(if json.is_empty() { '{' } else { ',' });
            append_text(name, &mut json);
            json.push(':');
            append_text(value, &mut json);
        };
        text("iss", self.iss);
        text("sub", &self.sub.to_string());
        text("aud", self.aud.as_str());
        text("azp", self.aud.as_str());
        text("jti", &self.jti.to_string());
        text("at_hash", &half_hash(self.access_token));
        if let Some(code) = self.code {
            text("c_hash", &half_hash(code));
        }
        if let Some(nonce) = self.nonce {
            text("nonce", nonce);
        }
        if let Some(acr) = self.acr {
            text("acr", acr);
        }
        if let Some(sid) = self.sid {
            text("sid", &sid.to_string());
        }
        if let Some((first, more)) = self.amr.split_first() {
            json.push_str(",\"amr\":[");
            append_text(first, &mut json);
            for method in more {
                json.push(',');
                append_text(method, &mut json);
            }
            json.push(']');
        }
        // Writing to a String does not fail.
        let _ = write!(
            json,
            r#","iat":{},"nbf":{},"exp":{},"auth_time":{}}}"#,
            self.iat.secs(),
            self.iat.secs(),
            self.exp.secs(),
            self.auth_time.secs(),
        );
        json
    }
}

/// The left half of the SHA-256 digest of a token or a code (§3.1.3.6); both of our algorithms use SHA-256.
#[must_use]
pub fn half_hash(text: &str) -> String {
    let whole = digest(&SHA256, text.as_bytes());
    let (half, _) = whole.as_ref().split_at(16);
    base64url(half)
}

/// Believes an ID token of ours as a hint: form, type, signature and issuer. Its time may be over, as a hint's may (OpenID
/// Connect RP-Initiated Logout §2).
///
/// # Errors
/// See [`TokenFault`].
pub fn id_token_hint<'k>(
    token: &str,
    key_of: impl Fn(KeyId) -> Option<&'k VerifyingKey>,
    issuer: &str,
) -> Result<IdTokenHint, TokenFault> {
    let compact = Compact::parse(token).map_err(TokenFault::Malformed)?;
    if compact.header.typ != ID_TOKEN_TYP {
        return Err(TokenFault::Typ);
    }
    let key_id = KeyId::parse(&compact.header.kid).map_err(|_| TokenFault::UnknownKey)?;
    let key = key_of(key_id).ok_or(TokenFault::UnknownKey)?;
    if key.alg != compact.header.alg {
        return Err(TokenFault::Algorithm);
    }
    if !key.verifies(compact.signing_input.as_bytes(), &compact.signature) {
        return Err(TokenFault::Signature);
    }
    let claims = Object::parse(&compact.payload).map_err(TokenFault::Claims)?;
    if claims.text("iss") != Ok(issuer) {
        return Err(TokenFault::Issuer);
    }
    let sub = claims.text("sub").map_err(TokenFault::Claims)?;
    let aud = claims.text("aud").map_err(TokenFault::Claims)?;
    let sid = match claims.get("sid") {
        Some(Value::Text(sid)) => SessionId::parse(sid).ok(),
        Some(_) | None => None,
    };
    Ok(IdTokenHint {
        sub: UserId::parse(sub).map_err(|_| TokenFault::Audience)?,
        aud: ConsumerKey::parse(aud).map_err(|_| TokenFault::Audience)?,
        sid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::TokenAlg;
    use crate::context::SystemRandom;
    use crate::jwt::key::SigningKey;

    const ISSUER: &str = "https://rf.example/oauth2/token";

    fn claims(aud: ConsumerKey) -> IdTokenClaims<'static> {
        IdTokenClaims {
            iss: ISSUER,
            sub: UserId::from_bytes([1; 16]),
            aud,
            exp: Timestamp::from_secs(4_600),
            iat: Timestamp::from_secs(1_000),
            jti: TokenId::from_bytes([2; 16]),
            auth_time: Timestamp::from_secs(990),
            nonce: Some("n\"-\u{e9}"),
            access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
            code: Some("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            amr: &["pwd", "otp", "mfa"],
            acr: Some("urn:ringfence:acr:2"),
            sid: Some(SessionId::from_bytes([3; 16])),
        }
    }

    #[test]
    fn oidc_core_a_the_hashes_are_those_of_the_standards_own_example() {
        // Appendix A.4 and A.6 of OpenID Connect Core.
        let aud = ConsumerKey::generate(&SystemRandom);
        let json: serde_json::Value = serde_json::from_str(&claims(aud).to_json()).unwrap();
        assert_eq!(json["at_hash"], "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(json["c_hash"], "LDktKdoQak3Pk0cnXxCltA");
        assert_eq!(json["nonce"], "n\"-\u{e9}", "exactly as sent");
        assert_eq!(
            (json["iat"].as_i64(), json["auth_time"].as_i64()),
            (Some(1_000), Some(990))
        );
        assert_eq!(json["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
        assert_eq!(json["azp"], json["aud"]);
    }

    #[test]
    fn a_hint_is_believed_for_its_signature_and_no_access_token_is_one() {
        let key = SigningKey::generate(KeyId::from_bytes([9; 16]), TokenAlg::Es256).unwrap();
        let aud = ConsumerKey::generate(&SystemRandom);
        let json = claims(aud).to_json();
        let token = key.sign_id_token(json.as_bytes()).unwrap();
        let read = |token: &str, issuer| {
            id_token_hint(token, |id| (id == key.id).then(|| key.public()), issuer)
        };
        let hint = read(&token, ISSUER).unwrap();
        assert_eq!((hint.sub, hint.aud), (UserId::from_bytes([1; 16]), aud));
        assert_eq!(hint.sid, Some(SessionId::from_bytes([3; 16])));
        assert_eq!(read(&token, "https://other"), Err(TokenFault::Issuer));
        let access = key.sign_access_token(json.as_bytes()).unwrap();
        assert_eq!(read(&access, ISSUER), Err(TokenFault::Typ));
        let (input, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{input}.{}", base64url(&[0; 64]));
        assert_eq!(read(&forged, ISSUER), Err(TokenFault::Signature));
    }
}
