//! The version of an API, which every call names in `Accept` (vcc-api §1.2).

use super::Api;
use super::error::{Fault, VccError};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

const PREFIX: &str = "application/vnd.newvoicemedia.v";
const SUFFIX: &str = "+json";

/// The version a call names.
///
/// # Errors
/// It names none, or none that the API accepts.
pub(super) fn version(api: Api, headers: &HeaderMap) -> Result<u32, VccError> {
    let accepted: &[u32] = match api {
        Api::Content | Api::Stats => &[2, 3],
        Api::Users => &[4],
    };
    let mut named = false;
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let Some(text) = version_text(range) else {
                continue;
            };
            named = true;
            if let Some(version) = accepted.iter().find(|v| v.to_string() == text) {
                return Ok(*version);
            }
        }
    }
    let fault = if named {
        Fault::VersionUnsupported
    } else {
        Fault::VersionMissing
    };
    Err(VccError { api, fault })
}

/// What stands between `v` and `+json`, when the media range is one of the vendor's.
fn version_text(range: &str) -> Option<String> {
    let essence = range.split(';').next()?.trim().to_ascii_lowercase();
    let text = essence.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(api: Api, accept: &[&'static str]) -> Result<u32, Fault> {
        let mut headers = HeaderMap::new();
        for text in accept {
            headers.append(ACCEPT, HeaderValue::from_static(text));
        }
        version(api, &headers).map_err(|error| error.fault)
    }

    #[test]
    fn the_first_accepted_version_counts() {
        let v3 = "application/vnd.newvoicemedia.v3+json";
        assert!(matches!(of(Api::Content, &[v3]), Ok(3)));
        assert!(matches!(
            of(
                Api::Stats,
                &["text/html, Application/VND.NewVoiceMedia.V2+JSON; q=0.5"]
            ),
            Ok(2)
        ));
        assert!(matches!(
            of(Api::Stats, &["application/vnd.newvoicemedia.v9+json", v3]),
            Ok(3)
        ));
        assert!(matches!(
            of(Api::Users, &[v3]),
            Err(Fault::VersionUnsupported)
        ));
        for none in [
            &[][..],
            &["*/*"],
            &["application/json"],
            &["application/vnd.newvoicemedia"],
        ] {
            assert!(
                matches!(of(Api::Users, none), Err(Fault::VersionMissing)),
                "{none:?}"
            );
        }
    }
}
