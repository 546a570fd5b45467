//! Password hashing: Argon2id, never on the async threads, never unbounded.

use crate::error::Error;
use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _, Version};
use ringfence_core::context::Random;
use ringfence_core::secret::Secret;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

// OWASP: 19 MiB, two passes, one lane. Two at once bound memory and processor time.
static SLOTS: Semaphore = Semaphore::const_new(2);
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
// Two a core take a tenth of a second; who would wait for much longer is told to come back.
static WAITING: AtomicUsize = AtomicUsize::new(0);
const MOST_WAITING: usize = 64;
const LONGEST: usize = 1024;
const SHORTEST: usize = 8;

/// What a presented password is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Checked {
    /// It is not the one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and its hash is to be made anew: it has other parameters than today's.
    RightButOld,
}

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
    in_a_slot(move || hash(&password, &salt)).await
}

/// Compares a password with the hash that is kept. Without one the work is the same and the answer is no.
///
/// # Errors
/// [`Error::Unavailable`] when too many wait already.
pub(crate) async fn password_check(
    stored: Option<String>,
    password: Secret<String>,
) -> Result<Checked, Error> {
    in_a_slot(move || {
        let Some(stored) = stored else {
            hash(&password, &[0; 16])?;
            return Ok(Checked::Wrong);
        };
        let parsed =
            PasswordHash::new(&stored).map_err(|e| Error::Internal(e.to_string().into()))?;
        if argon2()?
            .verify_password(password.expose().as_bytes(), &parsed)
            .is_err()
        {
            return Ok(Checked::Wrong);
        }
        let old = Params::try_from(&parsed).ok().is_none_or(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
        });
        Ok(if old || parsed.algorithm != Algorithm::Argon2id.ident() {
            Checked::RightButOld
        } else {
            Checked::Right
        })
    })
    .await
}

async fn in_a_slot<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let place = Place::take()?;
    let _slot = SLOTS.acquire().await.map_err(Error::internal)?;
    drop(place);
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)?
}

/// A place among those who wait, given back even when the request is dropped.
struct Place;

impl Place {
    fn take() -> Result<Self, Error> {
        let place = Self;
        if WAITING.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            return Err(Error::Unavailable(
                "too many people sign in at the moment; try again in a few seconds".to_owned(),
            ));
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

fn hash(password: &Secret<String>, salt: &[u8]) -> Result<String, Error> {
    let hash = argon2()?
        .hash_password_with_salt(password.expose().as_bytes(), salt)
        .map_err(|e| Error::Internal(e.to_string().into()))?;
    Ok(hash.to_string())
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|e| Error::Internal(e.to_string().into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::context::SystemRandom;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_right_or_wrong_and_nobody_has_none() {
        let stored = password_hash(&SystemRandom, secret("correct horse"))
            .await
            .unwrap();
        let check = |stored: Option<String>, text: &str| password_check(stored, secret(text));
        let kept = || Some(stored.clone());
        assert_eq!(
            check(kept(), "correct horse").await.unwrap(),
            Checked::Right
        );
        assert_eq!(
            check(kept(), "correct horsf").await.unwrap(),
            Checked::Wrong
        );
        assert_eq!(check(kept(), "").await.unwrap(), Checked::Wrong);
        assert_eq!(check(None, "correct horse").await.unwrap(), Checked::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_to_be_made_anew() {
        let params = Params::new(8_192, 1, 1, None).unwrap();
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(b"correct horse", &[1; 16])
            .unwrap()
            .to_string();
        let checked = password_check(Some(old), secret("correct horse"))
            .await
            .unwrap();
        assert_eq!(checked, Checked::RightButOld);
    }

    #[tokio::test]
    async fn passwords_have_eight_bytes_at_least() {
        let short = password_hash(&SystemRandom, secret("1234567")).await;
        assert!(matches!(short, Err(Error::Invalid(_))));
    }
}
