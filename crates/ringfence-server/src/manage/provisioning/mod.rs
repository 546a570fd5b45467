//! `/api/v1/accounts/{account}/provisioning`: what the Provisioning APIs tell of an account, and its locations.
//!
//! People are in [`people`], extensions in [`extensions`].

pub(crate) mod extensions;
pub(crate) mod people;

use super::accounts::name;
use super::body::Json;
use super::entity::{Match, Tag, created, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::idempotency::CreateParams;
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post, put};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::manage::provisioning::{self as acts, EntryVersion};
use ringfence_app::provisioning::put::{NewDetails, NewLocation, Put};
use ringfence_core::provisioning::number::{LocationNumber, Number};
use ringfence_core::provisioning::text::{Label, TimeZone, ValueError};
use ringfence_core::provisioning::{AccountDetails, Location, PostalAddress};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(
    account_show,
    account_put,
    location_list,
    location_create,
    location_show,
    location_put,
    location_delete
))]
pub(super) struct Api;

/// A postal address. Parts that are not known are empty.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = PostalAddress)]
struct AddressView {
    /// Street and house.
    address1: String,
    /// What does not fit there.
    address2: Option<String>,
    /// The country's code.
    #[schema(example = "US")]
    country: String,
    /// The state's code.
    state: String,
    /// The city.
    city: String,
    /// The postal code.
    postal_code: String,
}

/// What the Account API tells of an account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AccountDetails)]
struct DetailsView {
    /// Its number, unique in the installation; in a body, the present one stays if it is left out.
    #[schema(example = 4711)]
    id: Option<i64>,
    /// The name that people read.
    name: String,
    /// `ACTIVE`, or what else is said of its state.
    status: String,
    /// Where it sits.
    #[serde(default)]
    address: AddressView,
}

/// A place where an account has extensions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Location)]
struct LocationView {
    /// Its number.
    #[schema(example = 9001)]
    id: i64,
    /// Its name.
    name: String,
    /// The name of its time zone.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Where it is.
    address: AddressView,
}

/// What a location becomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LocationPut {
    /// Its name.
    name: String,
    /// The name of its time zone.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Where it is.
    #[serde(default)]
    address: AddressView,
}

pub(crate) fn account_show_route() -> MethodRouter<App> {
    get(account_show)
}

pub(crate) fn account_put_route() -> MethodRouter<App> {
    put(account_put)
}

pub(crate) fn location_list_route() -> MethodRouter<App> {
    get(location_list)
}

pub(crate) fn location_create_route() -> MethodRouter<App> {
    post(location_create)
}

pub(crate) fn location_show_route() -> MethodRouter<App> {
    get(location_show)
}

pub(crate) fn location_put_route() -> MethodRouter<App> {
    put(location_put)
}

pub(crate) fn location_delete_route() -> MethodRouter<App> {
    delete(location_delete)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/provisioning",
    operation_id = "provisioning_account_show",
    tag = "Provisioning",
    summary = "Show what the Account API tells of the account",
    description = "For admins of accounts of kind `vbc`.",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The account's entry", body = DetailsView), Refusals)
)]
async fn account_show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let found = acts::details_show(&app.ctx, &caller).await?;
    let tag = tag(&EntryVersion::of_details(&found));
    show(&headers, &tag, &details_view(&found))
}

#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account}/provisioning",
    operation_id = "provisioning_account_put",
    tag = "Provisioning",
    summary = "Replace what the Account API tells of the account",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to replace"),
    ),
    request_body = DetailsView,
    responses((status = 200, description = "As it is now", body = DetailsView), Refusals)
)]
async fn account_put(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<DetailsView>,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let number = body.id.map(Number::new).transpose();
    let new = NewDetails {
        number: number.map_err(ManageError::value("/id"))?,
        name: Label::parse_filled(&body.name).map_err(ManageError::value("/name"))?,
        status: Label::parse_filled(&body.status).map_err(ManageError::value("/status"))?,
        address: body.address.read()?,
    };
    let version = Version::read(&headers)?;
    let is_version = version.check();
    let found = acts::details_put(&app.ctx, &caller, new, version.given(&is_version)).await?;
    let tag = tag(&EntryVersion::of_details(&found));
    Ok(tagged(json(StatusCode::OK, &details_view(&found)), &tag))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/provisioning/locations",
    operation_id = "provisioning_location_list",
    tag = "Provisioning",
    summary = "List locations",
    params(("account" = String, Path, description = "The account's name"), PageParams),
    responses((status = 200, description = "A page, by id", body = Page<LocationView>), Refusals)
)]
async fn location_list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let query = Query::read(&uri, &["limit", "cursor"])?;
    let place = format!("locations/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let after = window.after.as_deref();
    let found = acts::location_list(&app.ctx, &caller, after, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |location| location_view(&location))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/provisioning/locations",
    operation_id = "provisioning_location_create",
    tag = "Provisioning",
    summary = "Make a location",
    description = "It gets a number that no other location has.",
    params(("account" = String, Path, description = "The account's name"), CreateParams),
    request_body = LocationPut,
    responses((status = 201, description = "It is made", body = LocationView), Refusals)
)]
async fn location_create(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    Json(body): Json<LocationPut>,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let new = body.read()?;
    let made = acts::location_create(&app.ctx, &caller, new).await?;
    let tag = tag(&EntryVersion::of_location(&made));
    let location = location_path(&account, made.number);
    Ok(created(&location, &tag, &location_view(&made)))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/provisioning/locations/{locationId}",
    operation_id = "provisioning_location_show",
    tag = "Provisioning",
    summary = "Show a location",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("locationId" = i64, Path, description = "The location's number"),
    ),
    responses((status = 200, description = "The location", body = LocationView), Refusals)
)]
async fn location_show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let found = acts::location_show(&app.ctx, &caller, location_number(&id)?).await?;
    let tag = tag(&EntryVersion::of_location(&found));
    show(&headers, &tag, &location_view(&found))
}

#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account}/provisioning/locations/{locationId}",
    operation_id = "provisioning_location_put",
    tag = "Provisioning",
    summary = "Put a location",
    description = "Putting the same again changes nothing. Another one of that number is a conflict, unless `If-Match` names its version.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("locationId" = i64, Path, description = "The location's number"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to replace"),
    ),
    request_body = LocationPut,
    responses(
        (status = 201, description = "It is new", body = LocationView),
        (status = 200, description = "It was there just so, or was replaced", body = LocationView),
        Refusals
    )
)]
async fn location_put(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<LocationPut>,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let new = body.read()?(location_number(&id)?);
    let version = Version::read(&headers)?;
    let is_version = version.check();
    let (put, found) =
        acts::location_put(&app.ctx, &caller, new, version.given(&is_version)).await?;
    let tag = tag(&EntryVersion::of_location(&found));
    let path = location_path(&account, found.number);
    Ok(put_answer(put, &path, &tag, &location_view(&found)))
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/provisioning/locations/{locationId}",
    operation_id = "provisioning_location_delete",
    tag = "Provisioning",
    summary = "Remove a location",
    description = "A conflict while extensions are there.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("locationId" = i64, Path, description = "The location's number"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn location_delete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
) -> Result<StatusCode, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    acts::location_delete(&app.ctx, &caller, location_number(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which version of an entry a caller means to replace.
struct Version(Option<Match>);

impl Version {
    fn read(headers: &HeaderMap) -> Result<Self, ManageError> {
        match Match::read(headers) {
            Ok(version) => Ok(Self(Some(version))),
            Err(ManageError::PreconditionMissing) => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }

    fn check(&self) -> impl Fn(&EntryVersion) -> bool + Send + Sync {
        let version = self.0.clone();
        move |present| {
            version
                .as_ref()
                .is_some_and(|version| version.check(&tag(present)).is_ok())
        }
    }

    fn given<'v>(
        &self,
        check: &'v (dyn Fn(&EntryVersion) -> bool + Send + Sync),
    ) -> acts::IsVersion<'v> {
        self.0.as_ref().map(|_| check)
    }
}

impl AddressView {
    fn read(&self) -> Result<PostalAddress, ManageError> {
        let label = |pointer, text: &str| Label::parse(text).map_err(ManageError::value(pointer));
        let second = self.address2.as_deref();
        Ok(PostalAddress {
            address_1: label("/address/address1", &self.address1)?,
            address_2: second
                .map(|text| label("/address/address2", text))
                .transpose()?,
            country: label("/address/country", &self.country)?,
            state: label("/address/state", &self.state)?,
            city: label("/address/city", &self.city)?,
            postal_code: label("/address/postalCode", &self.postal_code)?,
        })
    }

    fn of(address: &PostalAddress) -> Self {
        let text = |label: &Label| label.as_str().to_owned();
        Self {
            address1: text(&address.address_1),
            address2: address.address_2.as_ref().map(text),
            country: text(&address.country),
            state: text(&address.state),
            city: text(&address.city),
            postal_code: text(&address.postal_code),
        }
    }
}

impl LocationPut {
    fn read(self) -> Result<impl FnOnce(LocationNumber) -> NewLocation + Send, ManageError> {
        let name = Label::parse_filled(&self.name).map_err(ManageError::value("/name"))?;
        let zone = TimeZone::parse(&self.time_zone).map_err(ManageError::value("/timeZone"))?;
        let address = self.address.read()?;
        Ok(move |number| NewLocation {
            number,
            name,
            address,
            time_zone: zone,
        })
    }
}

/// The tag of a version.
fn tag(version: &EntryVersion) -> Tag {
    Tag::text(&version.0)
}

/// The answer to a thing that was put.
fn put_answer<T: Serialize>(put: Put, path: &str, tag: &Tag, view: &T) -> Response {
    match put {
        Put::Created => created(path, tag, view),
        Put::Same | Put::Replaced => tagged(json(StatusCode::OK, view), tag),
    }
}

/// The number of a path; what is no number names nothing.
fn location_number(text: &str) -> Result<LocationNumber, ManageError> {
    Number::parse(text).map_err(|ValueError(_)| ManageError::no_such("location"))
}

fn location_path(account: &str, number: LocationNumber) -> String {
    format!("/api/v1/accounts/{account}/provisioning/locations/{number}")
}

fn details_view(details: &AccountDetails) -> DetailsView {
    DetailsView {
        id: Some(details.number.get()),
        name: details.name.as_str().to_owned(),
        status: details.status.as_str().to_owned(),
        address: AddressView::of(&details.address),
    }
}

fn location_view(location: &Location) -> LocationView {
    LocationView {
        id: location.number.get(),
        name: location.name.as_str().to_owned(),
        time_zone: location.time_zone.as_str().to_owned(),
        address: AddressView::of(&location.address),
    }
}
