//! What a page says was just done, by a code in its address: `?notice=credential-deleted`.
//!
//! A code that is not listed says nothing, so no link can put words on our pages.

use url::form_urlencoded;

/// A sentence at the top of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice {
    /// `ok`, `warn` or `bad`.
    pub(crate) kind: &'static str,
    /// What to say.
    pub(crate) text: &'static str,
}

/// Code, kind and sentence of each, by code.
static NOTICES: &[(&str, &str, &str)] = &[
    (
        "account-opened",
        "ok",
        "You are looking at this account now.",
    ),
    (
        "credential-deleted",
        "ok",
        "The credential is deleted. Nothing gets in with it any more.",
    ),
    ("credential-saved", "ok", "The credential is saved."),
    (
        "secret-retired",
        "ok",
        "The secret is retired, with every token it made.",
    ),
    (
        "consent-withdrawn",
        "ok",
        "It is taken back. The application can act for you no more.",
    ),
    (
        "application-disconnected",
        "ok",
        "The application is disconnected. It can act for nobody of this account any more.",
    ),
    ("content-deleted", "ok", "The content was deleted."),
    (
        "recording-deleted",
        "ok",
        "All content of the interaction was deleted.",
    ),
    (
        "authenticator-removed",
        "ok",
        "The authenticator app is removed. Your password alone signs you in.",
    ),
    ("passkey-added", "ok", "The passkey is added."),
    ("passkey-removed", "ok", "The passkey is removed."),
    (
        "password-changed",
        "ok",
        "Your password is changed, and your other sessions are ended.",
    ),
    ("session-ended", "ok", "The session is ended."),
    ("sessions-ended", "ok", "All other sessions are ended."),
    (
        "account-created",
        "ok",
        "The account is made. Open it to add its first administrator.",
    ),
    (
        "account-suspended",
        "warn",
        "The account is suspended. Every token and credential of it is refused.",
    ),
    (
        "account-resumed",
        "ok",
        "The account can be used again. Programs need new tokens.",
    ),
    (
        "application-suspended",
        "warn",
        "The application is suspended. Every token of it is refused.",
    ),
    (
        "application-resumed",
        "ok",
        "The application gets tokens again. Those of before stay refused.",
    ),
    (
        "application-verified",
        "ok",
        "The application is verified. Consent pages say so.",
    ),
    (
        "application-unverified",
        "warn",
        "Consent pages call the application unverified again.",
    ),
    (
        "application-deleted",
        "warn",
        "The application is deleted. Every token of it is refused.",
    ),
    (
        "subscription-blocked",
        "warn",
        "The subscription is blocked. Calls to its suite are refused.",
    ),
    (
        "subscription-unblocked",
        "ok",
        "Calls to the suite are taken again.",
    ),
    (
        "keys-rotated",
        "ok",
        "Successors are announced. They sign once every reader has had time to see them.",
    ),
    (
        "key-withdrawn",
        "warn",
        "The key is withdrawn. Nothing it signed is accepted any more.",
    ),
    ("group-created", "ok", "The group is made."),
    (
        "provider-created",
        "ok",
        "The provider is kept. Register the redirect address with it, then check the connection.",
    ),
    (
        "provider-saved",
        "ok",
        "Saved. It holds for the next sign-in.",
    ),
    (
        "provider-on",
        "ok",
        "People can sign in through the provider.",
    ),
    (
        "provider-off",
        "warn",
        "Nobody signs in through the provider any more. Who is signed in stays so.",
    ),
    (
        "provider-deleted",
        "warn",
        "The provider is deleted. Who is signed in stays so.",
    ),
    (
        "user-created",
        "ok",
        "The user is made. They cannot sign in before you invite them.",
    ),
    ("user-saved", "ok", "Saved. It holds from the next call on."),
    (
        "user-disabled",
        "warn",
        "The user is disabled. Their sessions and tokens have ended.",
    ),
    (
        "user-enabled",
        "ok",
        "The user is enabled. Programs of theirs need new tokens.",
    ),
    (
        "user-locked",
        "warn",
        "The user is locked. Their sessions and tokens have ended.",
    ),
    (
        "user-unlocked",
        "ok",
        "The user is unlocked. Programs of theirs need new tokens.",
    ),
    (
        "application-created",
        "ok",
        "The application is added. Subscribe it to an API and generate its keys.",
    ),
    (
        "application-saved",
        "ok",
        "Saved. It holds from the next call on.",
    ),
    (
        "keys-updated",
        "ok",
        "The keys are updated. Key and secret are as before.",
    ),
    (
        "keys-removed",
        "warn",
        "The keys are removed. Nothing gets in with them or their tokens any more.",
    ),
    (
        "subscription-added",
        "ok",
        "Subscribed. It holds from the next call on.",
    ),
    (
        "subscription-removed",
        "warn",
        "Unsubscribed. Calls are refused from now on.",
    ),
    ("profile-saved", "ok", "Your profile is saved."),
    (
        "developer-token-deleted",
        "ok",
        "The token is deleted. Nothing gets in with it any more.",
    ),
    (
        "developer-created",
        "ok",
        "The developer is made. They can sign in at the Developer Portal.",
    ),
    ("developer-saved", "ok", "The developer is saved."),
    (
        "developer-disabled",
        "warn",
        "The developer is disabled. Their sessions and personal tokens have ended.",
    ),
    (
        "developer-enabled",
        "ok",
        "The developer can sign in again. Personal tokens of the time before stay refused.",
    ),
    ("signed-out", "ok", "You are signed out."),
];

/// The notice that a query asks for.
pub(crate) fn notice_of(query: Option<&str>) -> Option<Notice> {
    let asked = form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == "notice")?;
    let (_, kind, text) = NOTICES.iter().find(|(code, _, _)| *code == asked.1)?;
    Some(Notice { kind, text })
}
