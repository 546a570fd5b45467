//! How people prove who they are: the rules of each proof, and how long a failure makes the next one wait.
//!
//! Pure, like everything here: what a proof is compared with comes from the store, and the
//! time comes from the context. Read [`patience`] first. Passkeys ([`passkey`]) and codes
//! ([`totp`]) are our own few lines over the one cryptographic library, because the crates
//! that offer them bring others.

pub mod account_provider;
pub mod cbor;
pub mod id_token;
pub mod link;
pub mod passkey;
pub mod patience;
pub mod provider;
pub mod public_address;
pub mod recovery;
pub mod strength;
pub mod totp;
