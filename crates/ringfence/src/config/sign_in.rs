//! `[sign_in]` and its providers

use std::path::PathBuf;

use ringfence_core::account::AccountName;
use ringfence_core::sign_in::account_provider::{IssuerUrl, ProviderName};
use serde::{Deserialize, Serialize};

use super::Hidden;
use super::key::{Key, Kind, Section};

/// How people sign in, and for how long.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SignIn {
    /// How long a session lasts without a request.
    pub session_idle_secs: u32,
    /// How long a session lasts whatever happens.
    pub session_longest_secs: u32,
    /// Whether providers that accounts keep may be at private addresses.
    pub private_providers: bool,
    /// A file of certificates that vouch for providers besides the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_roots_file: Option<PathBuf>,
    /// OpenID Connect providers.
    #[serde(rename = "provider", skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Provider>,
}

/// An OpenID Connect provider that people of one account sign in through.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// Its name in addresses.
    pub name: String,
    /// What the button says.
    #[serde(default)]
    pub title: Option<String>,
    /// Who issues its tokens, letter by letter.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    #[serde(default)]
    pub client_secret: Option<Hidden>,
    /// A file that holds it.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// The account of the people it knows.
    pub account: String,
    /// The claim that holds the user name.
    #[serde(default = "Provider::username_claim")]
    pub username_claim: String,
    /// What is asked for besides `openid`.
    #[serde(default = "Provider::scopes")]
    pub scopes: Vec<String>,
    /// Whether people are also found by a verified e-mail address.
    #[serde(default)]
    pub link_by_email: bool,
    /// Whether those with an authenticator app are asked for a code afterwards.
    #[serde(default)]
    pub ask_code: bool,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            session_idle_secs: 8 * 3_600,
            session_longest_secs: 24 * 3_600,
            private_providers: false,
            extra_roots_file: None,
            providers: Vec::new(),
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "sign_in",
    meaning: "How people sign in to the portals, and for how long.",
    keys: &[
        Key {
            name: "session_idle_secs",
            kind: Kind::Number,
            meaning: "How long a session lasts without a request: 60 seconds at least.",
            example: "",
        },
        Key {
            name: "session_longest_secs",
            kind: Kind::Number,
            meaning: "How long a session lasts whatever happens: 30 days at most.",
            example: "",
        },
        Key {
            name: "private_providers",
            kind: Kind::Flag,
            meaning: "Whether the providers that admins of accounts set in the portal may be at addresses of this machine or\n\
                      of local networks. What stands in this file may be anywhere.",
            example: "",
        },
        Key {
            name: "extra_roots_file",
            kind: Kind::Text,
            meaning: "PEM file of certificates that vouch for OpenID Connect providers besides the public ones: those of a\n\
                      private certificate authority, or another Ringfence's own.",
            example: "\"/etc/ringfence/private-ca.pem\"",
        },
    ],
};

/// The sample's words on providers, which are tables and have no variables.
pub(super) const PROVIDER_SAMPLE: &str = r#"
# An OpenID Connect provider through which people of one account sign in. Register this address with it as the redirect
# URI: <public_url>/login/sso/<name>/callback. Give the secret here or, better, in a file that only the server may read.
# username_claim holds the user name as Ringfence knows it; nobody is made by signing in. Whoever came once is known by
# the provider's own subject from then on. With link_by_email, somebody whose user name is unknown is found by an e-mail
# address that the provider calls verified: only for a provider that nobody can register at by themselves. With ask_code,
# people who have an authenticator app are asked for a code as well. With username_claim = "email", only an address that the
# provider calls verified counts. Repeat the table for each provider.
#[[sign_in.provider]]
#name = "corp"
#title = "Example Corp"
#issuer = "https://id.example.com"
#client_id = "ringfence"
#client_secret_file = "/etc/ringfence/corp.secret"
#account = "acme"
#username_claim = "preferred_username"
#scopes = ["profile", "email"]
#link_by_email = false
#ask_code = false
"#;

const LEAST_IDLE_SECS: u32 = 60;
const MOST_LONGEST_SECS: u32 = 30 * 86_400;

impl SignIn {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if self.session_idle_secs < LEAST_IDLE_SECS {
            faults.push(format!(
                "sign_in.session_idle_secs must be at least {LEAST_IDLE_SECS}"
            ));
        }
        if !(self.session_idle_secs..=MOST_LONGEST_SECS).contains(&self.session_longest_secs) {
            faults.push(format!(
                "sign_in.session_longest_secs must be between session_idle_secs and {MOST_LONGEST_SECS}"
            ));
        }
        for (index, provider) in self.providers.iter().enumerate() {
            provider.faults(faults);
            let mut before = self.providers.iter().take(index);
            if before.any(|other| other.name == provider.name) {
                let name = &provider.name;
                faults.push(format!("sign_in.provider {name}: the name is taken"));
            }
        }
    }
}

impl Provider {
    fn username_claim() -> String {
        "preferred_username".to_owned()
    }

    fn scopes() -> Vec<String> {
        vec!["profile".to_owned(), "email".to_owned()]
    }

    fn faults(&self, faults: &mut Vec<String>) {
        let mut fault = |text: &str| faults.push(format!("sign_in.provider {}: {text}", self.name));
        if ProviderName::parse(&self.name).is_err() {
            fault("name has 1 to 40 of a-z, 0-9 and hyphen");
        }
        if IssuerUrl::parse(&self.issuer).is_err() {
            fault("issuer must be a URL that starts with https:// and has no query");
        }
        if AccountName::parse(&self.account).is_err() {
            fault("account is no account's name");
        }
        if self.client_id.is_empty() || self.username_claim.is_empty() {
            fault("client_id and username_claim must not be empty");
        }
        if self.client_secret.is_some() == self.client_secret_file.is_some() {
            fault("give either client_secret or client_secret_file");
        }
        let scope = |s: &String| {
            !s.is_empty()
                && s.bytes()
                    .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'))
        };
        if !self.scopes.iter().all(scope) {
            fault("a scope has printable characters without spaces");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let sign_in: SignIn = toml::from_str(text).unwrap();
        let mut faults = Vec::new();
        sign_in.faults(&mut faults);
        faults
    }

    #[test]
    fn a_provider_needs_one_secret_and_an_encrypted_issuer() {
        let provider = |rest: &str| {
            format!("[[provider]]\nname = \"corp\"\nclient_id = \"us\"\naccount = \"acme\"\n{rest}")
        };
        let good = "issuer = \"https://id.example\"\nclient_secret = \"s\"";
        assert!(faults(&provider(good)).is_empty());
        for bad in [
            "issuer = \"https://id.example\"",
            "issuer = \"https://id.example\"\nclient_secret = \"s\"\nclient_secret_file = \"f\"",
            "issuer = \"http://id.example\"\nclient_secret = \"s\"",
            "issuer = \"id.example\"\nclient_secret = \"s\"",
        ] {
            assert_eq!(faults(&provider(bad)).len(), 1, "{bad}");
        }
        let twice = format!("{}\n{}", provider(good), provider(good));
        assert_eq!(faults(&twice).len(), 1);
        assert_eq!(faults("session_idle_secs = 1").len(), 1);
        assert_eq!(faults("session_longest_secs = 60").len(), 1);
    }
}
