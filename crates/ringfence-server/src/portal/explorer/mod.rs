//! The API explorer: every operation by its description, tried with a credential of one's own.
//!
//! The call goes through the same router and gateway as any other, in this process: quotas, admission, request id and
//! record apply. The token is made for this one call and is shown to nobody. Read [`pages`] first.

pub(in crate::portal) mod call;
mod catalogue;
mod pages;

pub(crate) use pages::{explorer_route, send_route};

use axum::Router;

/// The product as it stands without the explorer itself; an extension of the explorer's requests.
#[derive(Clone, Debug)]
pub(crate) struct Inside(pub(crate) Router);
