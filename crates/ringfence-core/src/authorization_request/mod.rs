//! A request at the authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), read strictly.
//!
//! First [`Parameters`], then [`client_and_redirect`]: before both are known to belong together nothing may be sent
//! anywhere. Then [`Place`] says where answers go, and [`AuthorizationRequest::parse`] reads the rest. Nothing here knows
//! who is signed in.

pub mod answer;
pub mod claims;
pub mod parameters;

pub use answer::{Answer, AuthorizationError, Place, ResponseMode};
pub use claims::{ClaimsRequest, PersonClaim};
pub use parameters::{Parameters, Unreadable};

use crate::pkce::CodeChallenge;
use crate::user_scope::UserScopes;

const LONGEST_NONCE: usize = 512;
const LONGEST_HINT: usize = 256;
const MAX_ACRS: usize = 8;

/// What a request asks of the person (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// They sign in again.
    pub login: bool,
    /// They are asked even when they have allowed it before.
    pub consent: bool,
    /// They choose as whom.
    pub select_account: bool,
}

/// What an application asks of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationRequest {
    /// What it wants to be allowed.
    pub scope: UserScopes,
    /// Goes into the ID token as sent.
    pub nonce: Option<String>,
    /// What the person is asked.
    pub prompt: Prompt,
    /// How long ago they may have proved who they are, in seconds.
    pub max_age_secs: Option<u32>,
    /// The authentication context classes wished for, the best first.
    pub acr_values: Vec<String>,
    /// Whom the application thinks it speaks with; for the sign-in page.
    pub login_hint: Option<String>,
    /// An ID token of the person that the request is about, unverified.
    pub id_token_hint: Option<String>,
    /// Single claims asked for.
    pub claims: ClaimsRequest,
    /// What the code's exchange must match; `None` only for a legacy application.
    pub challenge: Option<CodeChallenge>,
}

/// The two parameters without which nothing may be sent anywhere.
///
/// # Errors
/// One of them is missing or repeated; the text is for the person.
pub fn client_and_redirect(parameters: &Parameters) -> Result<(&str, &str), &'static str> {
    let client_id = parameters
        .get("client_id")
        .ok_or("the request does not say which application sent it")?;
    let redirect_uri = parameters
        .get("redirect_uri")
        .ok_or("the request does not say where its answer should go")?;
    Ok((client_id, redirect_uri))
}

impl AuthorizationRequest {
    /// Reads what is asked. An application whose keys say so may leave out the challenge.
    ///
    /// # Errors
    /// See [`AuthorizationError`]; the answer goes to the request's [`Place`].
    pub fn parse(parameters: &Parameters, pkce_optional: bool) -> Result<Self, AuthorizationError> {
        use AuthorizationError as Refused;
        // A request object would say what is really asked, so nothing else is looked at beside one.
        for (name, refusal) in [
            ("request", Refused::RequestNotSupported),
            ("request_uri", Refused::RequestUriNotSupported),
            ("registration", Refused::RegistrationNotSupported),
        ] {
            if parameters.get(name).is_some() {
                return Err(refusal);
            }
        }
        parameters.once_each()?;
        if parameters
            .get("state")
            .is_some_and(|s| s.len() > answer::LONGEST_STATE)
        {
            return Err(Refused::InvalidRequest("state is too long"));
        }
        if let Some(mode) = parameters.get("response_mode")
            && ResponseMode::parse(mode).is_none()
        {
            return Err(Refused::InvalidRequest(
                "response_mode is neither query nor form_post",
            ));
        }
        match parameters.get("response_type") {
            Some("code") => {}
            Some(_) => return Err(Refused::UnsupportedResponseType),
            None => return Err(Refused::InvalidRequest("response_type is missing")),
        }
        let scope = parameters.get("scope").unwrap_or_default();
        let claims = parameters.get("claims").map(ClaimsRequest::parse);
        Ok(Self {
            scope: UserScopes::parse(scope).map_err(|_| Refused::InvalidScope)?,
            nonce: bounded(parameters, "nonce", LONGEST_NONCE, "nonce is too long")?,
            prompt: Prompt::parse(parameters.get("prompt").unwrap_or_default())?,
            max_age_secs: max_age(parameters.get("max_age"))?,
            acr_values: words(parameters.get("acr_values")),
            login_hint: parameters
                .get("login_hint")
                .filter(|hint| hint.len() <= LONGEST_HINT)
                .map(str::to_owned),
            id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
            claims: claims
                .transpose()
                .map_err(Refused::InvalidRequest)?
                .unwrap_or_default(),
            challenge: challenge(parameters, pkce_optional)?,
        })
    }
}

impl Prompt {
    /// Parses the parameter; `none` stands alone.
    ///
    /// # Errors
    /// A value is unknown, or stands beside `none`.
    pub fn parse(text: &str) -> Result<Self, AuthorizationError> {
        let mut prompt = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return Err(AuthorizationError::InvalidRequest("prompt is unknown")),
            }
        }
        if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
            return Err(AuthorizationError::InvalidRequest(
                "prompt none stands alone",
            ));
        }
        Ok(prompt)
    }

    /// The values that work, for discovery.
    pub const VALUES: [&str; 4] = ["none", "login", "consent", "select_account"];
}

impl std::fmt::Display for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = [self.none, self.login, self.consent, self.select_account];
        let named = Self::VALUES.into_iter().zip(set);
        let values: Vec<&str> = named
            .filter(|(_, set)| *set)
            .map(|(value, _)| value)
            .collect();
        f.write_str(&values.join(" "))
    }
}

fn challenge(
    parameters: &Parameters,
    pkce_optional: bool,
) -> Result<Option<CodeChallenge>, AuthorizationError> {
    use AuthorizationError::InvalidRequest;
    let (challenge, method) = (
        parameters.get("code_challenge"),
        parameters.get("code_challenge_method"),
    );
    match (challenge, method) {
        (Some(text), Some("S256")) => CodeChallenge::parse(text)
            .map(Some)
            .map_err(|_| InvalidRequest("code_challenge is not 43 characters of base64url")),
        // RFC 7636 §4.3: an absent method means plain.
        (Some(_), _) => Err(InvalidRequest("the only code_challenge_method is S256")),
        (None, Some(_)) => Err(InvalidRequest("code_challenge is missing")),
        (None, None) if pkce_optional => Ok(None),
        (None, None) => Err(InvalidRequest(
            "code_challenge is missing: PKCE is required",
        )),
    }
}

fn max_age(text: Option<&str>) -> Result<Option<u32>, AuthorizationError> {
    let Some(text) = text else { return Ok(None) };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let secs = digits.then(|| text.parse().ok()).flatten();
    secs.map(Some).ok_or(AuthorizationError::InvalidRequest(
        "max_age is not a whole number of seconds",
    ))
}

fn words(text: Option<&str>) -> Vec<String> {
    let all = text.unwrap_or_default().split(' ');
    all.filter(|word| !word.is_empty() && word.len() <= LONGEST_HINT)
        .take(MAX_ACRS)
        .map(str::to_owned)
        .collect()
}

fn bounded(
    parameters: &Parameters,
    name: &str,
    longest: usize,
    too_long: &'static str,
) -> Result<Option<String>, AuthorizationError> {
    match parameters.get(name) {
        Some(text) if text.len() > longest => Err(AuthorizationError::InvalidRequest(too_long)),
        text => Ok(text.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests;
