//! Every reason code in plain words.
//!
//! `docs/integrators.md` has the same table for those who call; a test holds the two together. Codes of token requests
//! stand here alone: the caller is not told them.

use super::grant_reasons::GRANT_REASONS;
use super::rules::{Remedy, Rule};

/// Reason codes that mean the same, in plain words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReasonInfo {
    /// The codes.
    pub codes: &'static [&'static str],
    /// The rule that was not met.
    pub rule: Rule,
    /// Who can put it right.
    pub remedy: Remedy,
    /// What happened.
    pub what: &'static str,
    /// What to do.
    pub todo: &'static str,
}

/// What a reason code means; `None` for one that this version does not know.
#[must_use]
pub fn reason_info(code: &str) -> Option<&'static ReasonInfo> {
    reasons().find(|info| info.codes.contains(&code))
}

/// Every reason code.
pub fn reasons() -> impl Iterator<Item = &'static ReasonInfo> {
    REASONS.iter().chain(&GRANT_REASONS)
}

/// The reason codes of calls, and of requests for a token of any kind.
const REASONS: [ReasonInfo; 55] = [
    ReasonInfo {
        codes: &["token_missing"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "the call carries no token",
        todo: "send Authorization: Bearer …",
    },
    ReasonInfo {
        codes: &["token_misplaced"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "the token is in the query or the body",
        todo: "send it in the header",
    },
    ReasonInfo {
        codes: &["token_twice"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "there are tokens in two places",
        todo: "send one",
    },
    ReasonInfo {
        codes: &["token_unreadable"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "the header names the scheme and holds no token",
        todo: "mend the header",
    },
    ReasonInfo {
        codes: &["authorization_repeated"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "there are two Authorization headers",
        todo: "send one",
    },
    ReasonInfo {
        codes: &["form_too_long"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "a form too long to be looked through",
        todo: "send less",
    },
    ReasonInfo {
        codes: &[
            "token_malformed",
            "token_type",
            "token_claims",
            "token_subject",
        ],
        rule: Rule::TokenGenuine,
        remedy: Remedy::Program,
        what: "it is not an access token of ours",
        todo: "ask the token service",
    },
    ReasonInfo {
        codes: &["token_key_unknown"],
        rule: Rule::TokenGenuine,
        remedy: Remedy::Program,
        what: "the key that signed it is unknown or withdrawn",
        todo: "get a new token",
    },
    ReasonInfo {
        codes: &["token_algorithm", "token_signature"],
        rule: Rule::TokenGenuine,
        remedy: Remedy::Program,
        what: "the signature is not right",
        todo: "ask the token service",
    },
    ReasonInfo {
        codes: &["token_issuer", "token_audience"],
        rule: Rule::TokenGenuine,
        remedy: Remedy::Program,
        what: "it was made by or for another service",
        todo: "ask this service’s token endpoint",
    },
    ReasonInfo {
        codes: &["token_expired"],
        rule: Rule::TokenTime,
        remedy: Remedy::Program,
        what: "its time is over",
        todo: "get a new token",
    },
    ReasonInfo {
        codes: &["token_not_yet_valid"],
        rule: Rule::TokenTime,
        remedy: Remedy::Program,
        what: "its time has not begun",
        todo: "set the clock",
    },
    ReasonInfo {
        codes: &["token_revoked"],
        rule: Rule::TokenStands,
        remedy: Remedy::Program,
        what: "it was revoked",
        todo: "get a new token",
    },
    ReasonInfo {
        codes: &["tokens_ended"],
        rule: Rule::TokenStands,
        remedy: Remedy::Program,
        what: "all tokens of its credential, owner or account were ended",
        todo: "get a new token",
    },
    ReasonInfo {
        codes: &["secret_retired"],
        rule: Rule::Secret,
        remedy: Remedy::Owner,
        what: "the secret that made it is retired or expired",
        todo: "use the new secret",
    },
    ReasonInfo {
        codes: &["credential_unknown"],
        rule: Rule::Credential,
        remedy: Remedy::Owner,
        what: "the credential was deleted",
        todo: "ask its owner for another",
    },
    ReasonInfo {
        codes: &["credential_expired"],
        rule: Rule::Credential,
        remedy: Remedy::Owner,
        what: "the credential has run out",
        todo: "the owner extends it or makes another",
    },
    ReasonInfo {
        codes: &["owner_inactive"],
        rule: Rule::Owner,
        remedy: Remedy::Admin,
        what: "the person it acts for is disabled",
        todo: "an administrator decides",
    },
    ReasonInfo {
        codes: &["owner_locked"],
        rule: Rule::Owner,
        remedy: Remedy::Admin,
        what: "the person it acts for is locked",
        todo: "an administrator decides",
    },
    ReasonInfo {
        codes: &["application_unknown"],
        rule: Rule::Application,
        remedy: Remedy::Program,
        what: "the application or its keys were deleted",
        todo: "ask its developer",
    },
    ReasonInfo {
        codes: &["application_suspended"],
        rule: Rule::Application,
        remedy: Remedy::Operator,
        what: "the application is suspended",
        todo: "ask the operator",
    },
    ReasonInfo {
        codes: &["user_inactive"],
        rule: Rule::Person,
        remedy: Remedy::Admin,
        what: "the person the application acts for is disabled",
        todo: "an administrator decides",
    },
    ReasonInfo {
        codes: &["user_locked"],
        rule: Rule::Person,
        remedy: Remedy::Admin,
        what: "the person the application acts for is locked",
        todo: "an administrator decides",
    },
    ReasonInfo {
        codes: &["grant_revoked"],
        rule: Rule::TokenStands,
        remedy: Remedy::Program,
        what: "what the person allowed the application was taken back",
        todo: "have the person sign in again",
    },
    ReasonInfo {
        codes: &["token_without_person"],
        rule: Rule::TokenGenuine,
        remedy: Remedy::Program,
        what: "the token is the application's own and acts for nobody",
        todo: "get a token for a person",
    },
    ReasonInfo {
        codes: &[
            "not_subscribed",
            "subscription_blocked",
            "subscription_inactive",
        ],
        rule: Rule::Subscription,
        remedy: Remedy::Program,
        what: "the application has no subscription in force to this API",
        todo: "subscribe it in the Developer Portal, or ask the operator",
    },
    ReasonInfo {
        codes: &["account_suspended"],
        rule: Rule::Account,
        remedy: Remedy::Operator,
        what: "the account is suspended",
        todo: "ask the operator",
    },
    ReasonInfo {
        codes: &["account_wrong"],
        rule: Rule::Account,
        remedy: Remedy::Operator,
        what: "the credential is not of the account the token names",
        todo: "ask the operator",
    },
    ReasonInfo {
        codes: &["region_wrong"],
        rule: Rule::Region,
        remedy: Remedy::Program,
        what: "the host name belongs to another region",
        todo: "call the account’s region",
    },
    ReasonInfo {
        codes: &["network_refused"],
        rule: Rule::Network,
        remedy: Remedy::Owner,
        what: "the credential may not be used from this address",
        todo: "the owner changes its networks",
    },
    ReasonInfo {
        codes: &["scope_not_asked"],
        rule: Rule::Scope,
        remedy: Remedy::Program,
        what: "the credential has the scope, the token was made without it",
        todo: "ask for it with the token",
    },
    ReasonInfo {
        codes: &["scope_withdrawn"],
        rule: Rule::Scope,
        remedy: Remedy::Owner,
        what: "the credential or the owner’s licence no longer has it",
        todo: "the owner or an administrator",
    },
    ReasonInfo {
        codes: &["scope_missing"],
        rule: Rule::Scope,
        remedy: Remedy::Owner,
        what: "the credential does not have it",
        todo: "the owner adds it to the credential",
    },
    ReasonInfo {
        codes: &["not_administrator"],
        rule: Rule::Content,
        remedy: Remedy::Admin,
        what: "the person an application acts for is no Account Administrator",
        todo: "have an Account Administrator sign in, or ask one for the role",
    },
    ReasonInfo {
        codes: &["content_forbidden"],
        rule: Rule::Content,
        remedy: Remedy::Admin,
        what: "the owner may not delete this, may not see all of it, or it is under legal hold",
        todo: "an administrator decides",
    },
    ReasonInfo {
        codes: &[
            "quota_account",
            "quota_credential",
            "quota_token",
            "quota_route",
            "quota_class",
            "quota_content_read",
            "quota_content_delete",
            "quota_application",
            "quota_plan",
        ],
        rule: Rule::Quota,
        remedy: Remedy::Time,
        what: "a quota is used up; the name says whose",
        todo: "wait as Retry-After says",
    },
    ReasonInfo {
        codes: &["directory_stale"],
        rule: Rule::Directory,
        remedy: Remedy::Operator,
        what: "this node cannot know the present rights",
        todo: "try again as Retry-After says",
    },
    ReasonInfo {
        codes: &["no_route"],
        rule: Rule::Route,
        remedy: Remedy::Program,
        what: "there is nothing at this path",
        todo: "look at the path",
    },
    ReasonInfo {
        codes: &["method_refused"],
        rule: Rule::Route,
        remedy: Remedy::Program,
        what: "not with this method",
        todo: "look at Allow",
    },
    ReasonInfo {
        codes: &["host_ambiguous"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "there is no host, or two",
        todo: "send one Host",
    },
    ReasonInfo {
        codes: &[
            "path_not_absolute",
            "path_too_long",
            "path_empty_segment",
            "path_dot_segment",
            "path_forbidden_byte",
            "path_parameters",
            "path_asterisk",
            "path_broken_encoding",
            "path_encoded_delimiter",
            "path_not_plain_text",
        ],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "two programs could read the path in two ways",
        todo: "send it plainly, encoded once",
    },
    ReasonInfo {
        codes: &["path_not_forwardable"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "the path cannot be passed on",
        todo: "send it plainly, encoded once",
    },
    ReasonInfo {
        codes: &["body_malformed", "body_stalled", "body_too_long"],
        rule: Rule::Upstream,
        remedy: Remedy::Program,
        what: "the request’s body is cut, slow or too long",
        todo: "send it whole, within the limit",
    },
    ReasonInfo {
        codes: &[
            "upstream_unreachable",
            "upstream_timeout",
            "upstream_broken",
            "upstream_upgrade",
        ],
        rule: Rule::Upstream,
        remedy: Remedy::Operator,
        what: "the service behind the gateway did not answer properly",
        todo: "ask the operator",
    },
    ReasonInfo {
        codes: &["secret_wrong"],
        rule: Rule::Secret,
        remedy: Remedy::Program,
        what: "the secret shown is none of the credential’s",
        todo: "send the right secret, or have the owner make a new one",
    },
    ReasonInfo {
        codes: &["secret_expired"],
        rule: Rule::Secret,
        remedy: Remedy::Owner,
        what: "the secret shown has run out",
        todo: "use the new secret",
    },
    ReasonInfo {
        codes: &["client_unreadable"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "the request does not say who is calling in a way that can be read",
        todo: "send client_id and client_secret, or HTTP Basic",
    },
    ReasonInfo {
        codes: &["invalid_request"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "a parameter is missing, repeated or unreadable",
        todo: "mend the request",
    },
    ReasonInfo {
        codes: &["unsupported_grant_type"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "grant_type is none that the client may use",
        todo: "send one that it may use; an API credential’s is client_credentials",
    },
    ReasonInfo {
        codes: &["invalid_scope"],
        rule: Rule::Scope,
        remedy: Remedy::Owner,
        what: "a scope was asked for that does not exist, or that the credential or its owner’s licence does not hold",
        todo: "ask for others, or have the owner add it to the credential",
    },
    ReasonInfo {
        codes: &["too_many_failures"],
        rule: Rule::Patience,
        remedy: Remedy::Program,
        what: "there were too many wrong secrets from this address",
        todo: "wait as Retry-After says, then send the right secret",
    },
    ReasonInfo {
        codes: &["unavailable"],
        rule: Rule::Directory,
        remedy: Remedy::Operator,
        what: "this node cannot know the present rights, or has no signing key in use",
        todo: "try again as Retry-After says",
    },
    ReasonInfo {
        codes: &["internal"],
        rule: Rule::Upstream,
        remedy: Remedy::Operator,
        what: "something failed inside",
        todo: "ask the operator, who has the log",
    },
    ReasonInfo {
        codes: &["unauthorized_client"],
        rule: Rule::Request,
        remedy: Remedy::Program,
        what: "the client may not do this",
        todo: "use the credential that made the token",
    },
    ReasonInfo {
        codes: &["slow_down"],
        rule: Rule::Patience,
        remedy: Remedy::Time,
        what: "too many questions of one client",
        todo: "wait as Retry-After says",
    },
];

#[cfg(test)]
mod tests {
    use super::super::rules::{
        APPLICATION_RULES, APPLICATION_TOKEN_RULES, CALL_RULES, TOKEN_RULES,
    };
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_documented_reason_is_explained() {
        let page = include_str!("../../../../docs/integrators.md");
        let table = page.split("| Reason |").nth(1).unwrap();
        let table = table.split("\n\n").next().unwrap();
        let mut n = 0;
        for line in table.lines().skip(2) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            for code in cells[1].split(',').map(|c| c.trim().trim_matches('`')) {
                assert!(reason_info(code).is_some(), "{code} is not explained");
                n += 1;
            }
        }
        assert!(n > 50, "{n}");
    }

    #[test]
    fn no_code_is_explained_twice() {
        let mut codes = HashSet::new();
        for code in reasons().flat_map(|info| info.codes) {
            assert!(codes.insert(code), "{code}");
        }
    }

    #[test]
    fn each_rule_stands_in_an_order() {
        for info in reasons() {
            let orders: [&[Rule]; 4] = [
                &CALL_RULES,
                &TOKEN_RULES,
                &APPLICATION_RULES,
                &APPLICATION_TOKEN_RULES,
            ];
            assert!(
                orders.iter().any(|order| order.contains(&info.rule)),
                "{:?}",
                info.codes
            );
        }
    }
}
