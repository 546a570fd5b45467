//! JSON bodies, read strictly: nothing unknown, nothing twice, bounded in length and depth.
//!
//! A body type derives `Deserialize` with `deny_unknown_fields`. In an edit, a member that is not there stays as it is;
//! where a member can be cleared by `null`, give it `#[serde(default, with = "super::body::nullable")]`.

use super::error::ManageError;
use crate::app::App;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

/// Longest body of an operation.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
const DEEPEST: usize = 8;

/// The body of a request, as a type.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ManageError;

    async fn from_request(request: Request, _: &App) -> Result<Self, ManageError> {
        let declared = request.headers().get(CONTENT_TYPE);
        let essence = declared.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ManageError::MediaType);
        }
        let bytes = body_bytes(request.into_body()).await?;
        json_parse(&bytes).map(Self)
    }
}

/// The whole of a body.
///
/// # Errors
/// It is too long, or breaks off.
pub(crate) async fn body_bytes(body: Body) -> Result<Bytes, ManageError> {
    to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| ManageError::TooLarge)
}

/// Reads a JSON object into a type.
///
/// # Errors
/// The text is not JSON, is too deep, or is not what the type says.
fn json_parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ManageError> {
    if too_deep(bytes) {
        let text = format!("the body is nested deeper than {DEEPEST}");
        return Err(ManageError::malformed("", text));
    }
    serde_json::from_slice(bytes).map_err(|e| ManageError::malformed("", e))
}

// Brackets outside strings; a broken text is found by the parser afterwards.
fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// Reads a member that may be left out (`None`), be `null` (`Some(None)`) or hold a value.
pub(crate) mod nullable {
    use serde::{Deserialize, Deserializer};

    /// Reads a member that is there.
    ///
    /// # Errors
    /// It is neither `null` nor of its type.
    pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
    where
        D: Deserializer<'de>,
        T: Deserialize<'de>,
    {
        Option::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Edit {
        name: Option<String>,
        #[serde(default, with = "nullable")]
        ends: Option<Option<u32>>,
    }

    #[test]
    fn tells_left_out_from_null() {
        let read = |text: &str| json_parse::<Edit>(text.as_bytes());
        let edit = |ends| Edit { name: None, ends };
        assert_eq!(read("{}").unwrap(), edit(None));
        assert_eq!(read(r#"{"ends":null}"#).unwrap(), edit(Some(None)));
        assert_eq!(read(r#"{"ends":5}"#).unwrap(), edit(Some(Some(5))));
    }

    #[test]
    fn refuses_unknown_double_deep_and_broken() {
        for text in [
            r#"{"colour":"red"}"#,
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":[[[[[[[[[[]]]]]]]]]]}"#,
            r#"{"name":"a"} x"#,
            r#"["name"]x"#,
            "",
        ] {
            assert!(json_parse::<Edit>(text.as_bytes()).is_err(), "{text}");
        }
        assert!(json_parse::<Edit>(br#"{"name":"[[[[[[[[[[[[\"[["}"#).is_ok());
    }
}
