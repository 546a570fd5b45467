//! People as the Provisioning APIs tell of them: a number and the parts of a name beside what `users` holds.

use super::Conditions;
use super::extensions::dids_of_people;
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::provisioning::number::UserNumber;
use ringfence_core::provisioning::text::Label;
use ringfence_core::provisioning::{ContactKind, ContactNumber, OwnExtension, Person};
use ringfence_core::user::Username;
use std::collections::HashMap;

const TABLE: &str = "vbc_users";
// Keys of one statement; both engines take more.
const KEYS: usize = 500;

/// Which people are looked for: all that is given must fit exactly.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PersonSearch {
    /// Their first name.
    pub first_name: Option<String>,
    /// The rest of their name.
    pub last_name: Option<String>,
    /// The name they sign in with, in lower case.
    pub login_name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
}

/// Adds a person's entry. The rest of the person is in `users`.
///
/// # Errors
/// [`Error::Duplicate`] when the number is taken or the person has one.
pub async fn person_insert(
    tx: &mut Tx,
    account_id: AccountId,
    user_id: UserId,
    number: UserNumber,
    (first_name, last_name): (&str, &str),
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO vbc_users (user_id, account_id, number, first_name, last_name) VALUES ($1, $2, $3, $4, $5)",
        &[
            user_id.to_string().into(),
            account_id.to_string().into(),
            number.get().into(),
            first_name.into(),
            last_name.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Gives a person another number.
///
/// # Errors
/// [`Error::Duplicate`] when it is somebody else's.
pub async fn person_number_set(
    tx: &mut Tx,
    user_id: UserId,
    number: UserNumber,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE vbc_users SET number = $2 WHERE user_id = $1",
        &[user_id.to_string().into(), number.get().into()],
    )
    .await?;
    Ok(())
}

/// Sets the parts of a person's name, if the person has an entry.
///
/// # Errors
/// The database refused it or broke off.
pub async fn person_name_set(
    tx: &mut Tx,
    user_id: UserId,
    (first_name, last_name): (&str, &str),
) -> Result<(), Error> {
    tx.execute(
        "UPDATE vbc_users SET first_name = $2, last_name = $3 WHERE user_id = $1",
        &[
            user_id.to_string().into(),
            first_name.into(),
            last_name.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Sets how else a person is reached.
///
/// # Errors
/// The database refused it or broke off.
pub async fn contact_numbers_set(
    tx: &mut Tx,
    user_id: UserId,
    numbers: &[ContactNumber],
) -> Result<(), Error> {
    let id: Arg = user_id.to_string().into();
    tx.execute(
        "DELETE FROM vbc_contact_numbers WHERE user_id = $1",
        std::slice::from_ref(&id),
    )
    .await?;
    for (place, number) in (0_i64..).zip(numbers) {
        tx.execute(
            "INSERT INTO vbc_contact_numbers (user_id, place, kind, value) VALUES ($1, $2, $3, $4)",
            &[
                id.clone(),
                place.into(),
                number.kind.as_str().into(),
                number.value.as_ref().map(Label::as_str).into(),
            ],
        )
        .await?;
    }
    Ok(())
}

const SELECT: &str = "SELECT v.user_id, v.number, v.first_name, v.last_name, u.username, u.email
    FROM vbc_users v JOIN users u ON u.id = v.user_id";

/// A person of the account by number, archived or not.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn person_by_number(
    tx: &mut Tx,
    account_id: AccountId,
    number: UserNumber,
) -> Result<Option<Person>, Error> {
    let sql = format!("{SELECT} WHERE v.account_id = $1 AND v.number = $2");
    let args = [account_id.to_string().into(), number.get().into()];
    one(tx, sql, &args).await
}

/// A person of the account by id, archived or not.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn person_find(
    tx: &mut Tx,
    account_id: AccountId,
    user_id: UserId,
) -> Result<Option<Person>, Error> {
    let sql = format!("{SELECT} WHERE v.account_id = $1 AND v.user_id = $2");
    let args = [account_id.to_string().into(), user_id.to_string().into()];
    one(tx, sql, &args).await
}

/// Whether somebody, of whatever account, has that number.
///
/// # Errors
/// The database broke off.
pub async fn person_number_taken(tx: &mut Tx, number: UserNumber) -> Result<bool, Error> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM vbc_users WHERE number = $1",
            &[number.get().into()],
        )
        .await?;
    Ok(row.is_some())
}

/// A page of the people that a search finds by number, archived ones left out.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn person_page(
    tx: &mut Tx,
    account_id: AccountId,
    search: &PersonSearch,
    offset: i64,
    limit: u32,
) -> Result<Vec<Person>, Error> {
    let mut wanted = conditions(account_id, search);
    let (limit, offset) = (wanted.bind(limit), wanted.bind(offset));
    let sql = format!(
        "{SELECT} WHERE {} ORDER BY v.number LIMIT {limit} OFFSET {offset}",
        wanted.sql
    );
    let rows = tx.fetch_all_built(sql, &wanted.args).await?;
    let mut people = rows.iter().map(person).collect::<Result<Vec<_>, _>>()?;
    attach(tx, &mut people).await?;
    Ok(people)
}

/// How many people a search finds, archived ones left out.
///
/// # Errors
/// The database broke off.
pub async fn person_count(
    tx: &mut Tx,
    account_id: AccountId,
    search: &PersonSearch,
) -> Result<i64, Error> {
    let (sql, args) = if *search == PersonSearch::default() {
        // All have an entry, and this is counted in an index alone.
        let sql = "SELECT COUNT(*) AS n FROM users WHERE account_id = $1 AND active = TRUE";
        (sql.to_owned(), vec![account_id.to_string().into()])
    } else {
        let wanted = conditions(account_id, search);
        let sql = format!(
            "SELECT COUNT(*) AS n FROM vbc_users v JOIN users u ON u.id = v.user_id WHERE {}",
            wanted.sql
        );
        (sql, wanted.args)
    };
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

/// The extensions of these people, by number.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn extensions_of_people(
    tx: &mut Tx,
    people: &[Person],
) -> Result<HashMap<UserId, Vec<OwnExtension>>, Error> {
    let mut found: HashMap<UserId, Vec<OwnExtension>> = HashMap::new();
    for some in people.chunks(KEYS) {
        let ids: Vec<UserId> = some.iter().map(|person| person.user_id).collect();
        for (user_id, extension) in dids_of_people(tx, &ids).await? {
            found.entry(user_id).or_default().push(extension);
        }
    }
    Ok(found)
}

fn conditions(account_id: AccountId, search: &PersonSearch) -> Conditions {
    let mut wanted = Conditions::of(account_id, "v.account_id = $1 AND u.active = TRUE");
    let given = [
        ("v.first_name = ?", &search.first_name),
        ("v.last_name = ?", &search.last_name),
        // The account stands there again so that the index of users is one that fits.
        ("u.account_id = $1 AND u.username = ?", &search.login_name),
        ("u.account_id = $1 AND u.email = ?", &search.email),
    ];
    for (condition, value) in given {
        if let Some(value) = value {
            wanted.also(condition, value.as_str());
        }
    }
    wanted
}

async fn one(tx: &mut Tx, sql: String, args: &[Arg]) -> Result<Option<Person>, Error> {
    let rows = tx.fetch_all_built(sql, args).await?;
    let mut people = rows
        .iter()
        .take(1)
        .map(person)
        .collect::<Result<Vec<_>, _>>()?;
    attach(tx, &mut people).await?;
    Ok(people.pop())
}

fn person(row: &Row) -> Result<Person, Error> {
    Ok(Person {
        user_id: row.parsed(TABLE, "user_id", UserId::parse)?,
        number: row.number(TABLE, "number")?,
        login_name: row.parsed("users", "username", Username::parse)?,
        email: row.text("email")?,
        first_name: row.text("first_name")?,
        last_name: row.text("last_name")?,
        contact_numbers: Vec::new(),
    })
}

async fn attach(tx: &mut Tx, people: &mut [Person]) -> Result<(), Error> {
    for some in people.chunks_mut(KEYS) {
        let marks: Vec<String> = (1..=some.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT user_id, kind, value FROM vbc_contact_numbers WHERE user_id IN ({}) ORDER BY user_id, place",
            marks.join(", ")
        );
        let args: Vec<Arg> = some.iter().map(|p| p.user_id.to_string().into()).collect();
        let mut found: HashMap<UserId, Vec<ContactNumber>> = HashMap::new();
        for row in tx.fetch_all_built(sql, &args).await? {
            const TABLE: &str = "vbc_contact_numbers";
            let id = row.parsed(TABLE, "user_id", UserId::parse)?;
            found.entry(id).or_default().push(ContactNumber {
                kind: row.parsed(TABLE, "kind", ContactKind::parse)?,
                value: row.opt_parsed(TABLE, "value", Label::parse)?,
            });
        }
        for person in some {
            person.contact_numbers = found.remove(&person.user_id).unwrap_or_default();
        }
    }
    Ok(())
}
