//! API Credentials: the pages of one act each. Which act is allowed is said by `ringfence_app::manage::credentials`.

mod checklist;
mod create;
mod delete;
mod edit;
mod fields;
mod list;
mod made;
mod secrets;
mod show;
mod usage;

pub(crate) use checklist::checklist_route;
pub(crate) use create::{create_form_route, create_route};
pub(crate) use delete::{delete_form_route, delete_route};
pub(crate) use edit::{edit_form_route, edit_route};
pub(crate) use list::list_route;
pub(crate) use secrets::{retire_form_route, retire_route, rotate_form_route, rotate_route};
pub(crate) use show::show_route;
pub(crate) use usage::usage_route;

use super::error::PortalError;
use ringfence_app::error::Error;
use ringfence_core::id::CredentialId;

/// The credential a path names. What is no id names nothing.
fn id_of(text: &str) -> Result<CredentialId, PortalError> {
    CredentialId::parse(text).map_err(|_| Error::NotFound("credential".to_owned()).into())
}

/// The address of a credential's page.
fn path_of(id: CredentialId) -> String {
    format!("/admin/credentials/{id}")
}
