//! How a request is answered: an error with its code, and the place that the answer goes to.

use super::parameters::Parameters;
use url::form_urlencoded;

/// The longest `state` that is taken back, in bytes.
pub const LONGEST_STATE: usize = 1_024;

/// Why a request comes to nothing (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6 and the extensions that name a code).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuthorizationError {
    /// The request is malformed; the text says how.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// Something other than a code was asked for.
    #[error("the only response type is code")]
    UnsupportedResponseType,
    /// A scope that nobody may grant.
    #[error("a scope is unknown")]
    InvalidScope,
    /// The application may not ask people.
    #[error("the application is not registered for this grant")]
    UnauthorizedClient,
    /// Request objects are not read.
    #[error("request objects are not supported")]
    RequestNotSupported,
    /// Request objects are not fetched.
    #[error("request_uri is not supported")]
    RequestUriNotSupported,
    /// Applications register in the Developer Portal only.
    #[error("registration is not supported")]
    RegistrationNotSupported,
    /// The person said no.
    #[error("the person did not allow it")]
    AccessDenied,
    /// Nobody suitable is signed in, and no page may be shown.
    #[error("nobody is signed in who fits the request")]
    LoginRequired,
    /// The person has not allowed it yet, and no page may be shown.
    #[error("the person has not allowed it yet")]
    ConsentRequired,
    /// The person must act, and no page may be shown.
    #[error("the person must act")]
    InteractionRequired,
    /// The way the person signed in is not the one that was demanded.
    #[error("the person did not sign in in the way that was demanded")]
    UnmetAuthentication,
}

impl AuthorizationError {
    /// The code of the standards.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::UnmetAuthentication => "unmet_authentication_requirements",
        }
    }
}

/// How an answer travels to the application.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ResponseMode {
    /// In the query of the redirect.
    #[default]
    Query,
    /// In a form that the person's browser posts.
    FormPost,
}

impl ResponseMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// Its value in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    /// Parses the value; `fragment` and everything else is none of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Where an answer goes: to a registered URL, in a mode, with the request's own `state`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The registered URL, as it was presented.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// Comes back letter by letter.
    pub state: Option<String>,
}

impl Place {
    /// The place of the answer to a request whose redirect has been found registered, also when the rest of it is bad.
    #[must_use]
    pub fn of(redirect_uri: &str, parameters: &Parameters) -> Self {
        let mode = parameters
            .get("response_mode")
            .and_then(ResponseMode::parse);
        let state = parameters.get("state").filter(|s| s.len() <= LONGEST_STATE);
        Self {
            redirect_uri: redirect_uri.to_owned(),
            mode: mode.unwrap_or_default(),
            state: state.map(str::to_owned),
        }
    }
}

/// An answer on its way: what the application is told, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Where it goes.
    pub place: Place,
    fields: Vec<(&'static str, String)>,
}

impl Answer {
    /// An answer with a code.
    #[must_use]
    pub fn code(place: Place, issuer: &str, code: &str) -> Self {
        Self::of(place, issuer, vec![("code", code.to_owned())])
    }

    /// An answer with an error.
    #[must_use]
    pub fn error(place: Place, issuer: &str, error: AuthorizationError) -> Self {
        let fields = vec![
            ("error", error.code().to_owned()),
            ("error_description", error.to_string()),
        ];
        Self::of(place, issuer, fields)
    }

    fn of(place: Place, issuer: &str, mut fields: Vec<(&'static str, String)>) -> Self {
        if let Some(state) = &place.state {
            fields.push(("state", state.clone()));
        }
        // RFC 9207 §2: in every answer, so that an application that speaks with several servers cannot be misled.
        fields.push(("iss", issuer.to_owned()));
        Self { place, fields }
    }

    /// The fields, in their order.
    #[must_use]
    pub fn fields(&self) -> &[(&'static str, String)] {
        &self.fields
    }

    /// The URL of the redirect, for [`ResponseMode::Query`]: the registered one with the fields behind it.
    #[must_use]
    pub fn url(&self) -> String {
        url_with(&self.place.redirect_uri, &self.fields)
    }
}

/// A registered URL, letter by letter, with fields behind the query that it may have.
#[must_use]
pub fn url_with(url: &str, fields: &[(&'static str, String)]) -> String {
    if fields.is_empty() {
        return url.to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    let mark = match url.split_once('?') {
        None => "?",
        Some((_, before)) if before.is_empty() || before.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{mark}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(redirect_uri: &str, state: Option<&str>) -> Place {
        Place {
            redirect_uri: redirect_uri.to_owned(),
            mode: ResponseMode::Query,
            state: state.map(str::to_owned),
        }
    }

    #[test]
    fn rfc9207_2_every_answer_names_the_issuer_and_gives_the_state_back() {
        let at = place("https://app.example/cb", Some("a b&c=\u{e9}"));
        let url = Answer::code(at.clone(), "https://rf.example/oauth2/token", "c0de").url();
        assert_eq!(
            url,
            "https://app.example/cb?code=c0de&state=a+b%26c%3D%C3%A9&iss=https%3A%2F%2Frf.example%2Foauth2%2Ftoken"
        );
        let denied = Answer::error(at, "https://rf.example", AuthorizationError::AccessDenied);
        let names: Vec<&str> = denied.fields().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
    }

    #[test]
    fn a_query_that_was_registered_stays_as_it_is() {
        let url = |redirect| Answer::code(place(redirect, None), "i", "c").url();
        assert_eq!(
            url("https://a.example/?x=%7e"),
            "https://a.example/?x=%7e&code=c&iss=i"
        );
        assert_eq!(
            url("https://a.example/cb?"),
            "https://a.example/cb?code=c&iss=i"
        );
        assert_eq!(
            url("com.example.app:/cb"),
            "com.example.app:/cb?code=c&iss=i"
        );
    }

    #[test]
    fn a_place_is_known_even_when_the_rest_is_bad() {
        let of = |text: &str| Place::of("https://a.example", &Parameters::parse(text).unwrap());
        assert_eq!(
            of("response_mode=fragment&state=s").mode,
            ResponseMode::Query
        );
        assert_eq!(of("response_mode=form_post").mode, ResponseMode::FormPost);
        assert_eq!(of("state=s&state=t").state, None);
        let long = format!("state={}", "s".repeat(LONGEST_STATE + 1));
        assert_eq!(of(&long).state, None);
    }
}
