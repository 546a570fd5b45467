//! The names under which tokens are issued, and for whom.

use crate::account::Region;

/// Where the token service lives below the outside URL; the path of its issuer (RFC 8414 §3.1).
pub const ISSUER_PATH: &str = "/Auth";

/// The issuer of every token, from the outside URL without a slash at the end.
#[must_use]
pub fn issuer(public_url: &str) -> String {
    format!("{public_url}{ISSUER_PATH}")
}

/// The one audience of a token: the APIs of its account's region.
///
/// It names no host, so that it stays the same however a region is reached.
#[must_use]
pub fn audience(region: Region) -> String {
    format!("urn:ringfence:vcc:{}", region.as_str())
}

/// Where the token service of applications says who it is, below the outside URL (vbc-api §3.7).
pub const VBC_ISSUER_PATH: &str = "/oauth2/token";

/// The issuer of tokens that applications get, from the outside URL without a slash at the end.
#[must_use]
pub fn vbc_issuer(public_url: &str) -> String {
    format!("{public_url}{VBC_ISSUER_PATH}")
}

/// The one audience of an application's token: the VBC APIs, for accounts of that region.
#[must_use]
pub fn vbc_audience(region: Region) -> String {
    format!("urn:ringfence:vbc:{}", region.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_is_an_audience_of_its_own() {
        assert_eq!(issuer("https://rf.example"), "https://rf.example/Auth");
        let audiences: std::collections::BTreeSet<String> =
            Region::ALL.into_iter().map(audience).collect();
        assert_eq!(audiences.len(), Region::ALL.len());
        assert!(audiences.contains("urn:ringfence:vcc:emea"));
    }
}
