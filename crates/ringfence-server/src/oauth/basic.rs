//! The `Authorization: Basic` header, read strictly (RFC 6749 §2.3.1, RFC 7617).

use super::form::decode;
use ringfence_app::token::ClientProof;
use ringfence_core::encoding::base64_decode;
use ringfence_core::secret::Secret;

/// Reads the header's value. Whatever is loose gives nothing: it is never repaired.
pub(super) fn basic_parse(value: &[u8]) -> Option<ClientProof> {
    let value = std::str::from_utf8(value).ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64_decode(encoded)?;
    let decoded = Secret::new(String::from_utf8(decoded).ok()?);
    // Form-encoding leaves only visible ASCII; anything else was never encoded.
    if !decoded.expose().bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let (id, secret) = decoded.expose().split_once(':')?;
    Some(ClientProof {
        client_id: decode(id)?,
        secret: Secret::new(decode(secret)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::encoding::base64;

    fn parse(value: &str) -> Option<(String, String)> {
        let proof = basic_parse(value.as_bytes())?;
        Some((proof.client_id, proof.secret.expose().clone()))
    }

    #[test]
    fn splits_on_the_first_colon_and_then_decodes() {
        let value = format!("basic {}", base64(b"a%3Ab:c%25:%2B+%C3%A9"));
        assert_eq!(
            parse(&value),
            Some(("a:b".to_owned(), "c%:+ \u{e9}".to_owned()))
        );
    }

    #[test]
    fn repairs_nothing() {
        // Of a length that needs padding, so that leaving it out is a loose spelling.
        let good = base64(b"id:secrets");
        assert!(parse(&format!("Basic {good}")).is_some());
        let values = [
            format!("Basic  {good}"),
            format!(" Basic {good}"),
            format!("Basic {good} "),
            format!("Basic\t{good}"),
            format!("Basic {}", good.trim_end_matches('=')),
            format!("Basic {good}="),
            format!("Basic {}", base64(b"no colon")),
            format!("Basic {}", base64(b"nocolon")),
            format!("Basic {}", base64(b"id:sec ret")),
            format!("Basic {}", base64(b"id:secret\n")),
            format!("Basic {}", base64(b"id:%0a")),
            format!("Basic {}", base64(b"id:%zz")),
            format!("Basic {}", base64(b"id:\xff")),
            format!("Bearer {good}"),
            "Basic".to_owned(),
            "Basic ".to_owned(),
            "Basic aWQ6c2VjcmV!".to_owned(),
        ];
        for value in values {
            assert_eq!(parse(&value), None, "{value:?}");
        }
    }
}
