//! *API Console*: calls of a suite's operations, with a fresh token of a user.
//!
//! A call goes through the product's own door, like any other: admission, quota and record apply. The token comes from
//! the authorization code flow of one of the developer's own applications, from its password grant, or is pasted; the
//! page carries it sealed between two calls ([`ringfence_app::developer_console`]). Read [`page`] first.

mod page;
mod token;
mod view;

pub(crate) use page::{act_route, callback_route, show_route};
