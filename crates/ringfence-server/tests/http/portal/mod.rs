//! The Admin Portal, page by page.

mod credentials;
mod door;
