//! What an application's access token says: for a person who allowed it, or for the application itself.

use super::json::{JsonError, Object, append_text};
use crate::account::Region;
use crate::consumer::ConsumerKey;
use crate::id::{AccountId, ApplicationId, GrantId, TokenId, UserId};
use crate::time::Timestamp;
use crate::user_scope::UserScopes;
use std::fmt::Write as _;

/// Whom a token is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A person who allowed the application to act for them.
    User {
        /// Their account.
        account: AccountId,
        /// The person.
        user: UserId,
        /// What they allowed.
        grant: GrantId,
        /// Where the account lives.
        region: Region,
    },
    /// The application itself.
    Application,
}

/// The claims of an application's access token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserClaims {
    /// Who issued it.
    pub iss: String,
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
    /// The consumer key of the application that asked for it.
    pub client_id: ConsumerKey,
    /// The application.
    pub application: ApplicationId,
    /// What it may be used for.
    pub scope: UserScopes,
    /// Whom it is about; `sub` is the person's id or the application's.
    pub subject: Subject,
    /// The sum of the epochs it was made under; a higher present sum revokes it.
    pub epoch: u64,
}

impl UserClaims {
    /// Writes the claims as JSON; instants in whole seconds.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = String::with_capacity(640);
        json.push_str("{\"iss\":");
        append_text(&self.iss, &mut json);
        json.push_str(",\"aud\":");
        append_text(&self.aud, &mut json);
        json.push_str(",\"scope\":");
        append_text(&self.scope.to_string(), &mut json);
        // Ids, keys and regions hold no character that JSON escapes; writing to a String does not fail.
        let _ = write!(
            json,
            r#","exp":{},"iat":{},"nbf":{},"jti":"{}","client_id":"{}","azp":"{}","application":"{}","epoch":{}"#,
            self.exp.secs(),
            self.iat.secs(),
            self.nbf.secs(),
            self.jti,
            self.client_id,
            self.client_id,
            self.application,
            self.epoch,
        );
        let _ = match self.subject {
            Subject::User {
                account,
                user,
                grant,
                region,
            } => write!(
                json,
                r#","sub":"{user}","aut":"APPLICATION_USER","account":"{account}","grant":"{grant}","region":"{}"}}"#,
                region.as_str(),
            ),
            Subject::Application => write!(
                json,
                r#","sub":"{}","aut":"APPLICATION"}}"#,
                self.application
            ),
        };
        json
    }

    /// Reads claims; a claim of the wrong type is a failure, and unknown claims are ignored.
    ///
    /// # Errors
    /// See [`JsonError`].
    pub fn parse(payload: &[u8]) -> Result<Self, JsonError> {
        let object = Object::parse(payload)?;
        let seconds = |name| object.int(name).map(Timestamp::from_secs);
        let application = id(&object, "application", ApplicationId::parse)?;
        let subject = match object.text("aut")? {
            "APPLICATION_USER" => Subject::User {
                account: id(&object, "account", AccountId::parse)?,
                user: id(&object, "sub", UserId::parse)?,
                grant: id(&object, "grant", GrantId::parse)?,
                region: id(&object, "region", Region::parse)?,
            },
            "APPLICATION" if id(&object, "sub", ApplicationId::parse)? == application => {
                Subject::Application
            }
            _ => return Err(JsonError::WrongType("aut")),
        };
        Ok(Self {
            iss: object.text("iss")?.to_owned(),
            aud: object.text("aud")?.to_owned(),
            exp: seconds("exp")?,
            iat: seconds("iat")?,
            nbf: seconds("nbf")?,
            jti: id(&object, "jti", TokenId::parse)?,
            client_id: id(&object, "client_id", ConsumerKey::parse)?,
            application,
            scope: id(&object, "scope", UserScopes::parse)?,
            subject,
            epoch: object
                .int("epoch")?
                .try_into()
                .map_err(|_| JsonError::WrongType("epoch"))?,
        })
    }
}

fn id<T, E>(
    object: &Object<'_>,
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, JsonError> {
    parse(object.text(name)?).map_err(|_| JsonError::WrongType(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claims(subject: Subject) -> UserClaims {
        UserClaims {
            iss: "https://api.example/oauth2/token".into(),
            aud: "urn:ringfence:vbc:nam".into(),
            exp: Timestamp::from_secs(1_900),
            iat: Timestamp::from_secs(1_000),
            nbf: Timestamp::from_secs(1_000),
            jti: TokenId::from_bytes([2; 16]),
            client_id: ConsumerKey::parse("aB3dE5fG7hI9jK1lM3nO5pQ7rS9a").unwrap(),
            application: ApplicationId::from_bytes([3; 16]),
            scope: UserScopes::parse("openid device_7").unwrap(),
            subject,
            epoch: 7,
        }
    }

    fn person() -> Subject {
        Subject::User {
            account: AccountId::from_bytes([4; 16]),
            user: UserId::from_bytes([5; 16]),
            grant: GrantId::from_bytes([6; 16]),
            region: Region::Nam,
        }
    }

    #[test]
    fn reads_what_it_writes() {
        for subject in [person(), Subject::Application] {
            let claims = claims(subject);
            assert_eq!(UserClaims::parse(claims.to_json().as_bytes()), Ok(claims));
        }
    }

    #[test]
    fn each_claim_missing_or_of_a_wrong_type_is_a_failure() {
        let whole: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&claims(person()).to_json()).unwrap();
        for name in whole.keys().filter(|name| *name != "azp") {
            let mut without = whole.clone();
            without.remove(name);
            let json = serde_json::to_string(&without).unwrap();
            assert!(UserClaims::parse(json.as_bytes()).is_err(), "{name}");
            for wrong in ["null", "true", "[]", "{}", "1.5", "[\"x\"]"] {
                let mut odd = whole.clone();
                odd.insert(name.clone(), serde_json::from_str(wrong).unwrap());
                let json = serde_json::to_string(&odd).unwrap();
                assert!(
                    UserClaims::parse(json.as_bytes()).is_err(),
                    "{name} {wrong}"
                );
            }
        }
    }

    #[test]
    fn checklist_35_an_application_is_never_a_person() {
        let json = claims(Subject::Application).to_json();
        let other = ApplicationId::from_bytes([9; 16]).to_string();
        let sub = format!("\"sub\":\"{}\"", ApplicationId::from_bytes([3; 16]));
        let odd = json.replace(&sub, &format!("\"sub\":\"{other}\""));
        assert_ne!(json, odd);
        assert!(UserClaims::parse(odd.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = UserClaims::parse(&bytes);
        }
    }
}
