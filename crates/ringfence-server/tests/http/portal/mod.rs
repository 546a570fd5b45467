//! The Admin Portal, page by page.

mod codes;
mod collections;
mod credentials;
mod directory;
mod door;
mod explorer;
mod links;
mod providers;
mod recordings;
mod sign_in;
mod sso;
mod traffic;
mod traffic_applications;
