//! How somebody signed in, in the words that applications understand (RFC 8176, OpenID Connect Core §2).

/// One factor, or one that another provider checked in its own way.
pub const ACR_ONE: &str = "urn:ringfence:acr:1";
/// Two factors, or a passkey, which is two in one.
pub const ACR_TWO: &str = "urn:ringfence:acr:2";

/// The authentication context classes, the weaker first.
pub const ACRS: [&str; 2] = [ACR_ONE, ACR_TWO];

/// The methods behind a way to sign in: `password`, `password+totp`, `passkey`, `sso:NAME`, `link`.
///
/// What a provider elsewhere checked is not ours to say, and a link proves no more than that somebody had it.
#[must_use]
pub fn amr(method: &str) -> &'static [&'static str] {
    match method {
        "password" => &["pwd"],
        "password+totp" | "password+recovery" => &["pwd", "otp", "mfa"],
        "passkey" => &["pop", "user", "mfa"],
        other if is_second(other) => &["otp"],
        _ => &[],
    }
}

/// The authentication context class of a way to sign in.
#[must_use]
pub fn acr(method: &str) -> &'static str {
    if method == "passkey" || is_second(method) {
        ACR_TWO
    } else {
        ACR_ONE
    }
}

/// Whether a code was asked for after the first proof.
fn is_second(method: &str) -> bool {
    method.ends_with("+totp") || method.ends_with("+recovery")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_factor_and_a_passkey_are_of_the_stronger_class() {
        for (method, class, methods) in [
            ("password", ACR_ONE, "pwd"),
            ("password+totp", ACR_TWO, "pwd otp mfa"),
            ("password+recovery", ACR_TWO, "pwd otp mfa"),
            ("passkey", ACR_TWO, "pop user mfa"),
            ("sso:corp", ACR_ONE, ""),
            ("sso:corp+totp", ACR_TWO, "otp"),
            ("link", ACR_ONE, ""),
        ] {
            assert_eq!(
                (acr(method), amr(method).join(" ")),
                (class, methods.to_owned()),
                "{method}"
            );
        }
    }
}
