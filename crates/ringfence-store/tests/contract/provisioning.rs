//! What the Provisioning APIs tell: numbers, locations, people and extensions.

use crate::harness::{account, stores};
use ringfence_core::account::Account;
use ringfence_core::context::SystemRandom;
use ringfence_core::id::UserId;
use ringfence_core::provisioning::number::{AccountNumber, LocationNumber, UserNumber};
use ringfence_core::provisioning::text::{
    DialNumber, ExtensionNumber, ExternalId, Label, TimeZone,
};
use ringfence_core::provisioning::{
    AccountDetails, ContactKind, ContactNumber, Did, Extension, Handset, Location, PostalAddress,
};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{PermissionOverrides, Role, User, Username};
use ringfence_store::db::{Db, Error, Tx};
use ringfence_store::provisioning::extensions::{
    ExtensionSearch, extension_by_external_id, extension_count, extension_delete, extension_find,
    extension_page, extension_put,
};
use ringfence_store::provisioning::locations::{
    location_delete, location_find, location_in_use, location_insert, location_list,
    location_update,
};
use ringfence_store::provisioning::people::{
    PersonSearch, contact_numbers_set, extensions_of_people, person_by_number, person_count,
    person_find, person_insert, person_name_set, person_page,
};
use ringfence_store::provisioning::{
    NumberKind, account_by_number, details_find, details_insert, details_update, number_next,
};
use ringfence_store::users::user_insert;
use std::time::{Duration, Instant};

const AT: Timestamp = Timestamp::from_ms(1_772_000_000_000);

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn location(account: &Account, number: i64) -> Location {
    Location {
        account_id: account.id,
        number: LocationNumber::new(number).unwrap(),
        name: label("Headquarters"),
        address: PostalAddress {
            address_1: label("1 Sample Way"),
            country: label("US"),
            ..PostalAddress::default()
        },
        time_zone: TimeZone::parse("America/New York").unwrap(),
    }
}

async fn person(tx: &mut Tx, account: &Account, number: i64, name: (&str, &str)) -> UserId {
    let username = format!("{}.{number}", name.0.to_lowercase());
    let user = User {
        id: UserId::new(AT, &SystemRandom),
        account_id: account.id,
        username: Username::parse(&username).unwrap(),
        name: format!("{} {}", name.0, name.1),
        email: format!("{username}@example.com"),
        role: Role::Agent,
        active: true,
        locked: false,
        operator: false,
        agent: None,
        permissions: PermissionOverrides::default(),
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: 0,
        created_at: AT,
        last_login_at: None,
    };
    user_insert(tx, &user).await.unwrap();
    let number = UserNumber::new(number).unwrap();
    person_insert(tx, account.id, user.id, number, name)
        .await
        .unwrap();
    user.id
}

fn extension(number: &str, user_id: Option<UserId>, location: i64) -> Extension {
    Extension {
        number: ExtensionNumber::parse(number).unwrap(),
        external_id: ExternalId::parse(&format!("ext{number}")).unwrap(),
        user_id,
        location: LocationNumber::new(location).unwrap(),
        vtt_enabled: true,
        dnd_enabled: false,
        caller_id: None,
        block_caller_id: false,
        service_type_name: label("UX"),
        dids: vec![Did {
            phone_number: DialNumber::parse(&format!("1201555{number}")).unwrap(),
            custom_tag: Some(label("Sales")),
        }],
        handsets: vec![Handset {
            name: label("line1-VH000001"),
            sip_id: label("VH000001"),
        }],
    }
}

#[tokio::test]
async fn numbers_are_given_out_once() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let first: LocationNumber = number_next(&mut tx, NumberKind::Location).await.unwrap();
        // One that somebody chose lies ahead.
        let chosen = first.get() + 1;
        location_insert(&mut tx, &location(&account, chosen))
            .await
            .unwrap();
        let next: LocationNumber = number_next(&mut tx, NumberKind::Location).await.unwrap();
        assert_eq!(next.get(), chosen + 1, "{}", store.engine);
        location_delete(&mut tx, account.id, LocationNumber::new(chosen).unwrap())
            .await
            .unwrap();
        let next: LocationNumber = number_next(&mut tx, NumberKind::Location).await.unwrap();
        assert_eq!(next.get(), chosen + 2, "{}", store.engine);
        let user: UserNumber = number_next(&mut tx, NumberKind::User).await.unwrap();
        assert_eq!(user.get(), 100_001);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn eight_callers_are_given_eight_numbers() {
    for store in stores().await {
        let callers = (0..8).map(|_| {
            let db: Db = store.db.clone();
            tokio::spawn(async move {
                let mut tx = db.begin_write().await.unwrap();
                let number: UserNumber = number_next(&mut tx, NumberKind::User).await.unwrap();
                tx.commit().await.unwrap();
                number.get()
            })
        });
        let callers: Vec<_> = callers.collect();
        let mut numbers = Vec::new();
        for caller in callers {
            numbers.push(caller.await.unwrap());
        }
        numbers.sort_unstable();
        let expected: Vec<i64> = (100_001..=100_008).collect();
        assert_eq!(numbers, expected, "{}", store.engine);
    }
}

#[tokio::test]
async fn details_and_locations_are_read_as_written() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        assert_eq!(details_find(&mut tx, account.id).await.unwrap(), None);
        let mut details = AccountDetails {
            account_id: account.id,
            number: AccountNumber::new(4711).unwrap(),
            name: label("Example Widgets"),
            status: label("ACTIVE"),
            address: PostalAddress {
                address_2: Some(label("Suite 2")),
                city: label("Holmdel"),
                ..PostalAddress::default()
            },
        };
        details_insert(&mut tx, &details).await.unwrap();
        details.name = label("Widgets");
        details.address.address_2 = None;
        details_update(&mut tx, &details).await.unwrap();
        let found = details_find(&mut tx, account.id).await.unwrap();
        assert_eq!(found, Some(details.clone()), "{}", store.engine);
        let owner = account_by_number(&mut tx, details.number).await.unwrap();
        assert_eq!(owner, Some(account.id));

        for number in [9001, 9002] {
            location_insert(&mut tx, &location(&account, number))
                .await
                .unwrap();
        }
        let mut second = location(&account, 9002);
        second.name = label("Branch");
        location_update(&mut tx, &second).await.unwrap();
        let all = location_list(&mut tx, account.id, 0, 10).await.unwrap();
        assert_eq!(all, [location(&account, 9001), second.clone()]);
        let rest = location_list(&mut tx, account.id, 9001, 10).await.unwrap();
        assert_eq!(rest, [second]);
        let number = LocationNumber::new(9001).unwrap();
        assert!(!location_in_use(&mut tx, account.id, number).await.unwrap());
        assert!(location_delete(&mut tx, account.id, number).await.unwrap());
        let gone = location_find(&mut tx, account.id, number).await.unwrap();
        assert_eq!(gone, None);
        tx.commit().await.unwrap();
    }
}

fn person_cases(pat: UserId, sam: UserId) -> [(PersonSearch, Vec<UserId>); 5] {
    let some = |text: &str| Some(text.to_owned());
    [
        (PersonSearch::default(), vec![pat, sam]),
        (
            PersonSearch {
                first_name: some("Pat"),
                ..PersonSearch::default()
            },
            vec![pat],
        ),
        (
            PersonSearch {
                last_name: some("Example"),
                email: some("sam.816@example.com"),
                ..PersonSearch::default()
            },
            vec![sam],
        ),
        (
            PersonSearch {
                login_name: some("pat.815"),
                ..PersonSearch::default()
            },
            vec![pat],
        ),
        (
            PersonSearch {
                first_name: some("pat"),
                ..PersonSearch::default()
            },
            vec![],
        ),
    ]
}

#[tokio::test]
async fn people_are_found_by_every_filter() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let pat = person(&mut tx, &account, 815, ("Pat", "Example")).await;
        let sam = person(&mut tx, &account, 816, ("Sam", "Example")).await;
        let gone = person(&mut tx, &account, 817, ("Pat", "Gone")).await;
        tx.execute(
            "UPDATE users SET active = FALSE WHERE id = $1",
            &[gone.to_string().into()],
        )
        .await
        .unwrap();
        let numbers = vec![
            ContactNumber {
                kind: ContactKind::Mobile,
                value: Some(label("12015550199")),
            },
            ContactNumber {
                kind: ContactKind::Home,
                value: None,
            },
        ];
        contact_numbers_set(&mut tx, pat, &numbers).await.unwrap();
        for (search, expected) in person_cases(pat, sam) {
            let found = person_page(&mut tx, account.id, &search, 0, 10)
                .await
                .unwrap();
            let ids: Vec<UserId> = found.iter().map(|p| p.user_id).collect();
            assert_eq!(ids, expected, "{search:?} on {}", store.engine);
            let n = person_count(&mut tx, account.id, &search).await.unwrap();
            assert_eq!(usize::try_from(n).unwrap(), expected.len(), "{search:?}");
        }
        person_name_set(&mut tx, pat, ("Patricia", "Sample"))
            .await
            .unwrap();
        let number = UserNumber::new(815).unwrap();
        let found = person_by_number(&mut tx, account.id, number)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.first_name.as_str(), found.last_name.as_str()),
            ("Patricia", "Sample")
        );
        assert_eq!(found.contact_numbers, numbers, "{}", store.engine);
        let same = person_find(&mut tx, account.id, pat).await.unwrap();
        assert_eq!(same, Some(found));
        tx.commit().await.unwrap();
    }
}

fn extension_cases() -> [(ExtensionSearch, &'static [&'static str]); 7] {
    let some = |text: &str| Some(text.to_owned());
    [
        (ExtensionSearch::default(), &["2001", "2002"]),
        (
            ExtensionSearch {
                location: Some(LocationNumber::new(9002).unwrap()),
                ..ExtensionSearch::default()
            },
            &["2002"],
        ),
        (
            ExtensionSearch {
                phone_number: some("12015552002"),
                ..ExtensionSearch::default()
            },
            &["2002"],
        ),
        (
            ExtensionSearch {
                login_name: some("pat.815"),
                ..ExtensionSearch::default()
            },
            &["2001"],
        ),
        (
            ExtensionSearch {
                email: some("pat.815@example.com"),
                ..ExtensionSearch::default()
            },
            &["2001"],
        ),
        (
            ExtensionSearch {
                login_name: some("pat.815"),
                phone_number: some("12015552002"),
                ..ExtensionSearch::default()
            },
            &[],
        ),
        (
            ExtensionSearch {
                after: some("2001"),
                ..ExtensionSearch::default()
            },
            &["2002"],
        ),
    ]
}

#[tokio::test]
async fn extensions_are_put_found_and_removed() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        for number in [9001, 9002] {
            location_insert(&mut tx, &location(&account, number))
                .await
                .unwrap();
        }
        let pat = person(&mut tx, &account, 815, ("Pat", "Example")).await;
        let mut first = extension("2001", Some(pat), 9001);
        let second = extension("2002", None, 9002);
        for extension in [&first, &second] {
            extension_put(&mut tx, account.id, extension).await.unwrap();
        }
        first.dids.clear();
        first.dnd_enabled = true;
        extension_put(&mut tx, account.id, &first).await.unwrap();
        let found = extension_find(&mut tx, account.id, &first.number)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.extension, first, "{}", store.engine);
        assert_eq!(found.user.map(|user| user.number.get()), Some(815));
        let found = extension_by_external_id(&mut tx, account.id, &second.external_id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((&found.extension, &found.user), (&second, &None));

        for (search, expected) in extension_cases() {
            let page = extension_page(&mut tx, account.id, &search, 0, 10)
                .await
                .unwrap();
            let numbers: Vec<&str> = page.iter().map(|e| e.extension.number.as_str()).collect();
            assert_eq!(numbers, expected, "{search:?} on {}", store.engine);
            let n = extension_count(&mut tx, account.id, &search).await.unwrap();
            assert_eq!(usize::try_from(n).unwrap(), expected.len(), "{search:?}");
        }
        let people = person_page(&mut tx, account.id, &PersonSearch::default(), 0, 10)
            .await
            .unwrap();
        let own = extensions_of_people(&mut tx, &people).await.unwrap();
        assert_eq!(own[&pat].len(), 1);
        assert_eq!(own[&pat][0].dids, []);

        tx.commit().await.unwrap();
        // A direct number belongs to one extension.
        let mut tx = store.db.begin_write().await.unwrap();
        let mut third = extension("2003", None, 9001);
        third.dids[0].phone_number = second.dids[0].phone_number.clone();
        let refused = extension_put(&mut tx, account.id, &third).await;
        assert!(matches!(refused, Err(Error::Duplicate)), "{refused:?}");
        drop(tx);
        let mut tx = store.db.begin_write().await.unwrap();
        assert!(
            extension_delete(&mut tx, account.id, &second.number)
                .await
                .unwrap()
        );
        assert!(
            !extension_delete(&mut tx, account.id, &second.number)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_last_page_of_a_hundred_thousand_extensions_is_quick() {
    const MANY: &str =
        "WITH RECURSIVE n (i) AS (SELECT 100000 UNION ALL SELECT i + 1 FROM n WHERE i < 199999)";
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        location_insert(&mut tx, &location(&account, 9001))
            .await
            .unwrap();
        let id = account.id.to_string();
        for sql in [
            format!(
                "INSERT INTO vbc_extensions {MANY} SELECT '{id}', CAST(i AS TEXT), 'x' || CAST(i AS TEXT), NULL, 9001,
                 FALSE, FALSE, NULL, FALSE, 'UX' FROM n"
            ),
            format!(
                "INSERT INTO vbc_dids {MANY} SELECT '{id}', CAST(i AS TEXT), 0, '12015' || CAST(i AS TEXT), NULL FROM n"
            ),
        ] {
            tx.execute_built(sql, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        if store.engine == "postgres" {
            let mut tx = store.db.begin_write().await.unwrap();
            tx.execute("ANALYZE", &[]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let all = ExtensionSearch::default();
        let by_number = ExtensionSearch {
            phone_number: Some("12015150000".to_owned()),
            ..ExtensionSearch::default()
        };
        let mut tx = store.db.begin_read().await.unwrap();
        let began = Instant::now();
        let n = extension_count(&mut tx, account.id, &all).await.unwrap();
        assert_eq!(n, 100_000);
        let page = extension_page(&mut tx, account.id, &all, 99_900, 100)
            .await
            .unwrap();
        assert_eq!(page.len(), 100);
        assert_eq!(page[99].extension.number.as_str(), "199999");
        assert_eq!(page[99].extension.dids.len(), 1);
        let found = extension_page(&mut tx, account.id, &by_number, 0, 100)
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        // Far above what an index needs, also unoptimised, and below what reading all of them does.
        let took = began.elapsed();
        assert!(
            took < Duration::from_millis(1_500),
            "{took:?} on {}",
            store.engine
        );
    }
}
