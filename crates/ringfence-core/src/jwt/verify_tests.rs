//! Each thing wrong singly; and a second opinion on the tokens we write.

use super::*;
use crate::account::TokenAlg;
use crate::encoding::base64url;
use crate::jwt::claims::tests::claims;
use crate::jwt::jwk::jwks_json;
use crate::jwt::key::SigningKey;

struct Bench {
    key: SigningKey,
    rule: TokenRule,
}

impl Bench {
    fn new(alg: TokenAlg) -> Self {
        let rule = TokenRule {
            issuers: vec![claims().iss],
            audiences: vec![claims().aud],
            skew_secs: 30,
        };
        Self {
            key: SigningKey::generate(KeyId::from_bytes([1; 16]), alg).unwrap(),
            rule,
        }
    }

    fn verify(&self, token: &str) -> Result<AccessClaims, TokenFault> {
        self.verify_at(token, 1_000)
    }

    fn verify_at(&self, token: &str, secs: i64) -> Result<AccessClaims, TokenFault> {
        let key_of = |id| (id == self.key.id).then(|| self.key.public());
        verify_access(token, key_of, &self.rule, Timestamp::from_secs(secs))
    }

    fn token(&self, claims: &AccessClaims) -> String {
        self.key
            .sign_access_token(claims.to_json().as_bytes())
            .unwrap()
    }

    fn with_header(&self, header: &str) -> String {
        let input = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims().to_json().as_bytes())
        );
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }
}

#[test]
fn accepts_its_own_tokens_and_no_changed_byte() {
    for alg in [TokenAlg::Rs256, TokenAlg::Es256] {
        let bench = Bench::new(alg);
        let token = bench.token(&claims());
        assert_eq!(bench.verify(&token), Ok(claims()));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(bench.verify(&changed).is_err(), "byte {at}");
        }
        for end in 0..token.len() {
            assert!(
                token
                    .get(..end)
                    .is_some_and(|cut| bench.verify(cut).is_err()),
                "cut at {end}"
            );
        }
    }
}

#[test]
fn rfc9068_4_refuses_each_wrong_claim_singly() {
    let bench = Bench::new(TokenAlg::Es256);
    let with = |change: fn(&mut AccessClaims)| {
        let mut wrong = claims();
        change(&mut wrong);
        bench.verify(&bench.token(&wrong)).map(|_| ())
    };
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(with(|c| c.iss.push('/')), Err(TokenFault::Issuer));
    assert_eq!(
        with(|c| c.aud.make_ascii_uppercase()),
        Err(TokenFault::Audience)
    );
    assert_eq!(
        with(|c| c.exp = Timestamp::from_secs(970)),
        Err(TokenFault::Expired)
    );
    assert_eq!(with(|c| c.exp = Timestamp::from_secs(971)), Ok(()));
    assert_eq!(
        with(|c| c.nbf = Timestamp::from_secs(1_031)),
        Err(TokenFault::NotYet)
    );
    assert_eq!(
        with(|c| c.iat = Timestamp::from_secs(1_031)),
        Err(TokenFault::NotYet)
    );
    assert_eq!(with(|c| c.iat = Timestamp::from_secs(1_030)), Ok(()));
}

#[test]
fn rfc8725_3_11_refuses_other_types_algorithms_and_keys() {
    let bench = Bench::new(TokenAlg::Es256);
    let kid = bench.key.id;
    let header = |alg: &str, typ: &str, kid: &str| {
        format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"}}"#)
    };
    assert!(
        bench
            .verify(&bench.with_header(&header("ES256", "at+jwt", &kid.to_string())))
            .is_ok()
    );
    for typ in ["JWT", "logout+jwt", "dpop+jwt", "AT+JWT", ""] {
        let token = bench.with_header(&header("ES256", typ, &kid.to_string()));
        assert_eq!(bench.verify(&token), Err(TokenFault::Typ), "{typ}");
    }
    let token = bench.with_header(&header("RS256", "at+jwt", &kid.to_string()));
    assert_eq!(bench.verify(&token), Err(TokenFault::Algorithm));
    for kid in ["", "other", "02020202-0202-0202-0202-020202020202"] {
        let token = bench.with_header(&header("ES256", "at+jwt", kid));
        assert_eq!(bench.verify(&token), Err(TokenFault::UnknownKey), "{kid}");
    }
    let other = SigningKey::generate(kid, TokenAlg::Es256).unwrap();
    let token = other
        .sign_access_token(claims().to_json().as_bytes())
        .unwrap();
    assert_eq!(bench.verify(&token), Err(TokenFault::Signature));
}

#[test]
fn the_skew_is_bounded_by_a_minute() {
    let mut bench = Bench::new(TokenAlg::Es256);
    bench.rule.skew_secs = 3_600;
    let token = bench.token(&claims());
    assert!(bench.verify_at(&token, 1_959).is_ok());
    assert_eq!(bench.verify_at(&token, 1_960), Err(TokenFault::Expired));
}

#[test]
fn jsonwebtoken_accepts_what_we_write() {
    for alg in [TokenAlg::Rs256, TokenAlg::Es256] {
        let bench = Bench::new(alg);
        let token = bench.token(&claims());
        let set: jsonwebtoken::jwk::JwkSet =
            serde_json::from_str(&jwks_json([bench.key.public()]).unwrap()).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let jwk = set.find(&header.kid.unwrap()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        validation.set_issuer(&[&claims().iss]);
        validation.set_audience(&[&claims().aud]);
        validation.validate_exp = false;
        let data = jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation).unwrap();
        assert_eq!(data.header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(data.claims["scope"], "users:read stats");
        assert_eq!(data.claims["epoch"], 7);
    }
}
