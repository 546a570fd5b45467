//! `/api/v1/accounts/{account}/provisioning/users/{userId}`: what the User API tells of a person.

use super::extensions::DidView;
use super::{Version, tag};
use crate::app::App;
use crate::manage::accounts::name;
use crate::manage::body::Json;
use crate::manage::entity::{json, show, tagged};
use crate::manage::error::{ManageError, Refusals};
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, put};
use http::{HeaderMap, StatusCode};
use ringfence_app::manage::provisioning::{self as acts, EntryVersion, PersonEntry};
use ringfence_app::provisioning::put::NewPerson;
use ringfence_core::id::UserId;
use ringfence_core::provisioning::number::Number;
use ringfence_core::provisioning::text::Label;
use ringfence_core::provisioning::{ContactKind, ContactNumber};
use ringfence_core::user::{User, Username};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(person_show, person_put))]
pub(in crate::manage) struct Api;

/// What the User API tells of a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Person)]
struct PersonView {
    /// Their number, unique in the installation.
    #[schema(example = 815)]
    id: i64,
    /// The name they sign in with.
    login_name: String,
    /// Their e-mail address.
    email: String,
    /// Their first name.
    first_name: String,
    /// The rest of their name.
    last_name: String,
    /// How else they are reached.
    contact_numbers: Vec<ContactView>,
    /// The extensions that are assigned to them.
    extensions: Vec<OwnExtensionView>,
}

/// How else a person is reached.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactNumber)]
struct ContactView {
    /// `Mobile`, `Home` or `Fax`.
    #[serde(rename = "type")]
    kind: String,
    /// The number, if it is known.
    value: Option<String>,
}

/// An extension of a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OwnExtension)]
struct OwnExtensionView {
    /// What is dialled.
    extension_number: String,
    /// The numbers by which it is called from outside.
    dids: Vec<DidView>,
}

/// What a person's entry becomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PersonPut {
    /// Their number; the present one stays if it is left out.
    id: Option<i64>,
    /// Their e-mail address.
    email: String,
    /// Their first name.
    first_name: String,
    /// The rest of their name.
    #[serde(default)]
    last_name: String,
    /// How else they are reached.
    #[serde(default)]
    contact_numbers: Vec<ContactView>,
}

pub(crate) fn person_show_route() -> MethodRouter<App> {
    get(person_show)
}

pub(crate) fn person_put_route() -> MethodRouter<App> {
    put(person_put)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/provisioning/users/{userId}",
    operation_id = "provisioning_user_show",
    tag = "Provisioning",
    summary = "Show what the User API tells of a person",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("userId" = String, Path, description = "The person's id"),
    ),
    responses((status = 200, description = "The person's entry", body = PersonView), Refusals)
)]
async fn person_show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let found = acts::person_show(&app.ctx, &caller, user_id(&id)?).await?;
    let tag = tag(&EntryVersion::of_person(&found.person));
    show(&headers, &tag, &view(&found))
}

#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account}/provisioning/users/{userId}",
    operation_id = "provisioning_user_put",
    tag = "Provisioning",
    summary = "Replace what the User API tells of a person",
    description = "Login name and role are changed where people are.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("userId" = String, Path, description = "The person's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to replace"),
    ),
    request_body = PersonPut,
    responses((status = 200, description = "As it is now", body = PersonView), Refusals)
)]
async fn person_put(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<PersonPut>,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let id = user_id(&id)?;
    let entry = body.read()?;
    let new = |user: &User| entry(user.username.clone());
    let version = Version::read(&headers)?;
    let is_version = version.check();
    acts::person_put(&app.ctx, &caller, id, new, version.given(&is_version)).await?;
    let found = acts::person_show(&app.ctx, &caller, id).await?;
    let tag = tag(&EntryVersion::of_person(&found.person));
    Ok(tagged(json(StatusCode::OK, &view(&found)), &tag))
}

impl PersonPut {
    /// What the entry of whoever signs in with that name becomes.
    fn read(self) -> Result<impl FnOnce(Username) -> NewPerson + Send, ManageError> {
        let number = self.id.map(Number::new).transpose();
        let number = number.map_err(ManageError::value("/id"))?;
        let email = Label::parse_filled(&self.email).map_err(ManageError::value("/email"))?;
        let first_name =
            Label::parse_filled(&self.first_name).map_err(ManageError::value("/firstName"))?;
        let last_name = Label::parse(&self.last_name).map_err(ManageError::value("/lastName"))?;
        let mut contact_numbers = Vec::with_capacity(self.contact_numbers.len());
        for (index, contact) in self.contact_numbers.iter().enumerate() {
            let pointer = format!("/contactNumbers/{index}");
            let value = contact.value.as_deref().map(Label::parse).transpose();
            contact_numbers.push(ContactNumber {
                kind: ContactKind::parse(&contact.kind).map_err(ManageError::value(&pointer))?,
                value: value.map_err(ManageError::value(&pointer))?,
            });
        }
        Ok(move |login_name| NewPerson {
            number,
            login_name,
            email: email.as_str().to_owned(),
            first_name,
            last_name,
            contact_numbers,
            role: None,
        })
    }
}

fn user_id(text: &str) -> Result<UserId, ManageError> {
    UserId::parse(text).map_err(|_| ManageError::no_such("user"))
}

fn view(entry: &PersonEntry) -> PersonView {
    let person = &entry.person;
    let contact = |contact: &ContactNumber| ContactView {
        kind: contact.kind.as_str().to_owned(),
        value: contact.value.as_ref().map(|v| v.as_str().to_owned()),
    };
    let extensions = entry.extensions.iter().map(|own| OwnExtensionView {
        extension_number: own.number.as_str().to_owned(),
        dids: own.dids.iter().map(DidView::of).collect(),
    });
    PersonView {
        id: person.number.get(),
        login_name: person.login_name.as_str().to_owned(),
        email: person.email.clone(),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        contact_numbers: person.contact_numbers.iter().map(contact).collect(),
        extensions: extensions.collect(),
    }
}
