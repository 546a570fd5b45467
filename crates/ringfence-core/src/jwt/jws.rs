//! Compact JSON Web Signatures (RFC 7515 §7.1).

use super::json::{JsonError, Object};
use crate::account::TokenAlg;
use crate::encoding::base64url_decode;
use thiserror::Error;

/// The longest token that is looked at.
pub const MAX_TOKEN_BYTES: usize = 8192;

/// Why a text is not an acceptable compact JWS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum JwsError {
    /// Not three parts of strict base64url within the size bound.
    #[error("the token is not three parts of base64url")]
    Shape,
    /// The header is not an acceptable object.
    #[error("the token header is not acceptable")]
    Header(#[source] JsonError),
    /// The header holds a member other than `alg`, `typ` and `kid`.
    #[error("the token header holds a member that is not used here")]
    HeaderMember,
    /// The algorithm is not one of ours.
    #[error("the token algorithm is not allowed")]
    Algorithm,
}

/// What a header says; nothing else in it is ever used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The signature algorithm.
    pub alg: TokenAlg,
    /// The media type of the token.
    pub typ: String,
    /// The name of the key.
    pub kid: String,
}

/// A token taken apart; its signature is not verified yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compact<'a> {
    /// The header.
    pub header: Header,
    /// The payload, decoded.
    pub payload: Vec<u8>,
    /// What the signature is over.
    pub signing_input: &'a str,
    /// The signature, decoded.
    pub signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes a token apart.
    ///
    /// A header member that could bring a key (`jwk`, `jku`, `x5u`, `x5c`), `crit`, or
    /// any other member we never write is refused: the token is not one of ours.
    ///
    /// # Errors
    /// See [`JwsError`].
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwsError::Shape);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Shape)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Shape)?;
        let header = base64url_decode(header).ok_or(JwsError::Shape)?;
        // A fourth part would leave a dot in the payload, which is no base64url.
        let payload = base64url_decode(payload).ok_or(JwsError::Shape)?;
        let signature = base64url_decode(signature).ok_or(JwsError::Shape)?;
        Ok(Self {
            header: Header::parse(&header)?,
            payload,
            signing_input,
            signature,
        })
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let object = Object::parse(bytes).map_err(JwsError::Header)?;
        if object
            .iter()
            .any(|(name, _)| !matches!(name, "alg" | "typ" | "kid"))
        {
            return Err(JwsError::HeaderMember);
        }
        let alg = object.text("alg").map_err(JwsError::Header)?;
        Ok(Self {
            alg: TokenAlg::parse(alg).map_err(|_| JwsError::Algorithm)?,
            typ: object.text("typ").map_err(JwsError::Header)?.to_owned(),
            kid: object.text("kid").map_err(JwsError::Header)?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;
    use proptest::prelude::*;

    fn token(header: &str) -> String {
        format!(
            "{}.{}.{}",
            base64url(header.as_bytes()),
            base64url(b"{}"),
            base64url(b"sig")
        )
    }

    #[test]
    fn takes_a_token_apart() {
        let text = token(r#"{"alg":"RS256","typ":"at+jwt","kid":"k1"}"#);
        let compact = Compact::parse(&text).unwrap();
        assert_eq!(
            compact.header,
            Header {
                alg: TokenAlg::Rs256,
                typ: "at+jwt".into(),
                kid: "k1".into()
            }
        );
        assert_eq!(compact.payload, b"{}");
        assert_eq!(
            format!(
                "{}.{}",
                compact.signing_input,
                base64url(&compact.signature)
            ),
            text
        );
    }

    #[test]
    fn rfc8725_3_1_refuses_other_algorithms() {
        for alg in ["none", "HS256", "rs256", "RS512", "PS256", ""] {
            let text = token(&format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"k"}}"#));
            assert_eq!(Compact::parse(&text), Err(JwsError::Algorithm), "{alg}");
        }
    }

    #[test]
    fn rfc8725_3_10_refuses_headers_that_bring_a_key() {
        for member in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"] {
            let text = token(&format!(
                r#"{{"alg":"RS256","typ":"at+jwt","kid":"k","{member}":"x"}}"#
            ));
            assert_eq!(
                Compact::parse(&text),
                Err(JwsError::HeaderMember),
                "{member}"
            );
        }
    }

    #[test]
    fn refuses_other_shapes() {
        let good = token(r#"{"alg":"RS256","typ":"at+jwt","kid":"k"}"#);
        let long = format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES));
        for bad in [
            "",
            ".",
            "..",
            "...",
            "a.b",
            &format!("{good}."),
            &format!("{good}="),
            &format!(" {good}"),
            &format!("{good}.x"),
            &good.replace('.', "\n"),
            &long,
        ] {
            assert!(Compact::parse(bad).is_err(), "{bad:.40}");
        }
        for header in [
            "[]",
            r#"{"alg":1,"typ":"at+jwt","kid":"k"}"#,
            r#"{"alg":"RS256","alg":"RS256","typ":"at+jwt","kid":"k"}"#,
            r#"{"alg":"RS256","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","kid":"k"}"#,
        ] {
            assert!(
                matches!(Compact::parse(&token(header)), Err(JwsError::Header(_))),
                "{header}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[A-Za-z0-9_.=-]{0,80}") {
            let _ = Compact::parse(&text);
        }
        #[test]
        fn never_panics_on_any_text(text in any::<String>()) {
            let _ = Compact::parse(&text);
        }
    }
}
