//! Where the bytes of recordings go.
//!
//! A file is written as a part, made durable, and only then put under its content
//! address; there is never a moment when an address holds anything but the whole bytes.
//! [`contract`] is the suite that every implementation runs.

#[cfg(test)]
pub mod contract;
pub mod local;

use ringfence_core::digest::ContentDigest;
use std::fmt::Debug;
use std::io;

/// A file being written. Dropped without being published, it leaves nothing.
pub trait Part: Send + Debug {
    /// Appends bytes.
    ///
    /// # Errors
    /// The disk refuses; the part is of no more use.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Reads bytes that were appended before.
    ///
    /// # Errors
    /// The disk refuses, or there are fewer bytes.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Makes it durable and puts it under its content address, in this order.
    ///
    /// # Errors
    /// The disk refuses; nothing is under the address that was not there before.
    fn publish(self: Box<Self>, digest: &ContentDigest, extension: &str) -> io::Result<()>;

    /// Puts it aside as evidence, away from the audio.
    ///
    /// # Errors
    /// The disk refuses.
    fn quarantine(self: Box<Self>, digest: &ContentDigest) -> io::Result<()>;
}

/// A place for files by content address.
pub trait Sink: Send + Sync + Debug {
    /// Begins a part.
    ///
    /// # Errors
    /// The disk refuses.
    fn begin(&self) -> io::Result<Box<dyn Part>>;

    /// Opens a published file.
    ///
    /// # Errors
    /// There is no such file, or the disk refuses.
    fn open(&self, digest: &ContentDigest, extension: &str)
    -> io::Result<Box<dyn io::Read + Send>>;

    /// Removes the parts that a run before left behind.
    ///
    /// # Errors
    /// The disk refuses.
    fn clear_parts(&self) -> io::Result<u64>;

    /// The published files whose digest begins with this byte, as `(digest, extension, length)`.
    ///
    /// # Errors
    /// The disk refuses.
    fn published(&self, first_byte: u8) -> io::Result<Vec<(ContentDigest, String, u64)>>;
}
