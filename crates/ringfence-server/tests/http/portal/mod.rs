//! The Admin Portal, page by page.

mod collections;
mod credentials;
mod directory;
mod door;
mod recordings;
mod explorer;
mod sign_in;
mod sso;
mod traffic;
