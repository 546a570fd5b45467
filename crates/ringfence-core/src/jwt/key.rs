//! Signing and verifying keys, parsed once.

use super::json::append_text;
use crate::account::TokenAlg;
use crate::encoding::{base64url, base64url_append};
use crate::id::KeyId;
use crate::secret::Secret;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use thiserror::Error;

/// The media type of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYP: &str = "at+jwt";
/// The media type of an ID token (OpenID Connect Core §2); no access token ever has it.
pub const ID_TOKEN_TYP: &str = "JWT";

/// What went wrong with a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
    /// A key could not be made.
    #[error("a signing key could not be made")]
    Generate,
    /// The bytes are not a key of that algorithm.
    #[error("the bytes are not a key of that algorithm")]
    Rejected,
    /// A signature could not be made.
    #[error("a signature could not be made")]
    Sign,
}

/// A private key of one algorithm, for tokens only.
pub struct SigningKey {
    /// Its name in headers and in the JWKS.
    pub id: KeyId,
    pair: Pair,
    access_header: String,
    id_header: String,
    public: VerifyingKey,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// A public key of one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    /// Its name in headers and in the JWKS.
    pub id: KeyId,
    /// The only algorithm it verifies.
    pub alg: TokenAlg,
    bytes: Box<[u8]>,
    parsed: ParsedPublicKey,
}

impl SigningKey {
    /// Makes a new key: RSA with 2048 bits, or P-256.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn generate(id: KeyId, alg: TokenAlg) -> Result<Self, KeyError> {
        let pair = match alg {
            TokenAlg::Rs256 => Pair::Rsa(Box::new(
                RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?,
            )),
            TokenAlg::Es256 => Pair::P256(Box::new(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| KeyError::Generate)?,
            )),
        };
        Self::of_pair(id, pair)
    }

    /// Parses a private key (PKCS#8).
    ///
    /// # Errors
    /// The bytes are not a key of that algorithm, or an RSA key of fewer than 2048 bits.
    pub fn from_pkcs8(id: KeyId, alg: TokenAlg, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = match alg {
            TokenAlg::Rs256 => Pair::Rsa(Box::new(
                RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Rejected)?,
            )),
            TokenAlg::Es256 => Pair::P256(Box::new(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(|_| KeyError::Rejected)?,
            )),
        };
        Self::of_pair(id, pair)
    }

    fn of_pair(id: KeyId, pair: Pair) -> Result<Self, KeyError> {
        let public = match &pair {
            Pair::Rsa(rsa) => VerifyingKey::parse(id, TokenAlg::Rs256, rsa.public_key().as_ref())?,
            Pair::P256(p256) => {
                VerifyingKey::parse(id, TokenAlg::Es256, p256.public_key().as_ref())?
            }
        };
        let header = |typ: &str| {
            let mut json = String::from("{\"alg\":");
            append_text(public.alg.as_str(), &mut json);
            json.push_str(",\"typ\":");
            append_text(typ, &mut json);
            json.push_str(",\"kid\":");
            append_text(&id.to_string(), &mut json);
            json.push('}');
            base64url(json.as_bytes())
        };
        Ok(Self {
            id,
            access_header: header(ACCESS_TOKEN_TYP),
            id_header: header(ID_TOKEN_TYP),
            pair,
            public,
        })
    }

    /// The private key as PKCS#8, to be sealed before it is stored.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        let der = match &self.pair {
            Pair::Rsa(rsa) => {
                let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
                    rsa.as_der().map_err(|_| KeyError::Generate)?;
                der.as_ref().to_vec()
            }
            Pair::P256(p256) => p256
                .to_pkcs8v1()
                .map_err(|_| KeyError::Generate)?
                .as_ref()
                .to_vec(),
        };
        Ok(Secret::new(der))
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs a payload as an access token in the compact form.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn sign_access_token(&self, payload: &[u8]) -> Result<String, KeyError> {
        self.sign_compact(&self.access_header, payload)
    }

    /// Signs a payload as an ID token in the compact form.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn sign_id_token(&self, payload: &[u8]) -> Result<String, KeyError> {
        self.sign_compact(&self.id_header, payload)
    }

    fn sign_compact(&self, header: &str, payload: &[u8]) -> Result<String, KeyError> {
        // A 2048-bit signature is 342 characters, and base64url adds a third.
        let mut token = String::with_capacity(header.len() + payload.len() * 4 / 3 + 360);
        token.push_str(header);
        token.push('.');
        base64url_append(payload, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        base64url_append(&signature, &mut token);
        Ok(token)
    }

    /// Signs bytes.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(rsa) => {
                let mut signature = vec![0; rsa.public_modulus_len()];
                rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| KeyError::Sign)?;
                Ok(signature)
            }
            Pair::P256(p256) => {
                let signature = p256.sign(&random, message).map_err(|_| KeyError::Sign)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({} {})", self.public.alg.as_str(), self.id)
    }
}

impl VerifyingKey {
    /// Parses a public key: an `RSAPublicKey` (RFC 8017) or an uncompressed P-256 point.
    ///
    /// # Errors
    /// The bytes are not a key of that algorithm.
    pub fn parse(id: KeyId, alg: TokenAlg, bytes: &[u8]) -> Result<Self, KeyError> {
        let parsed = match alg {
            TokenAlg::Rs256 => ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, bytes),
            TokenAlg::Es256 => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes),
        };
        let parsed = parsed.map_err(|_| KeyError::Rejected)?;
        Ok(Self {
            id,
            alg,
            bytes: bytes.into(),
            parsed,
        })
    }

    /// The bytes [`VerifyingKey::parse`] reads.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the signature is this key's over the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The numbers a JWK shows: modulus and exponent, or the two coordinates.
    ///
    /// # Errors
    /// The key is not of its algorithm, which [`VerifyingKey::parse`] excludes.
    pub(super) fn numbers(&self) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
        match self.alg {
            TokenAlg::Rs256 => {
                let key = aws_lc_rs::rsa::PublicKey::from_der(&self.bytes)
                    .map_err(|_| KeyError::Rejected)?;
                let components = PublicKeyComponents::<Vec<u8>>::from(&key);
                Ok((components.n, components.e))
            }
            TokenAlg::Es256 => match self.bytes.split_first() {
                Some((4, point)) if point.len() == 64 => {
                    let (x, y) = point.split_at(32);
                    Ok((x.to_vec(), y.to_vec()))
                }
                _ => Err(KeyError::Rejected),
            },
        }
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({} {})", self.alg.as_str(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_storage_and_sign() {
        for alg in [TokenAlg::Rs256, TokenAlg::Es256] {
            let key = SigningKey::generate(KeyId::from_bytes([1; 16]), alg).unwrap();
            let pkcs8 = key.to_pkcs8().unwrap();
            let again = SigningKey::from_pkcs8(key.id, alg, pkcs8.expose()).unwrap();
            let signature = again.sign(b"message").unwrap();
            assert!(key.public().verifies(b"message", &signature));
            assert!(!key.public().verifies(b"massage", &signature));
            assert!(!key.public().verifies(b"message", &signature[1..]));
            let public = VerifyingKey::parse(key.id, alg, key.public().as_bytes()).unwrap();
            assert!(public.verifies(b"message", &signature));
        }
    }

    #[test]
    fn a_key_is_of_one_algorithm() {
        let id = KeyId::from_bytes([1; 16]);
        let p256 = SigningKey::generate(id, TokenAlg::Es256).unwrap();
        let pkcs8 = p256.to_pkcs8().unwrap();
        assert!(SigningKey::from_pkcs8(id, TokenAlg::Rs256, pkcs8.expose()).is_err());
        assert!(VerifyingKey::parse(id, TokenAlg::Rs256, p256.public().as_bytes()).is_err());
    }

    #[test]
    fn debug_shows_no_key_material() {
        let key = SigningKey::generate(KeyId::from_bytes([0; 16]), TokenAlg::Es256).unwrap();
        assert_eq!(
            format!("{key:?}"),
            "SigningKey(ES256 00000000-0000-0000-0000-000000000000)"
        );
        assert_eq!(format!("{:?}", key.to_pkcs8().unwrap()), "[redacted]");
    }
}
