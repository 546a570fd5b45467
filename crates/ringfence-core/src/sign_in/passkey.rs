//! Passkeys: what an authenticator says when one is made and when it is used (Web Authentication, level 2, §7).
//!
//! The narrow part that is needed: no attestation is asked for or looked at, the person is
//! always verified by the authenticator, and keys are ES256, `EdDSA` or RS256.

use super::cbor::{Cbor, CborError};
use crate::encoding::{base64url, base64url_decode};
use crate::jwt::json::{JsonError, Object, Value};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use subtle::ConstantTimeEq;
use thiserror::Error;
use url::{Host, Url};

/// The longest piece of an authenticator's answer that is looked at, in bytes.
pub const MAX_PIECE_BYTES: usize = 8192;

/// The longest id of a passkey, in bytes (§5.1.3).
pub const MAX_ID_BYTES: usize = 1023;

/// The algorithms asked for, as COSE numbers them, in order of preference.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_KEY: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Why an authenticator's answer is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PasskeyFault {
    /// The client data are no acceptable JSON.
    #[error("the client data are not acceptable")]
    ClientData(#[source] JsonError),
    /// They are of another ceremony.
    #[error("the answer is of another kind")]
    Type,
    /// They answer another challenge.
    #[error("the answer is to another challenge")]
    Challenge,
    /// They were made on another page.
    #[error("the answer was made on another site")]
    Origin,
    /// The authenticator's part has another form.
    #[error("the authenticator's answer is malformed")]
    Authenticator(#[source] CborError),
    /// It is for another site.
    #[error("the answer is for another site")]
    RelyingParty,
    /// Nobody was there, or the authenticator did not verify them.
    #[error("the authenticator did not verify the person")]
    NotVerified,
    /// The key has a form or an algorithm that was not asked for.
    #[error("the passkey's key is not acceptable")]
    Key,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The counter did not rise: the passkey may have been copied.
    #[error("the signature counter did not rise")]
    Counter,
}

/// The site that passkeys are for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelyingParty {
    /// The host name.
    pub id: String,
    /// Scheme, host and port.
    pub origin: String,
}

/// What an authenticator answers when a passkey is made.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// What the browser says, as JSON.
    pub client_data: &'a [u8],
    /// The attestation object.
    pub attestation: &'a [u8],
}

/// What an authenticator answers when a passkey is used.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    /// What the browser says, as JSON.
    pub client_data: &'a [u8],
    /// What the authenticator says.
    pub authenticator_data: &'a [u8],
    /// The signature over both.
    pub signature: &'a [u8],
}

/// A passkey just made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPasskey {
    /// Its id, of the authenticator's making.
    pub id: Vec<u8>,
    /// Its public key, in COSE form.
    pub public_key: Vec<u8>,
    /// How often it has signed, when it counts.
    pub counter: u32,
    /// Whether the authenticator may copy it to the person's other devices.
    pub synced: bool,
}

impl RelyingParty {
    /// The site of a public URL; `None` when browsers allow no passkeys there: an address instead of a name, or plain
    /// HTTP elsewhere than on this machine.
    #[must_use]
    pub fn of_public_url(public_url: &str) -> Option<Self> {
        let url = Url::parse(public_url).ok()?;
        let Some(Host::Domain(id)) = url.host() else {
            return None;
        };
        let local = id == "localhost" || id.ends_with(".localhost");
        (url.scheme() == "https" || local).then(|| Self {
            id: id.to_owned(),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Checks a new passkey (§7.1). The statement about the authenticator's make is not looked at: none was asked for.
    ///
    /// # Errors
    /// See [`PasskeyFault`].
    pub fn register(
        &self,
        challenge: &[u8],
        answer: Registration<'_>,
    ) -> Result<NewPasskey, PasskeyFault> {
        self.check_client_data("webauthn.create", challenge, answer.client_data)?;
        let object = Cbor::parse(answer.attestation).map_err(PasskeyFault::Authenticator)?;
        let data = object
            .named("authData")
            .and_then(Cbor::bytes)
            .ok_or(PasskeyFault::Authenticator(CborError))?;
        let data = AuthenticatorData::parse(data)?;
        self.check_authenticator(&data)?;
        let (id, key) = data.credential.ok_or(PasskeyFault::Key)?;
        public_key(key)?;
        Ok(NewPasskey {
            id: id.to_vec(),
            public_key: key.to_vec(),
            counter: data.counter,
            synced: data.flags & BACKUP_ELIGIBLE != 0,
        })
    }

    /// Checks a use of a passkey and gives its new counter (§7.2).
    ///
    /// # Errors
    /// See [`PasskeyFault`].
    pub fn verify(
        &self,
        challenge: &[u8],
        (key, counter): (&[u8], u32),
        answer: Assertion<'_>,
    ) -> Result<u32, PasskeyFault> {
        self.check_client_data("webauthn.get", challenge, answer.client_data)?;
        let data = AuthenticatorData::parse(answer.authenticator_data)?;
        self.check_authenticator(&data)?;
        let mut signed = answer.authenticator_data.to_vec();
        signed.extend_from_slice(digest(&SHA256, answer.client_data).as_ref());
        public_key(key)?.verify(&signed, answer.signature)?;
        // Authenticators that do not count always say 0.
        if (data.counter != 0 || counter != 0) && data.counter <= counter {
            return Err(PasskeyFault::Counter);
        }
        Ok(data.counter)
    }

    fn check_client_data(
        &self,
        kind: &str,
        challenge: &[u8],
        bytes: &[u8],
    ) -> Result<(), PasskeyFault> {
        let data = Object::parse(bytes).map_err(PasskeyFault::ClientData)?;
        let text = |name| data.text(name).map_err(PasskeyFault::ClientData);
        if text("type")? != kind {
            return Err(PasskeyFault::Type);
        }
        let expected = base64url(challenge);
        if !bool::from(text("challenge")?.as_bytes().ct_eq(expected.as_bytes())) {
            return Err(PasskeyFault::Challenge);
        }
        let framed = !matches!(data.get("crossOrigin"), None | Some(Value::Bool(false)));
        if text("origin")? != self.origin || framed || data.get("topOrigin").is_some() {
            return Err(PasskeyFault::Origin);
        }
        Ok(())
    }

    fn check_authenticator(&self, data: &AuthenticatorData<'_>) -> Result<(), PasskeyFault> {
        if data.site != digest(&SHA256, self.id.as_bytes()).as_ref() {
            return Err(PasskeyFault::RelyingParty);
        }
        let verified = USER_PRESENT | USER_VERIFIED;
        if data.flags & verified != verified {
            return Err(PasskeyFault::NotVerified);
        }
        if data.flags & BACKED_UP != 0 && data.flags & BACKUP_ELIGIBLE == 0 {
            return Err(PasskeyFault::Authenticator(CborError));
        }
        Ok(())
    }
}

/// Reads a passkey's id as it is sent.
#[must_use]
pub fn passkey_id(text: &str) -> Option<Vec<u8>> {
    let id = base64url_decode(text)?;
    (!id.is_empty() && id.len() <= MAX_ID_BYTES).then_some(id)
}

/// What an authenticator says (§6.1).
struct AuthenticatorData<'a> {
    site: &'a [u8],
    flags: u8,
    counter: u32,
    credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, PasskeyFault> {
        let malformed = PasskeyFault::Authenticator(CborError);
        let (site, rest) = bytes.split_at_checked(32).ok_or(malformed)?;
        let ([flags], rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (counter, mut rest) = rest.split_first_chunk().ok_or(malformed)?;
        let mut credential = None;
        if flags & HAS_KEY != 0 {
            // 16 bytes that name the authenticator's make.
            let (_, after) = rest.split_at_checked(16).ok_or(malformed)?;
            let (n_bytes, after) = after.split_first_chunk().ok_or(malformed)?;
            let n_bytes = usize::from(u16::from_be_bytes(*n_bytes));
            let (id, after) = after.split_at_checked(n_bytes).ok_or(malformed)?;
            if id.is_empty() || id.len() > MAX_ID_BYTES {
                return Err(malformed);
            }
            let (_, left) = Cbor::read(after).map_err(PasskeyFault::Authenticator)?;
            let (key, _) = after
                .split_at_checked(after.len() - left.len())
                .ok_or(malformed)?;
            credential = Some((id, key));
            rest = left;
        }
        if flags & HAS_EXTENSIONS != 0 {
            let (_, left) = Cbor::read(rest).map_err(PasskeyFault::Authenticator)?;
            rest = left;
        }
        if !rest.is_empty() {
            return Err(malformed);
        }
        Ok(Self {
            site,
            flags: *flags,
            counter: u32::from_be_bytes(*counter),
            credential,
        })
    }
}

enum PublicKey {
    Parsed(ParsedPublicKey),
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
}

impl PublicKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PasskeyFault> {
        let verified = match self {
            Self::Parsed(key) => key.verify_sig(message, signature),
            Self::Rsa(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        verified.map_err(|_| PasskeyFault::Signature)
    }
}

/// Reads a key in COSE form (RFC 9052 §7, RFC 8230 §4).
fn public_key(cose: &[u8]) -> Result<PublicKey, PasskeyFault> {
    let key = Cbor::parse(cose).map_err(|_| PasskeyFault::Key)?;
    let int = |label| match key.at(label) {
        Some(Cbor::Int(value)) => Some(*value),
        _ => None,
    };
    let bytes = |label, n_bytes: usize| {
        let value = key.at(label).and_then(Cbor::bytes);
        value
            .filter(|v| v.len() == n_bytes)
            .ok_or(PasskeyFault::Key)
    };
    let parsed = |algorithm, bytes: &[u8]| {
        ParsedPublicKey::new(algorithm, bytes)
            .map(PublicKey::Parsed)
            .map_err(|_| PasskeyFault::Key)
    };
    // Kind, algorithm and curve.
    match (int(1), int(3), int(-1)) {
        (Some(2), Some(ES256), Some(1)) => {
            let point = [&[4], bytes(-2, 32)?, bytes(-3, 32)?].concat();
            parsed(&ECDSA_P256_SHA256_ASN1, &point)
        }
        (Some(1), Some(EDDSA), Some(6)) => parsed(&ED25519, bytes(-2, 32)?),
        (Some(3), Some(RS256), None) => {
            let number = |label| key.at(label).and_then(Cbor::bytes).ok_or(PasskeyFault::Key);
            let (n, e) = (number(-1)?, number(-2)?);
            if n.len() < 256 || n.len() > 1024 || e != [1, 0, 1] {
                return Err(PasskeyFault::Key);
            }
            Ok(PublicKey::Rsa(RsaPublicKeyComponents {
                n: n.to_vec(),
                e: e.to_vec(),
            }))
        }
        _ => Err(PasskeyFault::Key),
    }
}

#[cfg(test)]
#[path = "passkey_tests.rs"]
mod tests;
