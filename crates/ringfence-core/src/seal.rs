//! The master key and what hangs from it: a key for each purpose, and sealing.

use crate::context::Random;
use crate::secret::{DigestKey, Secret};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use thiserror::Error;

const VERSION: u8 = 1;

/// What a key hung from the master key is for. A key has one purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Digests of client secrets.
    SecretDigests,
    /// Signing keys at rest.
    SigningKeys,
    /// List cursors and continuation tokens.
    Cursors,
    /// Secrets of connections to collect from.
    ConnectionSecrets,
    /// The chain of the audit trail.
    AuditChain,
    /// Shared secrets of authenticator apps.
    TotpSecrets,
    /// Steps of a sign-in that a browser carries from one page to the next.
    SignInSteps,
    /// Derivation of refresh tokens.
    RefreshTokens,
    /// Secrets of the providers that accounts sign in through.
    ProviderSecrets,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SecretDigests => b"ringfence/1/secret-digests",
            Self::SigningKeys => b"ringfence/1/signing-keys",
            Self::Cursors => b"ringfence/1/cursors",
            Self::ConnectionSecrets => b"ringfence/1/connection-secrets",
            Self::AuditChain => b"ringfence/1/audit-chain",
            Self::TotpSecrets => b"ringfence/1/totp-secrets",
            Self::SignInSteps => b"ringfence/1/sign-in-steps",
            Self::RefreshTokens => b"ringfence/1/refresh-tokens",
            Self::ProviderSecrets => b"ringfence/1/provider-secrets",
        }
    }
}

/// What cannot be sealed or opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SealError {
    /// The bytes were sealed under another key or for another place, or were changed.
    #[error("the sealed bytes do not open: another key, another place, or changed")]
    Open,
    /// The cryptographic library fails.
    #[error("the bytes could not be sealed")]
    Seal,
}

/// The one secret an installation must keep: 32 random bytes.
#[derive(Clone, Debug)]
pub struct MasterKey(Secret<[u8; 32]>);

impl MasterKey {
    /// The length in bytes.
    pub const LEN: usize = 32;

    /// Makes a new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; Self::LEN];
        random.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// Takes the bytes of a stored one.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, to be written to the key file.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::LEN] {
        self.0.expose()
    }

    /// The key for one purpose (HKDF, RFC 5869).
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn subkey(&self, purpose: Purpose) -> Result<Secret<[u8; 32]>, SealError> {
        let prk: Prk = Salt::new(HKDF_SHA256, b"ringfence").extract(self.0.expose());
        let mut key = [0; 32];
        prk.expand(&[purpose.label()], HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| SealError::Seal)?;
        Ok(Secret::new(key))
    }

    /// The key of secret digests.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn digest_key(&self) -> Result<DigestKey, SealError> {
        Ok(DigestKey::new(&self.subkey(Purpose::SecretDigests)?))
    }

    /// The key that refresh tokens are derived with.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn refresh_key(&self) -> Result<DigestKey, SealError> {
        Ok(DigestKey::new(&self.subkey(Purpose::RefreshTokens)?))
    }

    /// The sealer for one purpose.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn sealer(&self, purpose: Purpose) -> Result<Sealer, SealError> {
        let key = self.subkey(purpose)?;
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| SealError::Seal)?;
        Ok(Sealer {
            key: LessSafeKey::new(key),
            purpose,
        })
    }
}

/// Seals and opens bytes for one purpose (AES-256-GCM with random nonces).
pub struct Sealer {
    key: LessSafeKey,
    purpose: Purpose,
}

impl Sealer {
    /// Encrypts; `place` names where the bytes belong (such as a row's id) and must be the same to open them.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn seal(
        &self,
        random: &dyn Random,
        place: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place),
                &mut body,
            )
            .map_err(|_| SealError::Seal)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts.
    ///
    /// # Errors
    /// Another key, purpose or place, or a changed byte.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let Some((&VERSION, rest)) = sealed.split_first() else {
            return Err(SealError::Open);
        };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else {
            return Err(SealError::Open);
        };
        let mut body = body.to_vec();
        let len = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(place),
                &mut body,
            )
            .map_err(|_| SealError::Open)?
            .len();
        body.truncate(len);
        Ok(Secret::new(body))
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({:?})", self.purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;

    #[test]
    fn opens_only_with_the_same_key_purpose_and_place() {
        let master = MasterKey::from_bytes([9; 32]);
        let sealer = master.sealer(Purpose::SigningKeys).unwrap();
        let sealed = sealer.seal(&SystemRandom, b"row 1", b"private").unwrap();
        assert_eq!(sealer.open(b"row 1", &sealed).unwrap().expose(), b"private");
        assert!(sealer.open(b"row 2", &sealed).is_err());
        assert!(
            master
                .sealer(Purpose::Cursors)
                .unwrap()
                .open(b"row 1", &sealed)
                .is_err()
        );
        let other = MasterKey::generate(&SystemRandom);
        assert!(
            other
                .sealer(Purpose::SigningKeys)
                .unwrap()
                .open(b"row 1", &sealed)
                .is_err()
        );
    }

    #[test]
    fn refuses_every_changed_or_missing_byte() {
        let sealer = MasterKey::from_bytes([9; 32])
            .sealer(Purpose::Cursors)
            .unwrap();
        let sealed = sealer.seal(&SystemRandom, b"", b"cursor").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(sealer.open(b"", &changed).is_err(), "byte {at}");
            assert!(sealer.open(b"", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn purposes_have_different_keys() {
        let master = MasterKey::from_bytes([1; 32]);
        let digests = master.subkey(Purpose::SecretDigests).unwrap();
        let cursors = master.subkey(Purpose::Cursors).unwrap();
        assert_ne!(digests.expose(), cursors.expose());
        assert_eq!(format!("{master:?}"), "MasterKey([redacted])");
    }
}
