//! What an application may know of the person it acts for (OpenID Connect Core §5.3).

use crate::context::Ctx;
use crate::error::Error;
use crate::gateway::user::AdmittedUser;
use ringfence_core::authorization_request::{ClaimsRequest, PersonClaim};
use ringfence_core::provisioning::{ContactKind, Person};
use ringfence_core::user::User;
use ringfence_store::grants::grant_find;
use ringfence_store::provisioning::people::person_find;
use ringfence_store::users::user_find;

/// The value of a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimValue {
    /// A text.
    Text(String),
    /// Yes or no.
    Bool(bool),
}

/// What is told of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserInfo {
    /// The person, as in the ID token.
    pub sub: String,
    /// What the scopes and the single claims ask for, as far as it is known.
    pub claims: Vec<(PersonClaim, ClaimValue)>,
}

/// Tells what the token allows to know.
///
/// # Errors
/// [`Error::Unauthenticated`] when the person or the grant is gone by now.
pub async fn userinfo_show(ctx: &Ctx, admitted: &AdmittedUser) -> Result<UserInfo, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let user = user_find(&mut tx, admitted.live.user.id).await?;
    let grant = grant_find(&mut tx, admitted.grant).await?;
    let (account_id, user_id) = (admitted.live.account.id, admitted.live.user.id);
    let person = person_find(&mut tx, account_id, user_id).await?;
    drop(tx);
    let user = user.ok_or(Error::Unauthenticated)?;
    let single = grant.and_then(|grant| grant.authorization.claims);
    let single = ClaimsRequest::userinfo_parse(single.as_deref().unwrap_or_default());
    let scope = admitted.scope();
    let is_asked = |claim: &PersonClaim| scope.contains(claim.scope()) || single.contains(claim);
    let known = |claim: PersonClaim| Some((claim, value((&user, person.as_ref()), claim)?));
    Ok(UserInfo {
        sub: user.id.to_string(),
        claims: PersonClaim::ALL
            .into_iter()
            .filter(is_asked)
            .filter_map(known)
            .collect(),
    })
}

/// The value of a claim, when it is known.
fn value((user, person): (&User, Option<&Person>), claim: PersonClaim) -> Option<ClaimValue> {
    let text = |text: &str| (!text.is_empty()).then(|| ClaimValue::Text(text.to_owned()));
    match claim {
        PersonClaim::Name => text(user.name.trim()),
        PersonClaim::GivenName => text(&person?.first_name),
        PersonClaim::FamilyName => text(&person?.last_name),
        PersonClaim::PreferredUsername => text(user.username.as_str()),
        PersonClaim::Email => text(&user.email),
        // Admins type addresses and numbers in; nobody has proved theirs.
        PersonClaim::EmailVerified => (!user.email.is_empty()).then_some(ClaimValue::Bool(false)),
        PersonClaim::PhoneNumber => text(phone_number(person?)?),
        PersonClaim::PhoneNumberVerified => phone_number(person?).map(|_| ClaimValue::Bool(false)),
    }
}

/// The number by which a person is best reached: of their mobile phone, or else at home.
fn phone_number(person: &Person) -> Option<&str> {
    let of = |kind| {
        let mut all = person
            .contact_numbers
            .iter()
            .filter(move |number| number.kind == kind);
        all.find_map(|number| number.value.as_ref())
    };
    let number = of(ContactKind::Mobile).or_else(|| of(ContactKind::Home))?;
    Some(number.as_str())
}
