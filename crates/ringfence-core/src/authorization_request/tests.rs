//! What a request may say.

use super::*;
use crate::user_scope::UserScope;
use proptest::prelude::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn parse(more: &str) -> Result<AuthorizationRequest, AuthorizationError> {
    let text =
        format!("response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256&{more}");
    AuthorizationRequest::parse(&Parameters::parse(&text).unwrap(), false)
}

fn code(more: &str) -> &'static str {
    parse(more).map_or_else(AuthorizationError::code, |_| "")
}

#[test]
fn reads_what_a_usual_request_says() {
    let request = parse(
        "scope=openid+email&nonce=n-%C3%A9&prompt=login+consent&max_age=60&acr_values=a+b&login_hint=sam&ui_locales=de\
         &display=popup&foo=bar&claims=%7B%7D",
    )
    .unwrap();
    assert!(request.scope.contains(UserScope::Email));
    assert_eq!(request.nonce.as_deref(), Some("n-\u{e9}"));
    assert!(request.prompt.login && request.prompt.consent && !request.prompt.none);
    assert_eq!(request.prompt.to_string(), "login consent");
    assert_eq!(request.max_age_secs, Some(60));
    assert_eq!(request.acr_values, ["a", "b"]);
    assert_eq!(request.challenge.unwrap().as_str(), CHALLENGE);
}

#[test]
fn each_wrong_thing_has_its_code() {
    for (more, expected) in [
        ("", ""),
        ("scope=users%3Aread", "invalid_scope"),
        ("request=x", "request_not_supported"),
        ("request=x&state=a&state=b", "request_not_supported"),
        (
            "request_uri=https%3A%2F%2Fa.example",
            "request_uri_not_supported",
        ),
        ("registration=%7B%7D", "registration_not_supported"),
        ("response_mode=fragment", "invalid_request"),
        ("response_mode=query", ""),
        ("response_mode=form_post", ""),
        ("prompt=none+login", "invalid_request"),
        ("prompt=none", ""),
        ("prompt=create", "invalid_request"),
        ("max_age=-1", "invalid_request"),
        ("max_age=1.5", "invalid_request"),
        ("max_age=", ""),
        ("max_age=0", ""),
        ("claims=%5B%5D", "invalid_request"),
        ("foo=1&foo=2", "invalid_request"),
    ] {
        assert_eq!(code(more), expected, "{more}");
    }
    let long = format!("nonce={}", "n".repeat(LONGEST_NONCE + 1));
    assert_eq!(code(&long), "invalid_request");
    let long = format!("state={}", "s".repeat(answer::LONGEST_STATE + 1));
    assert_eq!(code(&long), "invalid_request");
}

#[test]
fn checklist_29_there_is_no_implicit_and_no_hybrid_answer() {
    let of = |text: &str| {
        let parameters = Parameters::parse(text).unwrap();
        AuthorizationRequest::parse(&parameters, true).map_or_else(AuthorizationError::code, |_| "")
    };
    assert_eq!(of("response_type=code"), "");
    assert_eq!(of("scope=openid"), "invalid_request");
    for other in [
        "token",
        "id_token",
        "id_token+token",
        "code+id_token",
        "code+token",
        "none",
        "Code",
    ] {
        assert_eq!(
            of(&format!("response_type={other}")),
            "unsupported_response_type"
        );
    }
}

#[test]
fn checklist_37_38_39_pkce_is_s256_of_43_characters_and_left_out_by_legacy_applications_only() {
    let of = |text: &str, optional| {
        let text = format!("response_type=code&{text}");
        let parameters = Parameters::parse(&text).unwrap();
        AuthorizationRequest::parse(&parameters, optional)
    };
    assert!(of("", false).is_err());
    assert_eq!(of("", true).unwrap().challenge, None);
    for bad in [
        format!("code_challenge={CHALLENGE}"),
        format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
        format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
        format!("code_challenge={CHALLENGE}x&code_challenge_method=S256"),
        format!(
            "code_challenge={}=&code_challenge_method=S256",
            "x".repeat(42)
        ),
        "code_challenge_method=S256".to_owned(),
    ] {
        assert!(of(&bad, false).is_err(), "{bad}");
        assert!(
            of(&bad, true).is_err(),
            "a legacy application that tries is held to it: {bad}"
        );
    }
}

#[test]
fn checklist_44_client_and_redirect_come_first() {
    let of = |text: &str| {
        let parameters = Parameters::parse(text).unwrap();
        client_and_redirect(&parameters)
            .map(|(client, redirect)| (client.to_owned(), redirect.to_owned()))
    };
    assert_eq!(
        of("client_id=c&redirect_uri=r"),
        Ok(("c".to_owned(), "r".to_owned()))
    );
    for bad in [
        "client_id=c",
        "redirect_uri=r",
        "client_id=c&client_id=c&redirect_uri=r",
        "client_id=c&redirect_uri=r&redirect_uri=r",
    ] {
        assert!(of(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn never_panics(more in "(prompt|max_age|claims|scope|nonce)=[a-z0-9%+{}]{0,40}") {
        if let Ok(parameters) = Parameters::parse(&format!("response_type=code&{more}")) {
            let _ = AuthorizationRequest::parse(&parameters, true);
        }
    }
}
