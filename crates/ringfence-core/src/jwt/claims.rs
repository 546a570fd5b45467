//! What an access token says (RFC 9068 §2.2, design §6).

use super::json::{JsonError, Object, append_text};
use crate::account::Region;
use crate::id::{AccountId, CredentialId, TokenId};
use crate::scope::ScopeSet;
use crate::time::Timestamp;
use std::fmt::Write as _;

/// The claims of a machine's access token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is about: the credential itself, never a person.
    pub sub: String,
    /// The one resource server it is for.
    pub aud: String,
    /// From when on it is refused.
    pub exp: Timestamp,
    /// When it was made.
    pub iat: Timestamp,
    /// Before when it is refused.
    pub nbf: Timestamp,
    /// Its own id.
    pub jti: TokenId,
    /// The credential that asked for it.
    pub client_id: CredentialId,
    /// What it may be used for.
    pub scope: ScopeSet,
    /// The account it belongs to.
    pub account: AccountId,
    /// The account's region.
    pub region: Region,
    /// The sum of the epochs it was made under; a higher present sum revokes it.
    pub epoch: u64,
    /// The number of the secret that made it; retiring that secret revokes it.
    pub secret_no: u32,
}

impl AccessClaims {
    /// Writes the claims as JSON; instants in whole seconds.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(512);
        json.push_str("{\"iss\":");
        append_text(&self.iss, &mut json);
        json.push_str(",\"sub\":");
        append_text(&self.sub, &mut json);
        json.push_str(",\"aud\":");
        append_text(&self.aud, &mut json);
        // Ids, scopes and regions hold no character that JSON escapes; writing to a String does not fail.
        let _ = write!(
            json,
            r#","exp":{},"iat":{},"nbf":{},"jti":"{}","client_id":"{}","scope":"{}","account":"{}","region":"{}","epoch":{},"secret_no":{}}}"#,
            self.exp.secs(),
            self.iat.secs(),
            self.nbf.secs(),
            self.jti,
            self.client_id,
            self.scope,
            self.account,
            self.region.as_str(),
            self.epoch,
            self.secret_no,
        );
        json
    }

    /// Reads claims; a claim of the wrong type is a failure, and unknown claims are ignored.
    ///
    /// # Errors
    /// See [`JsonError`].
    pub fn parse(payload: &[u8]) -> Result<Self, JsonError> {
        let object = Object::parse(payload)?;
        let seconds = |name| object.int(name).map(Timestamp::from_secs);
        Ok(Self {
            iss: object.text("iss")?.to_owned(),
            sub: object.text("sub")?.to_owned(),
            aud: object.text("aud")?.to_owned(),
            exp: seconds("exp")?,
            iat: seconds("iat")?,
            nbf: seconds("nbf")?,
            jti: TokenId::parse(object.text("jti")?).map_err(|_| JsonError::WrongType("jti"))?,
            client_id: CredentialId::parse(object.text("client_id")?)
                .map_err(|_| JsonError::WrongType("client_id"))?,
            scope: ScopeSet::parse(object.text("scope")?)
                .map_err(|_| JsonError::WrongType("scope"))?,
            account: AccountId::parse(object.text("account")?)
                .map_err(|_| JsonError::WrongType("account"))?,
            region: Region::parse(object.text("region")?)
                .map_err(|_| JsonError::WrongType("region"))?,
            epoch: object
                .int("epoch")?
                .try_into()
                .map_err(|_| JsonError::WrongType("epoch"))?,
            secret_no: object
                .int("secret_no")?
                .try_into()
                .map_err(|_| JsonError::WrongType("secret_no"))?,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn claims() -> AccessClaims {
        let client_id = CredentialId::from_bytes([3; 16]);
        AccessClaims {
            iss: "https://emea.example/Auth".into(),
            sub: client_id.to_string(),
            aud: "https://emea.api.example".into(),
            exp: Timestamp::from_secs(1_900),
            iat: Timestamp::from_secs(1_000),
            nbf: Timestamp::from_secs(1_000),
            jti: TokenId::from_bytes([2; 16]),
            client_id,
            scope: ScopeSet::parse("stats users:read").unwrap(),
            account: AccountId::from_bytes([4; 16]),
            region: Region::Emea,
            epoch: 7,
            secret_no: 2,
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let claims = claims();
        assert_eq!(AccessClaims::parse(claims.to_json().as_bytes()), Ok(claims));
    }

    #[test]
    fn each_claim_of_a_wrong_type_or_missing_is_a_failure() {
        let whole: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&claims().to_json()).unwrap();
        for name in whole.keys() {
            let mut without = whole.clone();
            without.remove(name);
            assert!(
                AccessClaims::parse(serde_json::to_string(&without).unwrap().as_bytes()).is_err(),
                "{name}"
            );
            for wrong in [
                "null",
                "true",
                "[]",
                "{}",
                "1.5",
                "-1e3",
                "\"\\u0000\"",
                "[\"x\"]",
            ] {
                if wrong.starts_with('"') && ["iss", "sub", "aud"].contains(&name.as_str()) {
                    continue;
                }
                let mut odd = whole.clone();
                odd.insert(name.clone(), serde_json::from_str(wrong).unwrap());
                let json = serde_json::to_string(&odd).unwrap();
                assert!(
                    AccessClaims::parse(json.as_bytes()).is_err(),
                    "{name} {wrong}"
                );
            }
        }
    }

    #[test]
    fn unknown_claims_are_ignored_and_repeated_ones_refused() {
        let json = claims().to_json();
        assert!(AccessClaims::parse(json.replacen('{', "{\"x\":1,", 1).as_bytes()).is_ok());
        assert_eq!(
            AccessClaims::parse(json.replacen('{', "{\"scope\":\"stats\",", 1).as_bytes()),
            Err(JsonError::Duplicate)
        );
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = AccessClaims::parse(&bytes);
        }
    }
}
