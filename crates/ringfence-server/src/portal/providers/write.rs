//! Making and changing a provider.

use super::name;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::providers::{provider_create, provider_edit, provider_show};
use ringfence_app::providers::{NewProvider, ProviderEdit};
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::account_provider::{
    AccountProvider, IssuerUrl, LetsIn, MailDomain, ProviderName, claim_parse, client_id_parse,
    client_secret_check, scopes_parse, title_parse,
};

#[derive(Template)]
#[template(path = "providers/new.html")]
struct CreatePage {
    chrome: Chrome,
    faults: Faults,
    name: String,
    issuer: String,
    fields: Fields,
}

#[derive(Template)]
#[template(path = "providers/edit.html")]
struct EditPage {
    chrome: Chrome,
    faults: Faults,
    name: String,
    issuer: String,
    version: String,
    fields: Fields,
}

/// The fields that both pages have, as the form has them. The secret is never sent back.
struct Fields {
    title: String,
    client_id: String,
    scopes: String,
    username_claim: String,
    by_username: bool,
    by_email: bool,
    as_new_agents: bool,
    ask_code: bool,
    domains: String,
    /// Only operators say by which domains it is offered.
    sets_domains: bool,
}

/// What both forms say, when it can be read.
struct Sent {
    title: String,
    client_id: String,
    scopes: Vec<String>,
    username_claim: String,
    lets_in: LetsIn,
    ask_code: bool,
    domains: Option<Vec<MailDomain>>,
}

/// `GET /admin/providers/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /admin/providers`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

/// `GET /admin/providers/{provider}/edit`.
pub(crate) fn edit_form_route() -> MethodRouter<App> {
    get(edit_form)
}

/// `POST /admin/providers/{provider}/edit`.
pub(crate) fn edit_route() -> MethodRouter<App> {
    post(edit)
}

async fn create_form(Signed(caller): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    caller.require_admin()?;
    render(&CreatePage {
        chrome,
        faults: Faults::default(),
        name: String::new(),
        issuer: String::new(),
        fields: Fields {
            title: String::new(),
            client_id: String::new(),
            scopes: "profile email".to_owned(),
            username_claim: "preferred_username".to_owned(),
            by_username: true,
            by_email: false,
            as_new_agents: false,
            ask_code: false,
            domains: String::new(),
            sets_domains: caller.is_operator(),
        },
    })
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    caller.require_admin()?;
    let mut faults = Faults::default();
    if let Some(new) = new_of(&caller, &form, &mut faults) {
        match provider_create(&app.ctx, &caller, new).await {
            Ok(made) => {
                let path = format!("/admin/providers/{}", made.name);
                return Ok(redirect_with_notice(&path, "provider-created"));
            }
            Err(Error::Conflict(text)) => faults.add("name", text),
            Err(Error::Invalid(text)) => faults.add("", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = CreatePage {
        chrome,
        faults,
        name: form.text("name").to_owned(),
        issuer: form.text("issuer").to_owned(),
        fields: fields_sent(&caller, &form),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn edit_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(provider): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = provider_show(&app.ctx, &caller, &name(&provider)?).await?;
    let provider = &found.provider;
    render(&EditPage {
        chrome,
        faults: Faults::default(),
        name: provider.name.as_str().to_owned(),
        issuer: provider.issuer.as_str().to_owned(),
        version: provider.version.to_string(),
        fields: fields_of(&caller, provider),
    })
}

async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(provider): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let name = name(&provider)?;
    let before = provider_show(&app.ctx, &caller, &name).await?.provider;
    let mut faults = Faults::default();
    if let Some(edit) = edit_of(&caller, &form, &mut faults) {
        match provider_edit(&app.ctx, &caller, &name, edit).await {
            Ok(_) => {
                let path = format!("/admin/providers/{name}");
                return Ok(redirect_with_notice(&path, "provider-saved"));
            }
            Err(Error::Conflict(text) | Error::Invalid(text)) => faults.add("", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = EditPage {
        chrome,
        faults,
        name: name.as_str().to_owned(),
        issuer: before.issuer.as_str().to_owned(),
        version: form.text("version").to_owned(),
        fields: fields_sent(&caller, &form),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn new_of(caller: &Caller, form: &Form, faults: &mut Faults) -> Option<NewProvider> {
    let name = faults.read(form, "name", ProviderName::parse);
    let issuer = faults.read(form, "issuer", IssuerUrl::parse);
    let secret = secret_of(form, faults);
    let sent = sent(caller, form, faults);
    let (name, issuer, client_secret, sent) = (name?, issuer?, secret?, sent?);
    Some(NewProvider {
        name,
        issuer,
        client_secret,
        title: sent.title,
        client_id: sent.client_id,
        scopes: sent.scopes,
        username_claim: sent.username_claim,
        lets_in: sent.lets_in,
        ask_code: sent.ask_code,
        active: true,
        domains: sent.domains.unwrap_or_default(),
    })
}

fn edit_of(caller: &Caller, form: &Form, faults: &mut Faults) -> Option<ProviderEdit> {
    // An empty field leaves the secret as it is.
    let secret = match form.raw("client_secret") {
        "" => None,
        _ => secret_of(form, faults),
    };
    let version = form.text("version").parse().ok();
    if version.is_none() {
        faults.add("", "the form does not say which version it is of");
    }
    let sent = sent(caller, form, faults)?;
    Some(ProviderEdit {
        title: Some(sent.title),
        client_id: Some(sent.client_id),
        client_secret: secret,
        scopes: Some(sent.scopes),
        username_claim: Some(sent.username_claim),
        by_username: Some(sent.lets_in.by_username),
        by_email: Some(sent.lets_in.by_email),
        as_new_agents: Some(sent.lets_in.as_new_agents),
        ask_code: Some(sent.ask_code),
        active: None,
        domains: sent.domains,
        expected: version,
    })
}

fn secret_of(form: &Form, faults: &mut Faults) -> Option<Secret<String>> {
    let secret = Secret::new(form.raw("client_secret").to_owned());
    match client_secret_check(secret.expose()) {
        Ok(()) => Some(secret),
        Err(error) => {
            faults.add("client_secret", error);
            None
        }
    }
}

fn sent(caller: &Caller, form: &Form, faults: &mut Faults) -> Option<Sent> {
    let title = faults.read(form, "title", title_parse);
    let client_id = faults.read(form, "client_id", client_id_parse);
    let scopes = faults.read(form, "scopes", scopes_parse);
    let username_claim = faults.read(form, "username_claim", claim_parse);
    let mut domains = caller.is_operator().then(Vec::new);
    if let Some(all) = &mut domains {
        for text in form.text("domains").split_whitespace() {
            match MailDomain::parse(text) {
                Ok(domain) => all.push(domain),
                Err(error) => faults.add("domains", format!("“{text}”: {error}")),
            }
        }
    }
    let (title, client_id) = (title?, client_id?);
    let (scopes, username_claim) = (scopes?, username_claim?);
    faults.is_empty().then_some(Sent {
        title,
        client_id,
        scopes,
        username_claim,
        lets_in: LetsIn {
            by_username: form.is_ticked("by_username"),
            by_email: form.is_ticked("by_email"),
            as_new_agents: form.is_ticked("as_new_agents"),
        },
        ask_code: form.is_ticked("ask_code"),
        domains,
    })
}

fn fields_of(caller: &Caller, provider: &AccountProvider) -> Fields {
    let domains: Vec<&str> = provider.domains.iter().map(MailDomain::as_str).collect();
    Fields {
        title: provider.title.clone(),
        client_id: provider.client_id.clone(),
        scopes: provider.scopes.join(" "),
        username_claim: provider.username_claim.clone(),
        by_username: provider.lets_in.by_username,
        by_email: provider.lets_in.by_email,
        as_new_agents: provider.lets_in.as_new_agents,
        ask_code: provider.ask_code,
        domains: domains.join("\n"),
        sets_domains: caller.is_operator(),
    }
}

fn fields_sent(caller: &Caller, form: &Form) -> Fields {
    Fields {
        title: form.text("title").to_owned(),
        client_id: form.text("client_id").to_owned(),
        scopes: form.text("scopes").to_owned(),
        username_claim: form.text("username_claim").to_owned(),
        by_username: form.is_ticked("by_username"),
        by_email: form.is_ticked("by_email"),
        as_new_agents: form.is_ticked("as_new_agents"),
        ask_code: form.is_ticked("ask_code"),
        domains: form.text("domains").to_owned(),
        sets_domains: caller.is_operator(),
    }
}
