//! What providers look like on the wire.

use crate::manage::entity::Tag;
use crate::manage::error::ManageError;
use crate::web::provider::CheckLine;
use ringfence_app::caller::Caller;
use ringfence_app::context::Ctx;
use ringfence_app::providers::{
    NewProvider, ProviderDetail, ProviderEdit, address_name, redirect_uri,
};
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::account_provider::{
    AccountProvider, IssuerUrl, LetsIn, MailDomain, ProviderName, claim_parse, client_id_parse,
    client_secret_check, scopes_parse, title_parse,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An OpenID Connect provider through which people of the account sign in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Provider)]
pub(super) struct ProviderView {
    /// Its name within the account.
    #[schema(example = "corp")]
    name: String,
    /// What the button says.
    title: String,
    /// Who issues its tokens.
    issuer: String,
    /// The id of this server there.
    client_id: String,
    /// What is asked for besides `openid`.
    scopes: Vec<String>,
    /// The claim that holds the user name.
    username_claim: String,
    /// Whether people are found by that user name.
    find_by_username: bool,
    /// Whether people are found by an e-mail address that the provider has verified.
    find_by_email: bool,
    /// Whether people who are unknown are made, as Agents.
    makes_agents: bool,
    /// Whether those with an authenticator app are asked for a code afterwards.
    ask_code: bool,
    /// Whether anybody signs in through it.
    active: bool,
    /// Domains of e-mail addresses by which it is offered.
    domains: Vec<String>,
    /// What to register with the provider as the redirect URI.
    redirect_uri: String,
    /// The page that offers it.
    sign_in_url: String,
    /// How many people are known to come through it; only of one provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    people_count: Option<u64>,
    /// When it was made.
    created_at: String,
}

/// A provider to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProviderCreate {
    /// 1 to 40 characters: a-z, 0-9 and hyphen.
    name: String,
    /// The name if not given.
    title: Option<String>,
    /// Who issues its tokens, letter by letter; it cannot be changed later.
    issuer: String,
    /// The id of this server there.
    client_id: String,
    /// The secret of this server there; it is never shown again.
    client_secret: String,
    /// `profile` and `email` if not given.
    scopes: Option<Vec<String>>,
    /// `preferred_username` if not given.
    username_claim: Option<String>,
    /// True if not given.
    find_by_username: Option<bool>,
    /// False if not given.
    find_by_email: Option<bool>,
    /// False if not given.
    makes_agents: Option<bool>,
    /// False if not given.
    ask_code: Option<bool>,
    /// True if not given.
    active: Option<bool>,
    /// Operators only.
    domains: Option<Vec<String>>,
}

/// What to change of a provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProviderChange {
    /// What the button says.
    title: Option<String>,
    /// The id of this server there.
    client_id: Option<String>,
    /// A new secret of this server there.
    client_secret: Option<String>,
    /// What is asked for besides `openid`.
    scopes: Option<Vec<String>>,
    /// The claim that holds the user name.
    username_claim: Option<String>,
    /// Whether people are found by that user name.
    find_by_username: Option<bool>,
    /// Whether people are found by an e-mail address that the provider has verified.
    find_by_email: Option<bool>,
    /// Whether people who are unknown are made, as Agents.
    makes_agents: Option<bool>,
    /// Whether those with an authenticator app are asked for a code afterwards.
    ask_code: Option<bool>,
    /// `false` ends nothing but new sign-ins.
    active: Option<bool>,
    /// Operators only.
    domains: Option<Vec<String>>,
}

/// What was tried of a provider.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProviderCheck)]
pub(super) struct CheckView {
    /// Each thing that was tried.
    pub(super) checks: Vec<CheckLineView>,
}

/// One thing that was tried.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProviderCheckLine)]
pub(super) struct CheckLineView {
    /// What was tried.
    title: &'static str,
    /// `pass`, `fail` or `unknown`.
    result: &'static str,
    /// What was found.
    text: String,
}

pub(super) fn new_of(body: ProviderCreate) -> Result<NewProvider, ManageError> {
    let title = body.title.as_deref().unwrap_or(&body.name);
    let claim = body.username_claim.as_deref();
    let secret = Secret::new(body.client_secret);
    client_secret_check(secret.expose()).map_err(ManageError::value("/clientSecret"))?;
    Ok(NewProvider {
        title: title_parse(title).map_err(ManageError::value("/title"))?,
        name: ProviderName::parse(&body.name).map_err(ManageError::value("/name"))?,
        issuer: IssuerUrl::parse(&body.issuer).map_err(ManageError::value("/issuer"))?,
        client_id: client_id_parse(&body.client_id).map_err(ManageError::value("/clientId"))?,
        client_secret: secret,
        scopes: match &body.scopes {
            Some(given) => scopes(given)?,
            None => vec!["profile".to_owned(), "email".to_owned()],
        },
        username_claim: claim_parse(claim.unwrap_or("preferred_username"))
            .map_err(ManageError::value("/usernameClaim"))?,
        lets_in: LetsIn {
            by_username: body.find_by_username.unwrap_or(true),
            by_email: body.find_by_email.unwrap_or(false),
            as_new_agents: body.makes_agents.unwrap_or(false),
        },
        ask_code: body.ask_code.unwrap_or(false),
        active: body.active.unwrap_or(true),
        domains: domains(&body.domains.unwrap_or_default())?,
    })
}

pub(super) fn edit_of(body: ProviderChange) -> Result<ProviderEdit, ManageError> {
    let title = body.title.as_deref().map(title_parse).transpose();
    let client_id = body.client_id.as_deref().map(client_id_parse).transpose();
    let claim = body.username_claim.as_deref().map(claim_parse).transpose();
    let secret = body.client_secret.map(Secret::new);
    let good = secret.as_ref().map(|s| client_secret_check(s.expose()));
    good.transpose()
        .map_err(ManageError::value("/clientSecret"))?;
    Ok(ProviderEdit {
        title: title.map_err(ManageError::value("/title"))?,
        client_id: client_id.map_err(ManageError::value("/clientId"))?,
        client_secret: secret,
        scopes: body.scopes.as_deref().map(scopes).transpose()?,
        username_claim: claim.map_err(ManageError::value("/usernameClaim"))?,
        by_username: body.find_by_username,
        by_email: body.find_by_email,
        as_new_agents: body.makes_agents,
        ask_code: body.ask_code,
        active: body.active,
        domains: body.domains.as_deref().map(domains).transpose()?,
        expected: None,
    })
}

fn scopes(given: &[String]) -> Result<Vec<String>, ManageError> {
    scopes_parse(&given.join(" ")).map_err(ManageError::value("/scopes"))
}

fn domains(given: &[String]) -> Result<Vec<MailDomain>, ManageError> {
    let parse = |(n, text): (usize, &String)| {
        MailDomain::parse(text).map_err(ManageError::value(&format!("/domains/{n}")))
    };
    given.iter().enumerate().map(parse).collect()
}

pub(super) fn tag(provider: &AccountProvider) -> Tag {
    Tag::version(provider.version)
}

pub(super) fn view(ctx: &Ctx, caller: &Caller, provider: &AccountProvider) -> ProviderView {
    let account = &caller.account.name;
    let address_name = address_name(account, &provider.name);
    let domains = provider.domains.iter();
    ProviderView {
        name: provider.name.as_str().to_owned(),
        title: provider.title.clone(),
        issuer: provider.issuer.as_str().to_owned(),
        client_id: provider.client_id.clone(),
        scopes: provider.scopes.clone(),
        username_claim: provider.username_claim.clone(),
        find_by_username: provider.lets_in.by_username,
        find_by_email: provider.lets_in.by_email,
        makes_agents: provider.lets_in.as_new_agents,
        ask_code: provider.ask_code,
        active: provider.active,
        domains: domains.map(|domain| domain.as_str().to_owned()).collect(),
        redirect_uri: redirect_uri(ctx, &address_name),
        sign_in_url: format!("{}/login?account={account}", ctx.settings.public_url),
        people_count: None,
        created_at: provider.created_at.to_iso_millis(),
    }
}

pub(super) fn whole(ctx: &Ctx, caller: &Caller, found: &ProviderDetail) -> ProviderView {
    ProviderView {
        people_count: Some(found.n_people),
        ..view(ctx, caller, &found.provider)
    }
}

pub(super) fn line_view(line: CheckLine) -> CheckLineView {
    CheckLineView {
        title: line.title,
        result: match line.good {
            Some(true) => "pass",
            Some(false) => "fail",
            None => "unknown",
        },
        text: line.text,
    }
}
