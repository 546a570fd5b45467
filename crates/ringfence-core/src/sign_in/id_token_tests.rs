//! Tokens of a provider of our own, honest and otherwise.

use super::*;
use crate::account::TokenAlg;
use crate::encoding::base64url;
use crate::id::KeyId;
use crate::jwt::jwk::jwks_json;
use crate::jwt::key::SigningKey;

const NOW_SECS: i64 = 1_772_000_000;

struct Provider {
    key: SigningKey,
}

impl Provider {
    fn new(alg: TokenAlg) -> Self {
        let id = KeyId::from_bytes([1; 16]);
        Self {
            key: SigningKey::generate(id, alg).unwrap(),
        }
    }

    fn keys(&self) -> KeySet {
        KeySet::parse(jwks_json([self.key.public()]).unwrap().as_bytes()).unwrap()
    }

    fn token(&self, header: &str, claims: &str) -> String {
        let input = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims.as_bytes())
        );
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }

    fn header(&self) -> String {
        let alg = self.key.public().alg.as_str();
        format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, self.key.id)
    }

    fn outcome(&self, claims: &str) -> Result<IdClaims, IdTokenFault> {
        verify(&self.keys(), &self.token(&self.header(), claims))
    }
}

fn verify(keys: &KeySet, token: &str) -> Result<IdClaims, IdTokenFault> {
    let rule = IdTokenRule {
        issuer: "https://id.example",
        client_id: "us",
        nonce: "n1",
        name_claim: "preferred_username",
    };
    keys.verify(token, rule, Timestamp::from_ms(NOW_SECS * 1000))
}

fn claims(changes: &[(&str, &str)]) -> String {
    let (exp, iat) = ((NOW_SECS + 300).to_string(), NOW_SECS.to_string());
    let mut members = vec![
        ("iss", r#""https://id.example""#),
        ("aud", r#""us""#),
        ("sub", r#""42""#),
        ("exp", &exp),
        ("iat", &iat),
        ("nonce", r#""n1""#),
        ("preferred_username", r#""sam""#),
        ("email", r#""sam@example.com""#),
    ];
    for (name, value) in changes {
        members.retain(|(n, _)| n != name);
        if !value.is_empty() {
            members.push((name, value));
        }
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn oidc_core_3_1_3_7_takes_a_good_token() {
    for alg in [TokenAlg::Rs256, TokenAlg::Es256] {
        let found = Provider::new(alg).outcome(&claims(&[])).unwrap();
        assert_eq!(found.subject, "42");
        assert_eq!(found.name.as_deref(), Some("sam"));
        assert_eq!(found.verified_email, None, "nobody verified it");
    }
    let provider = Provider::new(TokenAlg::Es256);
    let verified = provider
        .outcome(&claims(&[("email_verified", "true")]))
        .unwrap();
    assert_eq!(verified.verified_email.as_deref(), Some("sam@example.com"));
    let by_email = |changes: &[(&'static str, &str)]| {
        let text = claims(changes);
        let members = Object::parse(text.as_bytes()).unwrap();
        person_claims(&members, "email").name
    };
    assert_eq!(by_email(&[]), None, "anybody could have typed it");
    let verified = by_email(&[("email_verified", "true")]);
    assert_eq!(verified.as_deref(), Some("sam@example.com"));
    let several = claims(&[("aud", r#"["us","them"]"#), ("azp", r#""us""#)]);
    assert!(provider.outcome(&several).is_ok());
}

#[test]
fn oidc_core_3_1_3_7_refuses_each_wrong_thing() {
    let provider = Provider::new(TokenAlg::Es256);
    let past = (NOW_SECS - 61).to_string();
    let future = (NOW_SECS + 61).to_string();
    for (name, value, fault) in [
        ("iss", r#""https://id.example/""#, IdTokenFault::Issuer),
        ("iss", "", IdTokenFault::Malformed),
        ("aud", r#""them""#, IdTokenFault::Audience),
        ("aud", r#"["us","them"]"#, IdTokenFault::Audience),
        ("aud", "", IdTokenFault::Audience),
        ("azp", r#""them""#, IdTokenFault::Audience),
        ("exp", &past, IdTokenFault::Time),
        ("exp", "", IdTokenFault::Malformed),
        ("exp", "1e12", IdTokenFault::Malformed),
        ("iat", &future, IdTokenFault::Time),
        ("nbf", &future, IdTokenFault::Time),
        ("nonce", r#""n2""#, IdTokenFault::Nonce),
        ("nonce", "", IdTokenFault::Malformed),
        ("sub", r#""""#, IdTokenFault::Malformed),
        ("sub", "42", IdTokenFault::Malformed),
    ] {
        let outcome = provider.outcome(&claims(&[(name, value)]));
        assert_eq!(outcome, Err(fault), "{name} {value}");
    }
    let twice = claims(&[]).replacen('{', r#"{"sub":"1","#, 1);
    assert_eq!(provider.outcome(&twice), Err(IdTokenFault::Malformed));
}

#[test]
fn rfc8725_3_1_refuses_other_algorithms_and_keys() {
    let provider = Provider::new(TokenAlg::Es256);
    let kid = provider.key.id;
    for (header, fault) in [
        (
            format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
            IdTokenFault::Algorithm,
        ),
        (
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            IdTokenFault::Algorithm,
        ),
        (
            format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#),
            IdTokenFault::UnknownKey,
        ),
        (
            r#"{"alg":"ES256","kid":"other"}"#.to_owned(),
            IdTokenFault::UnknownKey,
        ),
        (
            r#"{"alg":"ES256","kid":1}"#.to_owned(),
            IdTokenFault::Malformed,
        ),
        (
            r#"{"alg":"ES256","crit":["x"]}"#.to_owned(),
            IdTokenFault::Malformed,
        ),
    ] {
        let token = provider.token(&header, &claims(&[]));
        assert_eq!(verify(&provider.keys(), &token), Err(fault), "{header}");
    }
    let unnamed = provider.token(r#"{"alg":"ES256"}"#, &claims(&[]));
    assert!(
        verify(&provider.keys(), &unnamed).is_ok(),
        "there is no choice"
    );
    let stranger = Provider::new(TokenAlg::Es256);
    let token = stranger.token(&stranger.header(), &claims(&[]));
    assert_eq!(
        verify(&provider.keys(), &token),
        Err(IdTokenFault::Signature)
    );
}

#[test]
fn refuses_what_is_no_token() {
    let keys = Provider::new(TokenAlg::Es256).keys();
    for text in ["", ".", "..", "a.b.c", "a.b", "a.b.c.d"] {
        assert_eq!(verify(&keys, text), Err(IdTokenFault::Malformed), "{text}");
    }
}

#[test]
fn oidc_core_5_3_user_info_fills_in_what_the_token_does_not_say() {
    let provider = Provider::new(TokenAlg::Es256);
    let bare = claims(&[("preferred_username", ""), ("email", "")]);
    let claims = provider.outcome(&bare).unwrap();
    let add = |json: &str| {
        let mut claims = claims.clone();
        let added = claims.add_user_info(json.as_bytes(), "preferred_username");
        added.map(|()| claims)
    };
    let full =
        add(r#"{"sub":"42","preferred_username":"sam","email":"s@x","email_verified":true}"#);
    let full = full.unwrap();
    assert_eq!(full.name.as_deref(), Some("sam"));
    assert_eq!(full.verified_email.as_deref(), Some("s@x"));
    assert_eq!(add(r#"{"sub":"42"}"#).unwrap(), claims);
    for bad in [
        r#"{"sub":"43","preferred_username":"sam"}"#,
        r#"{"preferred_username":"sam"}"#,
        r#"{"sub":"42","sub":"43"}"#,
        "x",
    ] {
        assert_eq!(add(bad), Err(IdTokenFault::Malformed), "{bad}");
    }
    let mut named = full;
    let other = br#"{"sub":"42","preferred_username":"eve"}"#;
    named.add_user_info(other, "preferred_username").unwrap();
    assert_eq!(named.name.as_deref(), Some("sam"), "the signed word counts");
}
