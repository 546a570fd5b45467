//! The Admin Portal, page by page.

mod credentials;
mod door;
mod recordings;
mod sign_in;
mod traffic;
