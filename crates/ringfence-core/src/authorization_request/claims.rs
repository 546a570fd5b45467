//! The `claims` parameter (OpenID Connect Core §5.5): what of it can be answered, and nothing else of it.

use crate::jwt::json::{Object, Value};
use crate::user_scope::UserScope;

/// The longest `claims` parameter that is read, in bytes.
pub const LONGEST_CLAIMS: usize = 4_096;
const MAX_ACRS: usize = 8;

/// A claim about a person that userinfo answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PersonClaim {
    /// `name`.
    Name,
    /// `given_name`.
    GivenName,
    /// `family_name`.
    FamilyName,
    /// `preferred_username`.
    PreferredUsername,
    /// `email`.
    Email,
    /// `email_verified`.
    EmailVerified,
    /// `phone_number`.
    PhoneNumber,
    /// `phone_number_verified`.
    PhoneNumberVerified,
}

impl PersonClaim {
    /// Every claim.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::GivenName,
        Self::FamilyName,
        Self::PreferredUsername,
        Self::Email,
        Self::EmailVerified,
        Self::PhoneNumber,
        Self::PhoneNumberVerified,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::PreferredUsername => "preferred_username",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::PhoneNumber => "phone_number",
            Self::PhoneNumberVerified => "phone_number_verified",
        }
    }

    /// The scope that asks for it as well (§5.4), and whose words the person is asked with.
    #[must_use]
    pub const fn scope(self) -> UserScope {
        match self {
            Self::Name | Self::GivenName | Self::FamilyName | Self::PreferredUsername => {
                UserScope::Profile
            }
            Self::Email | Self::EmailVerified => UserScope::Email,
            Self::PhoneNumber | Self::PhoneNumberVerified => UserScope::Phone,
        }
    }
}

/// What of a `claims` parameter can be answered.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ClaimsRequest {
    /// Asked of userinfo, in their order, each once.
    pub userinfo: Vec<PersonClaim>,
    /// The only person that the request is about, when it names one.
    pub subject: Option<String>,
    /// The authentication context classes of which one is demanded (§5.5.1.1); empty when none is.
    pub acr_demanded: Vec<String>,
}

impl ClaimsRequest {
    /// Reads the parameter; claims that are unknown here are ignored, as they may be (§5.5.1).
    ///
    /// # Errors
    /// It is too long, or no object of objects.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const MALFORMED: &str = "claims is not a JSON object as OpenID Connect describes it";
        if text.len() > LONGEST_CLAIMS {
            return Err("claims is too long");
        }
        let object = Object::parse(text.as_bytes()).map_err(|_| MALFORMED)?;
        let part = |name| match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(part)) => Ok(Some(part)),
            Some(_) => Err(MALFORMED),
        };
        let (userinfo, id_token) = (part("userinfo")?, part("id_token")?);
        let mut claims = Self::default();
        for (name, value) in [userinfo, id_token]
            .into_iter()
            .flatten()
            .flat_map(Object::iter)
        {
            if !matches!(value, Value::Null | Value::Object(_)) {
                return Err(MALFORMED);
            }
            if name == "sub"
                && let Some(subject) = wanted(value).first()
            {
                if claims
                    .subject
                    .as_ref()
                    .is_some_and(|known| known != subject)
                {
                    return Err("claims names two persons");
                }
                claims.subject = Some(subject.clone());
            }
        }
        if let Some(part) = userinfo {
            let asked = |claim: &PersonClaim| part.get(claim.as_str()).is_some();
            claims.userinfo = PersonClaim::ALL.into_iter().filter(asked).collect();
        }
        if let Some(acr) = id_token.and_then(|part| part.get("acr"))
            && is_essential(acr)
        {
            claims.acr_demanded = wanted(acr);
        }
        Ok(claims)
    }

    /// What userinfo is to answer, as it is kept: names with spaces between them. `None` when it is nothing.
    #[must_use]
    pub fn userinfo_text(&self) -> Option<String> {
        let names: Vec<&str> = self.userinfo.iter().map(|claim| claim.as_str()).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// Reads what [`ClaimsRequest::userinfo_text`] wrote.
    #[must_use]
    pub fn userinfo_parse(text: &str) -> Vec<PersonClaim> {
        let named = |claim: &PersonClaim| text.split(' ').any(|name| name == claim.as_str());
        PersonClaim::ALL.into_iter().filter(named).collect()
    }
}

fn is_essential(value: &Value<'_>) -> bool {
    let Value::Object(object) = value else {
        return false;
    };
    object.get("essential") == Some(&Value::Bool(true))
}

/// The values of which a claim is wanted to have one.
fn wanted(value: &Value<'_>) -> Vec<String> {
    let Value::Object(object) = value else {
        return Vec::new();
    };
    let text = |value: &Value<'_>| match value {
        Value::Text(text) => Some(text.clone().into_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    };
    let mut values: Vec<String> = object.get("value").and_then(text).into_iter().collect();
    if let Some(Value::Array(all)) = object.get("values") {
        values.extend(all.iter().filter_map(text));
    }
    values.truncate(MAX_ACRS);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn oidc_core_5_5_takes_what_it_knows_and_ignores_the_rest() {
        let text = r#"{"userinfo":{"name":{"essential":true},"email":null,"picture":null,"http://x/y":{"value":1}},
            "id_token":{"auth_time":{"essential":true},"acr":{"essential":true,"values":["a","b"]},"name":null}}"#;
        let claims = ClaimsRequest::parse(text).unwrap();
        assert_eq!(claims.userinfo, [PersonClaim::Name, PersonClaim::Email]);
        assert_eq!(claims.acr_demanded, ["a", "b"]);
        let kept = claims.userinfo_text().unwrap();
        assert_eq!(kept, "name email");
        assert_eq!(ClaimsRequest::userinfo_parse(&kept), claims.userinfo);
        assert_eq!(ClaimsRequest::default().userinfo_text(), None);
    }

    #[test]
    fn a_wish_is_no_demand_and_a_person_is_one() {
        let claims = r#"{"id_token":{"acr":{"value":"a"},"sub":{"value":"u1"}},"userinfo":{"sub":{"value":"u1"}}}"#;
        let claims = ClaimsRequest::parse(claims).unwrap();
        assert_eq!(
            (claims.acr_demanded.len(), claims.subject.as_deref()),
            (0, Some("u1"))
        );
        let two = r#"{"id_token":{"sub":{"value":"u1"}},"userinfo":{"sub":{"value":"u2"}}}"#;
        assert!(ClaimsRequest::parse(two).is_err());
    }

    #[test]
    fn other_shapes_are_refused() {
        for bad in [
            "",
            "[]",
            "x",
            "{\"userinfo\":[]}",
            "{\"userinfo\":{\"name\":true}}",
            "{\"id_token\":\"acr\"}",
            "{\"userinfo\":{},\"userinfo\":{}}",
        ] {
            assert!(ClaimsRequest::parse(bad).is_err(), "{bad}");
        }
        assert!(ClaimsRequest::parse(&" ".repeat(LONGEST_CLAIMS + 1)).is_err());
        assert_eq!(ClaimsRequest::parse("{}"), Ok(ClaimsRequest::default()));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}\\[\\]\":,a-z]{0,60}") {
            let _ = ClaimsRequest::parse(&text);
        }
    }
}
