//! How people prove who they are, and what limits those who fail.

pub mod failures;
pub mod identities;
pub mod links;
pub mod passkeys;
pub mod people;
pub mod steps;
pub mod totp;
