//! Reason codes of applications' requests for tokens, in plain words. The caller is told less: which code, token or
//! password was wrong is nobody's business but the account's.

use super::reasons::ReasonInfo;
use super::rules::{Remedy, Rule};

/// Every reason code that only such requests have.
pub(super) const GRANT_REASONS: [ReasonInfo; 14] = [
    ReasonInfo {
        codes: &["code_unknown", "code_of_another_application"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the code is none, or another application’s",
        todo: "have the person sign in again",
    },
    ReasonInfo {
        codes: &["code_used"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the code was used before; everything that came of it has ended",
        todo: "use each code once, and have the person sign in again",
    },
    ReasonInfo {
        codes: &["code_expired"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the code’s time is over",
        todo: "exchange it at once; have the person sign in again",
    },
    ReasonInfo {
        codes: &["redirect_uri_wrong"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the code was sent to another address than the one named now",
        todo: "send the redirect_uri of the first request",
    },
    ReasonInfo {
        codes: &["pkce_wrong"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "code_verifier is missing, or is not that of the first request",
        todo: "send the verifier that code_challenge was made of",
    },
    ReasonInfo {
        codes: &["refresh_unknown", "refresh_token_of_another_application"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the refresh token is none, or another application’s",
        todo: "have the person sign in again",
    },
    ReasonInfo {
        codes: &["refresh_expired"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the refresh token’s time is over",
        todo: "have the person sign in again",
    },
    ReasonInfo {
        codes: &["refresh_reused"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the refresh token was used before; everything that came of it has ended, since it may have been stolen",
        todo: "keep the newest one, and have the person sign in again",
    },
    ReasonInfo {
        codes: &["grant_ended"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "what the person allowed was taken back or replaced",
        todo: "have the person sign in again",
    },
    ReasonInfo {
        codes: &["person_barred"],
        rule: Rule::Person,
        remedy: Remedy::Admin,
        what: "the person or their account may not act now",
        todo: "an administrator decides",
    },
    ReasonInfo {
        codes: &["password_wrong", "user_unknown"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the password is not that of the name",
        todo: "ask the person; better, use a code",
    },
    ReasonInfo {
        codes: &["second_factor"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the person has a second factor, which a password alone does not satisfy",
        todo: "use a code instead of the password",
    },
    ReasonInfo {
        codes: &["tenant_wrong"],
        rule: Rule::Grant,
        remedy: Remedy::Program,
        what: "the name ends in another tenant",
        todo: "send the user name with @vbc.prod",
    },
    ReasonInfo {
        codes: &["password_locked"],
        rule: Rule::Patience,
        remedy: Remedy::Time,
        what: "there were too many wrong passwords for that name",
        todo: "wait half an hour; the person can still sign in by themselves",
    },
];
