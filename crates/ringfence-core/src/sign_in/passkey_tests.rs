//! An authenticator of our own, honest and otherwise.

use super::*;
use aws_lc_rs::rand::SystemRandom as AwsRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use proptest::prelude::*;

const CHALLENGE: &[u8] = b"0123456789abcdef0123456789abcdef";

fn site() -> RelyingParty {
    RelyingParty::of_public_url("https://ringfence.example:8443/").unwrap()
}

fn client_data(kind: &str, challenge: &[u8], rest: &str) -> Vec<u8> {
    let challenge = base64url(challenge);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}",{rest}}}"#).into_bytes()
}

const HERE: &str = r#""origin":"https://ringfence.example:8443","crossOrigin":false"#;

fn cose_es256(point: &[u8]) -> Vec<u8> {
    let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    cose.extend_from_slice(&point[1..33]);
    cose.extend_from_slice(&[0x22, 0x58, 0x20]);
    cose.extend_from_slice(&point[33..]);
    cose
}

fn authenticator_data(flags: u8, counter: u32, rest: &[u8]) -> Vec<u8> {
    let mut data = digest(&SHA256, b"ringfence.example").as_ref().to_vec();
    data.push(flags);
    data.extend_from_slice(&counter.to_be_bytes());
    data.extend_from_slice(rest);
    data
}

fn credential(cose: &[u8]) -> Vec<u8> {
    [&[0; 16], &[0, 4][..], b"key1", cose].concat()
}

fn attestation(data: &[u8]) -> Vec<u8> {
    let mut object = vec![0xa3, 0x63];
    object.extend_from_slice(b"fmt\x64none\x67attStmt\xa0\x68authData");
    match u8::try_from(data.len()) {
        Ok(short) => object.extend_from_slice(&[0x58, short]),
        Err(_) => {
            object.push(0x59);
            object.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        }
    }
    object.extend_from_slice(data);
    object
}

struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    fn cose(&self) -> Vec<u8> {
        cose_es256(self.0.public_key().as_ref())
    }

    fn uses(&self, client: &[u8], data: &[u8], counter: u32) -> Result<u32, PasskeyFault> {
        let signed = [data, digest(&SHA256, client).as_ref()].concat();
        let signature = self.0.sign(&AwsRandom::new(), &signed).unwrap();
        site().verify(
            CHALLENGE,
            (&self.cose(), counter),
            Assertion {
                client_data: client,
                authenticator_data: data,
                signature: signature.as_ref(),
            },
        )
    }
}

#[test]
fn a_passkey_is_made_and_used() {
    let key = Key::new();
    let data = authenticator_data(0x4d, 1, &credential(&key.cose()));
    let client = client_data("webauthn.create", CHALLENGE, HERE);
    let made = site()
        .register(
            CHALLENGE,
            Registration {
                client_data: &client,
                attestation: &attestation(&data),
            },
        )
        .unwrap();
    assert_eq!(
        (made.id.as_slice(), made.counter, made.synced),
        (&b"key1"[..], 1, true)
    );
    assert_eq!(made.public_key, key.cose());
    let client = client_data("webauthn.get", CHALLENGE, HERE);
    assert_eq!(
        key.uses(&client, &authenticator_data(0x05, 2, &[]), 1),
        Ok(2)
    );
    assert_eq!(
        key.uses(&client, &authenticator_data(0x05, 0, &[]), 0),
        Ok(0),
        "does not count"
    );
}

#[test]
fn webauthn_7_2_refuses_each_wrong_thing() {
    let key = Key::new();
    let good = client_data("webauthn.get", CHALLENGE, HERE);
    let data = authenticator_data(0x05, 7, &[]);
    let elsewhere = r#""origin":"https://evil.example""#;
    let framed = r#""origin":"https://ringfence.example:8443","crossOrigin":true"#;
    for (client, fault) in [
        (
            client_data("webauthn.create", CHALLENGE, HERE),
            PasskeyFault::Type,
        ),
        (
            client_data("webauthn.get", b"another", HERE),
            PasskeyFault::Challenge,
        ),
        (
            client_data("webauthn.get", CHALLENGE, elsewhere),
            PasskeyFault::Origin,
        ),
        (
            client_data("webauthn.get", CHALLENGE, framed),
            PasskeyFault::Origin,
        ),
    ] {
        assert_eq!(key.uses(&client, &data, 0), Err(fault));
    }
    for (data, fault) in [
        (authenticator_data(0x01, 7, &[]), PasskeyFault::NotVerified),
        (authenticator_data(0x04, 7, &[]), PasskeyFault::NotVerified),
        (
            authenticator_data(0x05, 7, &[0]),
            PasskeyFault::Authenticator(CborError),
        ),
        (
            authenticator_data(0x15, 7, &[]),
            PasskeyFault::Authenticator(CborError),
        ),
        (
            data.iter().map(|b| b ^ 1).collect(),
            PasskeyFault::RelyingParty,
        ),
    ] {
        assert_eq!(key.uses(&good, &data, 0), Err(fault));
    }
    assert_eq!(key.uses(&good, &data, 7), Err(PasskeyFault::Counter));
    assert_eq!(
        key.uses(&good, &authenticator_data(0x05, 0, &[]), 7),
        Err(PasskeyFault::Counter)
    );
    let other = Key::new();
    let signed = [&data[..], digest(&SHA256, &good).as_ref()].concat();
    let signature = other.0.sign(&AwsRandom::new(), &signed).unwrap();
    let answer = Assertion {
        client_data: &good,
        authenticator_data: &data,
        signature: signature.as_ref(),
    };
    let outcome = site().verify(CHALLENGE, (&key.cose(), 0), answer);
    assert_eq!(outcome, Err(PasskeyFault::Signature));
}

#[test]
fn ed25519_keys_work() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let mut cose = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
    cose.extend_from_slice(pair.public_key().as_ref());
    let client = client_data("webauthn.get", CHALLENGE, HERE);
    let data = authenticator_data(0x05, 0, &[]);
    let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
    let signature = pair.sign(&signed);
    let answer = Assertion {
        client_data: &client,
        authenticator_data: &data,
        signature: signature.as_ref(),
    };
    assert_eq!(site().verify(CHALLENGE, (&cose, 0), answer), Ok(0));
}

#[test]
fn keys_of_other_forms_are_refused() {
    let cose = Key::new().cose();
    let changed = |at: usize, to: u8| {
        let mut cose = cose.clone();
        cose[at] = to;
        cose
    };
    assert!(public_key(&cose).is_ok());
    for (bad, why) in [
        (changed(2, 0x01), "kind"),
        (changed(4, 0x27), "algorithm"),
        (changed(6, 0x02), "curve"),
        (changed(12, cose[12] ^ 1), "a point beside the curve"),
        (cose[..cose.len() - 1].to_vec(), "cut"),
    ] {
        assert!(public_key(&bad).is_err(), "{why}");
    }
}

#[test]
fn passkeys_need_a_name_and_encryption() {
    let of = |url| RelyingParty::of_public_url(url).map(|site| (site.id, site.origin));
    assert_eq!(
        of("https://Ringfence.Example/x"),
        Some((
            "ringfence.example".to_owned(),
            "https://ringfence.example".to_owned()
        ))
    );
    assert_eq!(
        of("http://localhost:8080"),
        Some(("localhost".to_owned(), "http://localhost:8080".to_owned()))
    );
    assert_eq!(of("http://ringfence.example"), None);
    assert_eq!(of("https://127.0.0.1"), None);
    assert_eq!(of("http://127.0.0.1:8080"), None);
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let client = client_data("webauthn.create", CHALLENGE, HERE);
        let _ = site().register(CHALLENGE, Registration { client_data: &client, attestation: &bytes });
        let _ = site().register(CHALLENGE, Registration { client_data: &client, attestation: &attestation(&bytes) });
        let _ = public_key(&bytes);
    }
}
