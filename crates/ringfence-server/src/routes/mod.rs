//! Every URL of the product: one line an operation, with what it takes to call it and what answers it.

mod devportal;
mod manage;
mod portal;
mod store_api;
mod vbc;
mod vcc;

use crate::router::Entry;

/// Every operation.
pub(crate) fn table() -> Vec<Entry> {
    [
        vcc::token_service(),
        vcc::interaction_content(),
        vcc::stats(),
        vcc::user_admin(),
        vcc::for_operators(),
        portal::portal_home(),
        portal::signing_in(),
        portal::own_ways_in(),
        portal::authorizing(),
        portal::connected_applications(),
        portal::portal_credentials(),
        portal::portal_providers(),
        portal::gateway_pages(),
        portal::portal_recordings(),
        portal::portal_collections(),
        manage::manage_me(),
        manage::management(),
        manage::manage_accounts(),
        manage::manage_providers(),
        manage::manage_traffic(),
        manage::manage_recordings(),
        manage::manage_provisioning(),
        manage::manage_connections(),
        manage::manage_credentials(),
        manage::manage_applications(),
        manage::manage_developers(),
        portal::portal_directory(),
        portal::portal_applications(),
        portal::portal_developers(),
        vbc::token_service(),
        vbc::openid(),
        vbc::provisioning(),
        devportal::pages(),
        store_api::store_api(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
