//! Names of VBC users at the token service: the login and `@vbc.prod`, always (vbc-api §3.3).

use thiserror::Error;

/// The tenant domain of every VBC user.
pub const TENANT: &str = "vbc.prod";

/// The tenant of a name without one (vbc-api §3.3).
const NO_TENANT: &str = "carbon.super";

/// The name is of another tenant.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the name is of the tenant {0}, not of vbc.prod")]
pub struct OtherTenant(pub String);

/// The login of a name: what stands before the last `@`, which `vbc.prod` must follow. A login may be an e-mail address.
///
/// # Errors
/// The name ends otherwise.
pub fn login_of(name: &str) -> Result<&str, OtherTenant> {
    match name.rsplit_once('@') {
        Some((login, TENANT)) => Ok(login),
        Some((_, other)) => Err(OtherTenant(other.to_owned())),
        None => Err(OtherTenant(NO_TENANT.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_suffix_counts() {
        assert_eq!(login_of("api_user_4711@vbc.prod"), Ok("api_user_4711"));
        assert_eq!(login_of("pat@example.com@vbc.prod"), Ok("pat@example.com"));
        assert_eq!(login_of("pat@vbc.prod@vbc.prod"), Ok("pat@vbc.prod"));
        let other = |name: &str| login_of(name).unwrap_err().0;
        assert_eq!(other("pat@example.com"), "example.com");
        assert_eq!(other("pat@vbc.prod@example.com"), "example.com");
        assert_eq!(other("pat@VBC.PROD"), "VBC.PROD");
        assert_eq!(other("pat"), "carbon.super");
    }
}
