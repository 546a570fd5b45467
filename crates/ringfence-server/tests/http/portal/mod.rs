//! The Admin Portal, page by page.

mod door;
