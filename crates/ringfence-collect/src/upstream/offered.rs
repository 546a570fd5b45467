//! Digests that the platform offers with a file: read, computed along, and compared.

use crate::upstream::md5::Md5;
use reqwest::header::HeaderMap;
use ringfence_core::digest::{ContentDigest, ForeignAlgorithm, ForeignHasher};
use ringfence_core::encoding::base64_decode;

/// What a digest is made with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
}

/// A digest as offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offered {
    /// The header it came in.
    pub header: &'static str,
    /// What it is made with.
    pub algorithm: Algorithm,
    /// Its bytes.
    pub digest: Vec<u8>,
}

/// Reads `Repr-Digest`, `Content-Digest` (RFC 9530), `Digest` (RFC 3230) and `Content-MD5` (RFC 1864).
///
/// With a part of a file only those that speak of the whole count.
#[must_use]
pub fn offered(headers: &HeaderMap, partial: bool) -> Vec<Offered> {
    let mut found = Vec::new();
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let lists: [(&'static str, bool); 3] = [
        ("repr-digest", true),
        ("digest", true),
        ("content-digest", !partial),
    ];
    for (header, counts) in lists {
        let Some(list) = text(header).filter(|_| counts) else {
            continue;
        };
        found.extend(list.split(',').filter_map(|member| one(header, member)));
    }
    if let Some(digest) = text("content-md5")
        .filter(|_| !partial)
        .and_then(|t| base64_decode(t.trim()))
        .filter(|d| d.len() == 16)
    {
        found.push(Offered {
            header: "content-md5",
            algorithm: Algorithm::Md5,
            digest,
        });
    }
    found
}

fn one(header: &'static str, member: &str) -> Option<Offered> {
    let (name, value) = member.trim().split_once('=')?;
    let value = value.trim();
    // RFC 9530 writes :base64:, RFC 3230 plain base64.
    let value = value
        .strip_prefix(':')
        .and_then(|v| v.split(':').next())
        .unwrap_or(value);
    let (algorithm, len) = match name.trim().to_ascii_lowercase().as_str() {
        "sha-256" => (Algorithm::Sha256, 32),
        "sha-512" => (Algorithm::Sha512, 64),
        "sha" => (Algorithm::Sha1, 20),
        "md5" => (Algorithm::Md5, 16),
        _ => return None,
    };
    let digest = base64_decode(value)?;
    (digest.len() == len).then_some(Offered {
        header,
        algorithm,
        digest,
    })
}

/// Computes the offered digests while the file streams by.
#[derive(Clone, Debug, Default)]
pub struct OfferedCheck {
    offered: Vec<Offered>,
    sha512: Option<ForeignHasher>,
    sha1: Option<ForeignHasher>,
    md5: Option<Md5>,
}

impl OfferedCheck {
    /// Prepares for what is offered.
    #[must_use]
    pub fn new(offered: Vec<Offered>) -> Self {
        let has = |algorithm| offered.iter().any(|o| o.algorithm == algorithm);
        Self {
            sha512: has(Algorithm::Sha512).then(|| ForeignHasher::new(ForeignAlgorithm::Sha512)),
            sha1: has(Algorithm::Sha1).then(|| ForeignHasher::new(ForeignAlgorithm::Sha1)),
            md5: has(Algorithm::Md5).then(Md5::new),
            offered,
        }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.sha512 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sha1 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.md5 {
            hasher.update(bytes);
        }
    }

    /// The file has ended: how many digests agree, or the header of one that does not.
    ///
    /// # Errors
    /// The name of the header whose digest differs.
    pub fn finish(self, sha256: &ContentDigest) -> Result<usize, &'static str> {
        let sha512 = self.sha512.map(ForeignHasher::finish);
        let sha1 = self.sha1.map(ForeignHasher::finish);
        let md5 = self.md5.map(Md5::finish);
        for offered in &self.offered {
            let computed = match offered.algorithm {
                Algorithm::Sha256 => Some(sha256.as_bytes().as_slice()),
                Algorithm::Sha512 => sha512.as_deref(),
                Algorithm::Sha1 => sha1.as_deref(),
                Algorithm::Md5 => md5.as_ref().map(<[u8; 16]>::as_slice),
            };
            if computed != Some(offered.digest.as_slice()) {
                return Err(offered.header);
            }
        }
        Ok(self.offered.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};
    use ringfence_core::encoding::base64;

    fn headers(list: &[(&'static str, String)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn check(headers: &HeaderMap, body: &[u8]) -> Result<usize, &'static str> {
        let mut check = OfferedCheck::new(offered(headers, false));
        check.update(body);
        check.finish(&ContentDigest::of(body))
    }

    #[test]
    fn verifies_every_spelling() {
        let sha = base64(ContentDigest::of(b"audio").as_bytes());
        let mut md5 = Md5::new();
        md5.update(b"audio");
        let md5 = base64(&md5.finish());
        let all = headers(&[
            ("repr-digest", format!("unknown=:AAAA:, sha-256=:{sha}:")),
            ("digest", format!("SHA-256={sha},MD5={md5}")),
            ("content-md5", md5),
        ]);
        assert_eq!(check(&all, b"audio"), Ok(4));
        assert_eq!(check(&all, b"audip"), Err("repr-digest"));
    }

    #[test]
    fn a_part_is_not_held_against_a_digest_of_the_part() {
        let md5 = base64(&[0; 16]);
        let some = headers(&[
            ("content-md5", md5.clone()),
            ("content-digest", format!("md5=:{md5}:")),
        ]);
        assert_eq!(offered(&some, true), []);
        assert_eq!(offered(&some, false).len(), 2);
    }

    #[test]
    fn what_is_no_digest_is_not_offered() {
        let junk = headers(&[
            ("digest", "sha-256=short,md5".to_owned()),
            ("content-md5", "?".to_owned()),
        ]);
        assert_eq!(offered(&junk, false), []);
        assert_eq!(check(&junk, b"audio"), Ok(0));
    }
}
