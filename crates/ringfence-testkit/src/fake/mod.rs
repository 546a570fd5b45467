//! A stand-in for the remote platform that the collector reads from.
//!
//! [`FakePlatform`] listens on a free port of the loopback interface, in a thread of its own,
//! and speaks the token endpoint, Interaction Content v3, User Admin v4 and Insights Stats v3
//! over an account that the test scripts. Everything the vendor leaves open is a
//! [`Switches`] field; everything that can go wrong on the way is a [`DownloadFault`] or an
//! [`Answer`]. What the server saw is in [`RequestLog`], so requests are counted where they
//! arrive and not where they are sent.
//!
//! Read `platform.rs` first, then `account.rs` and `switches.rs`.

mod account;
mod audio;
mod body;
mod call;
mod connection;
mod content;
mod digest;
mod download;
mod log;
mod platform;
mod quota;
mod serve;
mod stats;
mod switches;
mod token;
mod users;

pub use account::{FakeAccount, FakeUser, Owner};
pub use audio::{Audio, HeaderLength, Wav, WavFormat};
pub use call::{Call, Direction, Item, guid};
pub use digest::{gzip_stored, md5, sha256_hex};
pub use log::{LoggedRequest, RequestLog, Route};
pub use platform::FakePlatform;
pub use switches::{
    Answer, DigestHeaders, DownloadFault, EtagMode, OwnPermissions, Paging, RangeMode, RetryAfter,
    Switches, TokenFault, UsersShape,
};
