//! Where the console gets a token: from the product's own token endpoint, as a program of the developer's would.

use crate::portal::explorer::Inside;
use crate::portal::explorer::call::{Origin, send};
use crate::portal::form::Form;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use ringfence_core::application::ApplicationKeys;
use ringfence_core::secret::Secret;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

const LONGEST_ANSWER: usize = 64 * 1024;
const TENANT: &str = "@vbc.prod";

/// What the token endpoint says.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// The fields of a password grant.
pub(super) fn password_fields(form: &Form) -> Vec<(&'static str, String)> {
    let username = form.text("username");
    let username = match username.strip_suffix(TENANT) {
        Some(_) => username.to_owned(),
        None => format!("{username}{TENANT}"),
    };
    vec![
        ("grant_type", "password".to_owned()),
        ("scope", "openid".to_owned()),
        ("username", username),
        ("password", form.raw("password").to_owned()),
    ]
}

/// Asks the token endpoint, and gives the token or what it refuses, for people.
pub(super) async fn token_ask(
    (inside, origin): (Inside, &Origin),
    keys: &ApplicationKeys,
    secret: &str,
    fields: Vec<(&'static str, String)>,
) -> Result<Secret<String>, String> {
    let body = {
        let mut body = Serializer::new(String::new());
        body.extend_pairs(fields);
        body.append_pair("client_id", keys.consumer_key.as_str());
        if !keys.is_public() {
            body.append_pair("client_secret", secret);
        }
        body.finish()
    };
    let request = origin
        .builder("POST", "/token")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .body(Body::from(body));
    let Ok(request) = request else {
        return Err("the request could not be made".to_owned());
    };
    let response = send(inside, request).await;
    let bytes = to_bytes(response.into_body(), LONGEST_ANSWER).await;
    let bytes = bytes.map_err(|_| "the token endpoint broke off".to_owned())?;
    let Ok(answer) = serde_json::from_slice::<Answer>(&bytes) else {
        return Err("the token endpoint gave no answer; try again".to_owned());
    };
    match (answer.access_token, answer.error) {
        (Some(token), _) => Ok(Secret::new(token)),
        (None, Some(error)) => {
            let why = answer.error_description.unwrap_or_default();
            Err(format!("the token endpoint refuses: {error} ({why})"))
        }
        (None, None) => Err("the token endpoint gave no token; try again".to_owned()),
    }
}
