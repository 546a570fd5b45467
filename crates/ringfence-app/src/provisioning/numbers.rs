//! Accounts and people of VBC get their entries, with numbers, in the transaction that makes them.

use crate::error::Error;
use ringfence_core::account::{Account, AccountKind};
use ringfence_core::provisioning::text::Label;
use ringfence_core::provisioning::{AccountDetails, PostalAddress, name_split};
use ringfence_core::user::User;
use ringfence_store::db::Tx;
use ringfence_store::provisioning::people::{person_insert, person_name_set};
use ringfence_store::provisioning::{NumberKind, details_find, details_insert, number_next};

/// Makes a new account's entry when it is one of VBC.
pub(crate) async fn details_make(tx: &mut Tx, account: &Account) -> Result<(), Error> {
    match account.kind {
        AccountKind::Vbc => {}
        AccountKind::Vcc => return Ok(()),
    }
    let details = AccountDetails {
        account_id: account.id,
        number: number_next(tx, NumberKind::Account).await?,
        name: Label::parse(account.name.as_str()).map_err(Error::internal)?,
        status: Label::parse("ACTIVE").map_err(Error::internal)?,
        address: PostalAddress::default(),
    };
    details_insert(tx, &details).await?;
    Ok(())
}

/// Makes a new person's entry when their account has one.
pub(crate) async fn person_make(tx: &mut Tx, user: &User) -> Result<(), Error> {
    if details_find(tx, user.account_id).await?.is_none() {
        return Ok(());
    }
    let number = number_next(tx, NumberKind::User).await?;
    person_insert(tx, user.account_id, user.id, number, name_split(&user.name)).await?;
    Ok(())
}

/// Lets a person's entry follow a change of their name.
pub(crate) async fn person_rename(tx: &mut Tx, user: &User) -> Result<(), Error> {
    person_name_set(tx, user.id, name_split(&user.name)).await?;
    Ok(())
}
