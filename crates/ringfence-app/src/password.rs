//! Password hashing: Argon2id, never on the async threads, never unbounded.

use crate::error::Error;
use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use ringfence_core::context::Random;
use ringfence_core::secret::Secret;
use tokio::sync::Semaphore;

// OWASP: 19 MiB, two passes, one lane. Two at once bound memory and processor time.
static SLOTS: Semaphore = Semaphore::const_new(2);
const LONGEST: usize = 1024;
const SHORTEST: usize = 8;

/// Hashes a password into its PHC string.
///
/// # Errors
/// [`Error::Invalid`] when it is shorter than 8 or longer than 1024 bytes.
pub async fn password_hash(random: &dyn Random, password: Secret<String>) -> Result<String, Error> {
    if !(SHORTEST..=LONGEST).contains(&password.expose().len()) {
        return Err(Error::Invalid(format!(
            "a password has {SHORTEST} to {LONGEST} bytes"
        )));
    }
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let _slot = SLOTS.acquire().await.map_err(Error::internal)?;
    let hashing = tokio::task::spawn_blocking(move || {
        let argon2 = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(19_456, 2, 1, None)?,
        );
        Ok::<_, argon2::password_hash::Error>(
            argon2
                .hash_password_with_salt(password.expose().as_bytes(), &salt)?
                .to_string(),
        )
    });
    hashing
        .await
        .map_err(Error::internal)?
        .map_err(|e| Error::Internal(e.to_string().into()))
}
