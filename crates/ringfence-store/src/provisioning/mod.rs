//! What the Provisioning APIs tell (vbc-api §5): accounts here, then [`locations`], [`people`] and [`extensions`].

pub mod extensions;
pub mod locations;
pub mod people;

use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::AccountId;
use ringfence_core::provisioning::number::{AccountNumber, Number};
use ringfence_core::provisioning::text::Label;
use ringfence_core::provisioning::{AccountDetails, PostalAddress};

const TABLE: &str = "vbc_accounts";

/// What kind of thing a number is given to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberKind {
    /// An account.
    Account,
    /// A location.
    Location,
    /// A person.
    User,
}

/// Gives out a number that nothing of that kind has, and that none had from here.
///
/// # Errors
/// The database broke off.
pub async fn number_next<Of>(tx: &mut Tx, kind: NumberKind) -> Result<Number<Of>, Error> {
    let (name, taken) = match kind {
        NumberKind::Account => (
            "account",
            "SELECT number FROM vbc_accounts WHERE number = $1",
        ),
        NumberKind::Location => (
            "location",
            "SELECT number FROM vbc_locations WHERE number = $1",
        ),
        NumberKind::User => ("user", "SELECT number FROM vbc_users WHERE number = $1"),
    };
    loop {
        let row = tx
            .fetch_one(
                "UPDATE vbc_numbers SET last = last + 1 WHERE kind = $1 RETURNING last",
                &[name.into()],
            )
            .await?;
        let last = row.int("last")?;
        // Numbers are also chosen by people, and those may lie ahead.
        if tx.fetch_optional(taken, &[last.into()]).await?.is_none() {
            return row.number("vbc_numbers", "last");
        }
    }
}

/// Adds an account's entry.
///
/// # Errors
/// [`Error::Duplicate`] when the number is taken or the account has one.
pub async fn details_insert(tx: &mut Tx, details: &AccountDetails) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO vbc_accounts (account_id, number, name, status, address_1, address_2, country, state, city, postal_code)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &details_args(details),
    )
    .await?;
    Ok(())
}

/// Writes an account's entry back.
///
/// # Errors
/// [`Error::Duplicate`] when the number is another account's.
pub async fn details_update(tx: &mut Tx, details: &AccountDetails) -> Result<(), Error> {
    tx.execute(
        "UPDATE vbc_accounts SET number = $2, name = $3, status = $4, address_1 = $5, address_2 = $6, country = $7,
             state = $8, city = $9, postal_code = $10
         WHERE account_id = $1",
        &details_args(details),
    )
    .await?;
    Ok(())
}

/// An account's entry. Only accounts of VBC have one.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn details_find(
    tx: &mut Tx,
    account_id: AccountId,
) -> Result<Option<AccountDetails>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM vbc_accounts WHERE account_id = $1",
            &[account_id.to_string().into()],
        )
        .await?;
    row.as_ref().map(details).transpose()
}

/// The account of that number.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn account_by_number(
    tx: &mut Tx,
    number: AccountNumber,
) -> Result<Option<AccountId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT account_id FROM vbc_accounts WHERE number = $1",
            &[number.get().into()],
        )
        .await?;
    row.map(|row| row.parsed(TABLE, "account_id", AccountId::parse))
        .transpose()
}

fn details_args(details: &AccountDetails) -> Vec<Arg> {
    let mut args: Vec<Arg> = vec![
        details.account_id.to_string().into(),
        details.number.get().into(),
        details.name.as_str().into(),
        details.status.as_str().into(),
    ];
    args.extend(address_args(&details.address));
    args
}

fn details(row: &Row) -> Result<AccountDetails, Error> {
    Ok(AccountDetails {
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        number: row.number(TABLE, "number")?,
        name: row.parsed(TABLE, "name", Label::parse)?,
        status: row.parsed(TABLE, "status", Label::parse)?,
        address: address(row, TABLE)?,
    })
}

/// The columns of an address, in the order of the tables.
fn address_args(address: &PostalAddress) -> [Arg; 6] {
    [
        address.address_1.as_str().into(),
        address.address_2.as_ref().map(Label::as_str).into(),
        address.country.as_str().into(),
        address.state.as_str().into(),
        address.city.as_str().into(),
        address.postal_code.as_str().into(),
    ]
}

fn address(row: &Row, table: &'static str) -> Result<PostalAddress, Error> {
    Ok(PostalAddress {
        address_1: row.parsed(table, "address_1", Label::parse)?,
        address_2: row.opt_parsed(table, "address_2", Label::parse)?,
        country: row.parsed(table, "country", Label::parse)?,
        state: row.parsed(table, "state", Label::parse)?,
        city: row.parsed(table, "city", Label::parse)?,
        postal_code: row.parsed(table, "postal_code", Label::parse)?,
    })
}

/// Conditions that are joined by AND, with what is bound to them.
struct Conditions {
    sql: String,
    args: Vec<Arg>,
}

impl Conditions {
    /// Begins with the account, which is `$1` for all that follow.
    fn of(account_id: AccountId, sql: &str) -> Self {
        Self {
            sql: sql.to_owned(),
            args: vec![account_id.to_string().into()],
        }
    }

    /// Adds a condition in which `?` stands for the value.
    fn also(&mut self, condition: &str, arg: impl Into<Arg>) {
        let mark = self.bind(arg);
        self.sql.push_str(" AND ");
        self.sql.push_str(&condition.replace('?', &mark));
    }

    /// Binds a value and gives its placeholder.
    fn bind(&mut self, arg: impl Into<Arg>) -> String {
        self.args.push(arg.into());
        format!("${}", self.args.len())
    }
}
