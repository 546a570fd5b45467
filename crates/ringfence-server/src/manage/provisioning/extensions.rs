//! `/api/v1/accounts/{account}/provisioning/extensions`: extensions with their numbers and devices.

use super::{Version, put_answer, tag};
use crate::app::App;
use crate::manage::accounts::name;
use crate::manage::body::Json;
use crate::manage::entity::{json, show};
use crate::manage::error::{ManageError, Refusals};
use crate::manage::paging::{Page, PageParams, Window};
use crate::manage::query::Query;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, put};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::manage::provisioning::{
    self as acts, AssignedExtension, EntryVersion, ExtensionSearch,
};
use ringfence_app::provisioning::put::{NewExtension, PersonKey};
use ringfence_core::provisioning::number::Number;
use ringfence_core::provisioning::text::{
    DialNumber, ExtensionNumber, ExternalId, Label, ValueError,
};
use ringfence_core::provisioning::{Did, Handset};
use ringfence_core::user::Username;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, show_one, put_one, delete_one))]
pub(in crate::manage) struct Api;

/// An extension.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Extension)]
struct ExtensionView {
    /// What is dialled.
    #[schema(example = "2001")]
    extension_number: String,
    /// Its id for programs.
    external_id: String,
    /// Who it is assigned to, by the name they sign in with; null when it is nobody, or somebody disabled.
    login_name: Option<String>,
    /// Where it is.
    location_id: i64,
    /// Whether voicemail is transcribed.
    vtt_enabled: bool,
    /// Whether calls are kept off.
    dnd_enabled: bool,
    /// The name or number shown to those who are called.
    caller_id: Option<String>,
    /// Whether none is shown.
    block_caller_id: bool,
    /// What kind of service it is.
    #[schema(example = "UX")]
    service_type_name: String,
    /// The numbers by which it is called from outside.
    dids: Vec<DidView>,
    /// The devices that ring.
    handsets: Vec<HandsetView>,
}

/// A number by which an extension is called from outside.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Did)]
pub(super) struct DidView {
    /// The digits, with the country's code.
    #[schema(example = "12015550100")]
    phone_number: String,
    /// What it is for.
    custom_tag: Option<String>,
}

/// A device of an extension.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Handset)]
struct HandsetView {
    /// Its name.
    name: String,
    /// Its id in the telephone system.
    sip_id: String,
}

/// What an extension becomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExtensionPut {
    /// Its id for programs; the present one stays, or one is made, if it is left out.
    external_id: Option<String>,
    /// Who it is assigned to, by the name they sign in with.
    login_name: Option<String>,
    /// Where it is.
    location_id: i64,
    /// Whether voicemail is transcribed.
    #[serde(default)]
    vtt_enabled: bool,
    /// Whether calls are kept off.
    #[serde(default)]
    dnd_enabled: bool,
    /// The name or number shown to those who are called.
    caller_id: Option<String>,
    /// Whether none is shown.
    #[serde(default)]
    block_caller_id: bool,
    /// What kind of service it is; the present one stays, or it is `UX`, if it is left out.
    service_type_name: Option<String>,
    /// The numbers by which it is called from outside.
    #[serde(default)]
    dids: Vec<DidView>,
    /// The devices that ring.
    #[serde(default)]
    handsets: Vec<HandsetView>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn put_route() -> MethodRouter<App> {
    put(put_one)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(delete_one)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/provisioning/extensions",
    operation_id = "provisioning_extension_list",
    tag = "Provisioning",
    summary = "List extensions",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("locationId" = Option<i64>, Query, description = "Where they are"),
        ("phoneNumber" = Option<String>, Query, description = "A number by which they are called from outside"),
        ("loginName" = Option<String>, Query, description = "Who they are assigned to"),
        PageParams,
    ),
    responses((status = 200, description = "A page, by number", body = Page<ExtensionView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let known = ["limit", "cursor", "locationId", "phoneNumber", "loginName"];
    let query = Query::read(&uri, &known)?;
    let place = format!("extensions/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let search = ExtensionSearch {
        location: query.parsed("locationId", Number::parse)?,
        phone_number: query.text("phoneNumber").map(str::to_owned),
        login_name: query.text("loginName").map(str::to_lowercase),
        email: None,
        after: window.after,
    };
    let found = acts::extension_list(&app.ctx, &caller, &search, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |extension| view(&extension))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/provisioning/extensions/{extensionNumber}",
    operation_id = "provisioning_extension_show",
    tag = "Provisioning",
    summary = "Show an extension",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("extensionNumber" = String, Path, description = "What is dialled"),
    ),
    responses((status = 200, description = "The extension", body = ExtensionView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let found = acts::extension_show(&app.ctx, &caller, &extension_number(&number)?).await?;
    let tag = tag(&EntryVersion::of_extension(&found.extension));
    show(&headers, &tag, &view(&found))
}

#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account}/provisioning/extensions/{extensionNumber}",
    operation_id = "provisioning_extension_put",
    tag = "Provisioning",
    summary = "Put an extension",
    description = "Putting the same again changes nothing. Another one of that number is a conflict, unless `If-Match` names its version.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("extensionNumber" = String, Path, description = "What is dialled"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to replace"),
    ),
    request_body = ExtensionPut,
    responses(
        (status = 201, description = "It is new", body = ExtensionView),
        (status = 200, description = "It was there just so, or was replaced", body = ExtensionView),
        Refusals
    )
)]
async fn put_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, number)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<ExtensionPut>,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let new = body.read(extension_number(&number)?)?;
    let version = Version::read(&headers)?;
    let is_version = version.check();
    let (put, found) =
        acts::extension_put(&app.ctx, &caller, new, version.given(&is_version)).await?;
    let tag = tag(&EntryVersion::of_extension(&found.extension));
    let path = format!("/api/v1/accounts/{account}/provisioning/extensions/{number}");
    Ok(put_answer(put, &path, &tag, &view(&found)))
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/provisioning/extensions/{extensionNumber}",
    operation_id = "provisioning_extension_delete",
    tag = "Provisioning",
    summary = "Remove an extension with its numbers and devices",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("extensionNumber" = String, Path, description = "What is dialled"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn delete_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, number)): Path<(String, String)>,
) -> Result<StatusCode, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    acts::extension_delete(&app.ctx, &caller, &extension_number(&number)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl ExtensionPut {
    fn read(self, number: ExtensionNumber) -> Result<NewExtension, ManageError> {
        let label = |pointer: &str, text: Option<&str>| {
            let text = text.map(Label::parse).transpose();
            text.map_err(ManageError::value(pointer))
        };
        let external_id = self.external_id.as_deref().map(ExternalId::parse);
        let login_name = self.login_name.as_deref().map(Username::parse).transpose();
        let login_name = login_name.map_err(ManageError::value("/loginName"))?;
        let mut dids = Vec::with_capacity(self.dids.len());
        for (index, did) in self.dids.iter().enumerate() {
            let pointer = format!("/dids/{index}");
            dids.push(Did {
                phone_number: DialNumber::parse(&did.phone_number)
                    .map_err(ManageError::value(&pointer))?,
                custom_tag: label(&pointer, did.custom_tag.as_deref())?,
            });
        }
        let mut handsets = Vec::with_capacity(self.handsets.len());
        for (index, handset) in self.handsets.iter().enumerate() {
            let pointer = format!("/handsets/{index}");
            let filled =
                |text: &str| Label::parse_filled(text).map_err(ManageError::value(&pointer));
            handsets.push(Handset {
                name: filled(&handset.name)?,
                sip_id: filled(&handset.sip_id)?,
            });
        }
        Ok(NewExtension {
            number,
            external_id: external_id
                .transpose()
                .map_err(ManageError::value("/externalId"))?,
            user: login_name.map(PersonKey::LoginName),
            location: Number::new(self.location_id).map_err(ManageError::value("/locationId"))?,
            vtt_enabled: self.vtt_enabled,
            dnd_enabled: self.dnd_enabled,
            caller_id: label("/callerId", self.caller_id.as_deref())?,
            block_caller_id: self.block_caller_id,
            service_type_name: label("/serviceTypeName", self.service_type_name.as_deref())?,
            dids,
            handsets,
        })
    }
}

impl DidView {
    /// A direct number as callers see it.
    pub(super) fn of(did: &Did) -> Self {
        Self {
            phone_number: did.phone_number.as_str().to_owned(),
            custom_tag: did.custom_tag.as_ref().map(|tag| tag.as_str().to_owned()),
        }
    }
}

/// The number of a path; what is none names nothing.
fn extension_number(text: &str) -> Result<ExtensionNumber, ManageError> {
    ExtensionNumber::parse(text).map_err(|ValueError(_)| ManageError::no_such("extension"))
}

fn view(found: &AssignedExtension) -> ExtensionView {
    let extension = &found.extension;
    let user = found.user.as_ref();
    let caller_id = extension.caller_id.as_ref();
    let handsets = extension.handsets.iter().map(|handset| HandsetView {
        name: handset.name.as_str().to_owned(),
        sip_id: handset.sip_id.as_str().to_owned(),
    });
    ExtensionView {
        extension_number: extension.number.as_str().to_owned(),
        external_id: extension.external_id.as_str().to_owned(),
        login_name: user.map(|user| user.login_name.as_str().to_owned()),
        location_id: extension.location.get(),
        vtt_enabled: extension.vtt_enabled,
        dnd_enabled: extension.dnd_enabled,
        caller_id: caller_id.map(|text| text.as_str().to_owned()),
        block_caller_id: extension.block_caller_id,
        service_type_name: extension.service_type_name.as_str().to_owned(),
        dids: extension.dids.iter().map(DidView::of).collect(),
        handsets: handsets.collect(),
    }
}
