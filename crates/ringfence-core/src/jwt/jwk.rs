//! Public keys as JSON (RFC 7517, RFC 7518 §6).

use super::json::append_text;
use super::key::{KeyError, VerifyingKey};
use crate::account::TokenAlg;
use crate::encoding::base64url;

/// Writes a key set: public members only, each with `kid`, `use` and `alg`.
///
/// # Errors
/// A key is not of its algorithm.
pub fn jwks_json<'k>(keys: impl IntoIterator<Item = &'k VerifyingKey>) -> Result<String, KeyError> {
    let mut json = String::from("{\"keys\":[");
    for (n, key) in keys.into_iter().enumerate() {
        if n > 0 {
            json.push(',');
        }
        append_jwk(key, &mut json)?;
    }
    json.push_str("]}");
    Ok(json)
}

fn append_jwk(key: &VerifyingKey, json: &mut String) -> Result<(), KeyError> {
    let (first, second) = key.numbers()?;
    let (first, second) = (base64url(&first), base64url(&second));
    let kid = key.id.to_string();
    let members: &[(&str, &str)] = match key.alg {
        TokenAlg::Rs256 => &[("kty", "RSA"), ("n", &first), ("e", &second)],
        TokenAlg::Es256 => &[
            ("kty", "EC"),
            ("crv", "P-256"),
            ("x", &first),
            ("y", &second),
        ],
    };
    let common = [
        ("use", "sig"),
        ("alg", key.alg.as_str()),
        ("kid", kid.as_str()),
    ];
    for (n, (name, value)) in members.iter().chain(&common).enumerate() {
        json.push(if n == 0 { '{' } else { ',' });
        append_text(name, json);
        json.push(':');
        append_text(value, json);
    }
    json.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::KeyId;
    use crate::jwt::key::SigningKey;

    #[test]
    fn rfc7517_shows_public_members_only() {
        let rsa = SigningKey::generate(KeyId::from_bytes([1; 16]), TokenAlg::Rs256).unwrap();
        let p256 = SigningKey::generate(KeyId::from_bytes([2; 16]), TokenAlg::Es256).unwrap();
        let json = jwks_json([rsa.public(), p256.public()]).unwrap();
        let set: serde_json::Value = serde_json::from_str(&json).unwrap();
        let names = |n: usize| {
            let mut names: Vec<&str> = set["keys"][n]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            names.sort_unstable();
            names.join(" ")
        };
        assert_eq!(names(0), "alg e kid kty n use");
        assert_eq!(names(1), "alg crv kid kty use x y");
        assert_eq!(set["keys"][0]["e"], "AQAB");
        assert_eq!(set["keys"][0]["n"].as_str().unwrap().len(), 342);
        assert_eq!(set["keys"][1]["x"].as_str().unwrap().len(), 43);
        assert_eq!(
            set["keys"][1]["kid"],
            KeyId::from_bytes([2; 16]).to_string()
        );
    }
}
