//! The Admin Portal, page by page.

mod collections;
mod credentials;
mod directory;
mod door;
mod explorer;
mod recordings;
mod sign_in;
mod sso;
mod traffic;
