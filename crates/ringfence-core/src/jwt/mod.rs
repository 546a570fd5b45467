//! Compact JSON Web Signatures, keys and access tokens, read strictly.
//!
//! One spelling of each token is accepted: no loose base64, no repeated member, no
//! claim of the wrong type, no header member that could name a key. Keys are parsed
//! once. Nothing here knows who may have a token; see `verify` for what a token must
//! satisfy by itself.

pub mod claims;
pub mod digest;
pub mod id_claims;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod key;
pub mod user_claims;
pub mod verify;
