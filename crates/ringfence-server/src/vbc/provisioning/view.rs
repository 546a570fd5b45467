//! What the Provisioning suite answers: the objects, and the envelope with their links (vbc-api §4.5, §5).
//!
//! The envelope names what it holds (`_embedded.users`), as every recorded answer does; members stand in the order of
//! the platform's samples.

use super::refusal::answer;
use super::request::Paging;
use axum::response::Response;
use http::StatusCode;
use ringfence_app::paging::Page;
use ringfence_app::provisioning::{AssignedExtension, PersonEntry};
use ringfence_core::provisioning::text::Label;
use ringfence_core::provisioning::{
    AccountDetails, Assigned, ContactNumber, Did, Handset, Location, PostalAddress,
};
use serde::Serialize;

/// What an answer holds, under its name.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Embedded<'v> {
    /// An account.
    Account(AccountView<'v>),
    /// All locations.
    Locations(Vec<LocationView<'v>>),
    /// A location.
    Location(LocationView<'v>),
    /// A page of extensions.
    Extensions(Vec<ExtensionView<'v>>),
    /// An extension.
    Extension(ExtensionView<'v>),
    /// A page of people.
    Users(Vec<UserView<'v>>),
    /// A person.
    User(UserView<'v>),
}

#[derive(Serialize)]
struct Link {
    href: String,
}

#[derive(Serialize)]
struct OwnLink {
    #[serde(rename = "self")]
    own: Link,
}

#[derive(Serialize)]
struct LinkedView<'v> {
    #[serde(rename = "_links")]
    links: OwnLink,
    #[serde(rename = "_embedded")]
    embedded: Embedded<'v>,
}

#[derive(Serialize)]
struct PagedView<'v> {
    page_size: u32,
    page: u32,
    total_pages: u64,
    total_items: u64,
    #[serde(rename = "_links")]
    links: PageLinks,
    #[serde(rename = "_embedded")]
    embedded: Embedded<'v>,
}

#[derive(Serialize)]
struct PageLinks {
    first: Link,
    #[serde(rename = "self")]
    own: Link,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Link>,
    last: Link,
}

/// One thing, or things without pages.
pub(super) fn linked(href: String, embedded: Embedded<'_>) -> Response {
    let links = OwnLink { own: Link { href } };
    let view = LinkedView { links, embedded };
    answer(
        StatusCode::OK,
        serde_json::to_string(&view).unwrap_or_default(),
    )
}

/// A page of a list at that address.
pub(super) fn paged<T>(
    href: &str,
    paging: &Paging,
    page: &Page<T>,
    embedded: Embedded<'_>,
) -> Response {
    let n_pages = page.n_pages();
    let number = u64::from(page.number);
    let link = |number: u64| Link {
        href: format!("{href}?{}", paging.query(number)),
    };
    let exists = |number: u64| (1..=n_pages).contains(&number);
    let (before, after) = (number - 1, number + 1);
    let view = PagedView {
        page_size: page.limit,
        page: page.number,
        total_pages: n_pages,
        total_items: page.total,
        links: PageLinks {
            first: link(1),
            own: link(number),
            prev: exists(before).then(|| link(before)),
            next: exists(after).then(|| link(after)),
            last: link(n_pages.max(1)),
        },
        embedded,
    };
    answer(
        StatusCode::OK,
        serde_json::to_string(&view).unwrap_or_default(),
    )
}

/// An account.
#[derive(Serialize)]
pub(super) struct AccountView<'v> {
    id: i64,
    name: &'v str,
    status: &'v str,
    address: AddressView<'v>,
}

#[derive(Serialize)]
struct AddressView<'v> {
    address_1: &'v str,
    address_2: Option<&'v str>,
    country: &'v str,
    state: &'v str,
    city: &'v str,
    postal_code: &'v str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

/// A location.
#[derive(Serialize)]
pub(super) struct LocationView<'v> {
    id: i64,
    name: &'v str,
    address: AddressView<'v>,
}

/// An extension.
#[derive(Serialize)]
pub(super) struct ExtensionView<'v> {
    extension_number: &'v str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<AssignedView<'v>>,
    location_id: i64,
    vtt_enabled: bool,
    dnd_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<&'v str>,
    external_id: &'v str,
    block_caller_id: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_type_name: Option<&'v str>,
    dids: Vec<DidView<'v>>,
    extension_handsets: Vec<HandsetView<'v>>,
}

#[derive(Serialize)]
struct AssignedView<'v> {
    id: i64,
    email: &'v str,
    login_name: &'v str,
    first_name: &'v str,
    last_name: &'v str,
}

#[derive(Serialize)]
struct DidView<'v> {
    phone_number: &'v str,
    custom_tag: Option<&'v str>,
}

#[derive(Serialize)]
struct HandsetView<'v> {
    handset_name: &'v str,
    sip_id: &'v str,
}

/// A person.
#[derive(Serialize)]
pub(super) struct UserView<'v> {
    email: &'v str,
    login_name: &'v str,
    first_name: &'v str,
    last_name: &'v str,
    id: i64,
    contact_numbers: Vec<ContactView<'v>>,
    extensions: Vec<OwnExtensionView<'v>>,
}

#[derive(Serialize)]
struct ContactView<'v> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: Option<&'v str>,
}

#[derive(Serialize)]
struct OwnExtensionView<'v> {
    dids: Vec<DidView<'v>>,
    extension_number: &'v str,
}

impl<'v> AccountView<'v> {
    /// An account as the Account API shows it.
    pub(super) fn of(details: &'v AccountDetails) -> Self {
        Self {
            id: details.number.get(),
            name: details.name.as_str(),
            status: details.status.as_str(),
            address: AddressView::of(&details.address, None),
        }
    }
}

impl<'v> AddressView<'v> {
    fn of(address: &'v PostalAddress, time_zone: Option<String>) -> Self {
        Self {
            address_1: address.address_1.as_str(),
            address_2: address.address_2.as_ref().map(Label::as_str),
            country: address.country.as_str(),
            state: address.state.as_str(),
            city: address.city.as_str(),
            postal_code: address.postal_code.as_str(),
            time_zone,
        }
    }
}

impl<'v> LocationView<'v> {
    /// A location as the Account API shows it.
    pub(super) fn of(location: &'v Location) -> Self {
        let time_zone = location.time_zone.with_blanks();
        Self {
            id: location.number.get(),
            name: location.name.as_str(),
            address: AddressView::of(&location.address, Some(time_zone)),
        }
    }
}

impl<'v> ExtensionView<'v> {
    /// An extension in a list.
    pub(super) fn listed(found: &'v AssignedExtension) -> Self {
        let extension = &found.extension;
        Self {
            extension_number: extension.number.as_str(),
            user: found.user.as_ref().map(AssignedView::of),
            location_id: extension.location.get(),
            vtt_enabled: extension.vtt_enabled,
            dnd_enabled: extension.dnd_enabled,
            caller_id: extension.caller_id.as_ref().map(Label::as_str),
            external_id: extension.external_id.as_str(),
            block_caller_id: extension.block_caller_id,
            service_type_name: None,
            dids: dids(&extension.dids),
            extension_handsets: extension.handsets.iter().map(HandsetView::of).collect(),
        }
    }

    /// An extension alone, which also tells its kind of service.
    pub(super) fn single(found: &'v AssignedExtension) -> Self {
        Self {
            service_type_name: Some(found.extension.service_type_name.as_str()),
            ..Self::listed(found)
        }
    }
}

impl<'v> AssignedView<'v> {
    fn of(user: &'v Assigned) -> Self {
        Self {
            id: user.number.get(),
            email: &user.email,
            login_name: user.login_name.as_str(),
            first_name: &user.first_name,
            last_name: &user.last_name,
        }
    }
}

impl<'v> HandsetView<'v> {
    fn of(handset: &'v Handset) -> Self {
        Self {
            handset_name: handset.name.as_str(),
            sip_id: handset.sip_id.as_str(),
        }
    }
}

impl<'v> UserView<'v> {
    /// A person as the User API shows them.
    pub(super) fn of(entry: &'v PersonEntry) -> Self {
        let person = &entry.person;
        let contact = |contact: &'v ContactNumber| ContactView {
            kind: contact.kind.as_str(),
            value: contact.value.as_ref().map(Label::as_str),
        };
        let extensions = entry.extensions.iter().map(|own| OwnExtensionView {
            dids: dids(&own.dids),
            extension_number: own.number.as_str(),
        });
        Self {
            email: &person.email,
            login_name: person.login_name.as_str(),
            first_name: &person.first_name,
            last_name: &person.last_name,
            id: person.number.get(),
            contact_numbers: person.contact_numbers.iter().map(contact).collect(),
            extensions: extensions.collect(),
        }
    }
}

fn dids(dids: &[Did]) -> Vec<DidView<'_>> {
    dids.iter()
        .map(|did| DidView {
            phone_number: did.phone_number.as_str(),
            custom_tag: did.custom_tag.as_ref().map(Label::as_str),
        })
        .collect()
}
