//! Handing a secret to a partner so that it never travels in clear: behind a link that opens once, or sealed to the
//! partner's own key.
//!
//! What waits behind a link is sealed under a key that only the link's text yields; the store keeps the sealed bytes
//! and an id that is derived from the text as well, so the store alone opens nothing.

use crate::context::Random;
use crate::encoding::{base64, hex};
use crate::seal::SealError;
use crate::secret::{Handle, Secret};
use age::x25519::Recipient;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use std::str::FromStr as _;
use thiserror::Error;

/// A link's text: shown once to whoever hands the secret over.
#[derive(Clone, Debug)]
pub struct HandoverLink(Handle);

/// A partner's public key: an `age` X25519 recipient, `age1…`.
#[derive(Clone)]
pub struct PartnerKey(Recipient);

/// The text is not an `age` public key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("an age public key begins with age1 and has 62 characters")]
pub struct PartnerKeyError;

impl HandoverLink {
    /// Makes a new link.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(Handle::generate(random))
    }

    /// Takes one that was presented; `None` when the text has another shape.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Handle::parse(text).map(Self)
    }

    /// The text, for the one it is given to.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The id under which the store keeps what waits behind the link: 64 hex digits.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn id(&self) -> Result<String, SealError> {
        Ok(hex(self.derive(b"ringfence/1/handover-id")?.expose()))
    }

    /// Seals what is to wait behind the link.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn seal(&self, random: &dyn Random, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut body = plain.to_vec();
        self.key()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body)
            .map_err(|_| SealError::Seal)?;
        Ok([nonce.as_slice(), body.as_slice()].concat())
    }

    /// Opens what waits behind the link.
    ///
    /// # Errors
    /// The bytes were sealed under another link, or changed.
    pub fn open(&self, sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (nonce, body) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::Open)?;
        let mut body = body.to_vec();
        let len = self
            .key()?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::empty(),
                &mut body,
            )
            .map_err(|_| SealError::Open)?
            .len();
        body.truncate(len);
        Ok(Secret::new(body))
    }

    fn key(&self) -> Result<LessSafeKey, SealError> {
        let key = self.derive(b"ringfence/1/handover-key")?;
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| SealError::Seal)?;
        Ok(LessSafeKey::new(key))
    }

    fn derive(&self, label: &[u8]) -> Result<Secret<[u8; 32]>, SealError> {
        let prk: Prk =
            Salt::new(HKDF_SHA256, b"ringfence handover").extract(self.0.expose().as_bytes());
        let mut key = [0; 32];
        prk.expand(&[label], HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| SealError::Seal)?;
        Ok(Secret::new(key))
    }
}

impl PartnerKey {
    /// Parses an `age` X25519 public key, without the spaces around it.
    ///
    /// # Errors
    /// The text is anything else; above all a private key is refused.
    pub fn parse(text: &str) -> Result<Self, PartnerKeyError> {
        Recipient::from_str(text.trim())
            .map(Self)
            .map_err(|_| PartnerKeyError)
    }

    /// Seals bytes as an `age` file that only the partner's private key opens.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        age::encrypt(&self.0, plain).map_err(|_| SealError::Seal)
    }
}

/// The text form of an `age` file, for pasting: PEM-like, as `age --armor` writes it.
#[must_use]
pub fn armor(sealed: &[u8]) -> String {
    let mut text = String::from("-----BEGIN AGE ENCRYPTED FILE-----\n");
    let body = base64(sealed);
    let mut rest = body.as_str();
    while let Some((line, after)) = rest.split_at_checked(64) {
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(rest);
    if !rest.is_empty() {
        text.push('\n');
    }
    text.push_str("-----END AGE ENCRYPTED FILE-----\n");
    text
}

impl std::fmt::Display for PartnerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Debug for PartnerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PartnerKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;
    use crate::encoding::base64_decode;

    #[test]
    fn what_waits_opens_with_the_same_link_only() {
        let link = HandoverLink::generate(&SystemRandom);
        let sealed = link.seal(&SystemRandom, b"the secret").unwrap();
        let presented = HandoverLink::parse(link.expose()).unwrap();
        assert_eq!(presented.id(), link.id());
        assert_eq!(presented.open(&sealed).unwrap().expose(), b"the secret");
        let other = HandoverLink::generate(&SystemRandom);
        assert!(other.open(&sealed).is_err());
        assert_ne!(other.id(), link.id());
        assert!(link.open(&sealed[1..]).is_err());
        assert!(link.open(&[]).is_err());
        assert!(HandoverLink::parse("../x").is_none());
        assert!(!link.id().unwrap().contains(link.expose()));
    }

    #[test]
    fn only_the_partner_opens_what_was_sealed_to_their_key() {
        let partner = age::x25519::Identity::generate();
        let key = PartnerKey::parse(&format!(" {}\n", partner.to_public())).unwrap();
        let sealed = key.seal(b"the secret").unwrap();
        assert!(!sealed.windows(10).any(|part| part == b"the secret"));
        assert_eq!(age::decrypt(&partner, &sealed).unwrap(), b"the secret");
        let other = age::x25519::Identity::generate();
        assert!(age::decrypt(&other, &sealed).is_err());
        let armored = armor(&sealed);
        let body: String = armored
            .lines()
            .filter(|line| !line.starts_with('-'))
            .inspect(|line| assert!(line.len() <= 64))
            .collect();
        assert_eq!(base64_decode(&body).unwrap(), sealed);
        assert_eq!(
            PartnerKey::parse("age1nonsense").unwrap_err(),
            PartnerKeyError
        );
    }
}
