//! The search's SQL and the rule of `ringfence_core::visibility` agree, over many made-up accounts and viewers.

use crate::harness::{account, stores};
use crate::interactions::call;
use ringfence_core::account::Account;
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{GroupId, InteractionId, UserId};
use ringfence_core::interaction::{Direction, Interaction};
use ringfence_core::permission::{Permission, PermissionSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{
    AgentNumber, Group, GroupAccess, Line, PermissionOverrides, Role, User, Username,
};
use ringfence_core::visibility::{Subject, Viewer};
use ringfence_store::blobs::ledger::blob_claim;
use ringfence_store::contents::{content_insert, content_list};
use ringfence_store::db::Tx;
use ringfence_store::groups::{group_insert, user_groups_set};
use ringfence_store::interactions::{
    ContentSearch, Position, content_search, content_search_count, interaction_agent_groups,
    interaction_insert,
};
use ringfence_store::memberships::group_access_set;
use ringfence_store::users::{user_find, user_insert};

const N_CALLS: u8 = 60;
const LINES: [&str; 3] = ["+441632960900", "+441632960901", "+441632960902"];

/// A small generator, so that a failing world can be made again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.roll(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let n = self.roll(from.len() as u64);
        from[usize::try_from(n).unwrap()]
    }
}

fn group_id(n: u8) -> GroupId {
    GroupId::from_bytes([n; 16])
}

fn agent(n: u64) -> AgentNumber {
    AgentNumber::parse(&format!("20{n}")).unwrap()
}

fn person(account: &Account, n: u8, agent: Option<AgentNumber>, active: bool) -> User {
    User {
        id: UserId::from_bytes([n; 16]),
        account_id: account.id,
        username: Username::parse(&format!("user{n}")).unwrap(),
        name: format!("User {n}"),
        email: format!("user{n}@acme.example"),
        role: Role::Supervisor,
        active,
        locked: false,
        operator: false,
        agent,
        permissions: PermissionOverrides::default(),
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: 0,
        created_at: Timestamp::from_ms(0),
        last_login_at: None,
    }
}

async fn make_people(tx: &mut Tx, account: &Account, dice: &mut Dice) -> Vec<UserId> {
    for n in 1..=4 {
        let group = Group {
            id: group_id(n),
            account_id: account.id,
            display_id: n.to_string(),
            name: format!("Group {n}"),
            max_unexpected_secs: 10,
            max_wrap_up_secs: 60,
        };
        group_insert(tx, &group).await.unwrap();
    }
    for n in 0..6 {
        // Agent 204 was archived and still has rows of membership.
        let user = person(account, 100 + n, Some(agent(n.into())), n != 4);
        user_insert(tx, &user).await.unwrap();
        let groups: Vec<GroupId> = (1..=4).filter(|_| dice.one_in(3)).map(group_id).collect();
        user_groups_set(tx, user.id, &groups).await.unwrap();
    }
    let mut viewers = Vec::new();
    for n in 0..4 {
        let mut user = person(account, 200 + n, None, true);
        for line in LINES.iter().filter(|_| dice.one_in(2)) {
            user.lines.push(Line::parse(line).unwrap());
        }
        user_insert(tx, &user).await.unwrap();
        let own: Vec<GroupId> = (1..=4).filter(|_| dice.one_in(4)).map(group_id).collect();
        user_groups_set(tx, user.id, &own).await.unwrap();
        let opened: Vec<(GroupId, GroupAccess)> = (1..=4)
            .filter(|_| dice.one_in(4))
            .map(|n| (group_id(n), GroupAccess::Read))
            .collect();
        group_access_set(tx, user.id, &opened).await.unwrap();
        viewers.push(user.id);
    }
    viewers
}

async fn make_calls(tx: &mut Tx, account: &Account, dice: &mut Dice) -> Vec<Interaction> {
    let mut calls = Vec::new();
    for n in 1..=N_CALLS {
        let mut made = call(account, n);
        // Several calls share a start, so that ids decide their order.
        made.started_at = Timestamp::from_ms(1_772_442_930_250 + i64::from(n / 3) * 1000);
        made.direction = dice.pick(&Direction::ALL);
        made.line = Line::parse(dice.pick(&LINES)).unwrap();
        for channel in &mut made.channels {
            channel.agent = (!dice.one_in(3)).then(|| agent(dice.roll(8)));
        }
        interaction_insert(tx, &made).await.unwrap();
        for kind in ContentKind::ALL.into_iter().filter(|_| dice.one_in(9)) {
            let item = item(made.id, kind);
            blob_claim(tx, item.sha256, item.size_bytes, made.started_at)
                .await
                .unwrap();
            content_insert(tx, account.id, made.id, &item)
                .await
                .unwrap();
        }
        calls.push(made);
    }
    calls.sort_by_key(|c| (c.started_at, c.id));
    calls
}

fn item(call: InteractionId, kind: ContentKind) -> ContentItem {
    let sha256 = ContentDigest::of(kind.as_str().as_bytes());
    ContentItem {
        key: ContentKey::derived(kind, call, sha256),
        kind,
        media_type: kind.media_type().to_owned(),
        size_bytes: 3,
        sha256,
        last_modified: Timestamp::from_ms(0),
        owner_agent: None,
        owner_plan: None,
        properties: None,
        legal_hold: false,
    }
}

/// What the rule lets a viewer find, by the rule's own words.
async fn expected(
    tx: &mut Tx,
    search: &ContentSearch<'_>,
    calls: &[Interaction],
) -> Vec<InteractionId> {
    let mut found = Vec::new();
    for call in calls {
        let agent_groups = interaction_agent_groups(tx, search.account_id, call.id)
            .await
            .unwrap();
        let subject = Subject {
            direction: call.direction,
            line: &call.line,
            agent_groups: &agent_groups,
        };
        let items = content_list(tx, search.account_id, call.id).await.unwrap();
        let seen = items.iter().any(|i| {
            search.kind.is_none_or(|kind| kind == i.kind) && search.viewer.sees(&subject, i.kind)
        });
        let in_window = call.started_at >= search.from && call.started_at <= search.until;
        let wanted = search.direction.is_none_or(|d| d == call.direction)
            && search.line.is_none_or(|l| *l == call.line)
            && search
                .agent
                .is_none_or(|a| call.handling_agents().contains(&a));
        if seen && in_window && wanted {
            found.push(call.id);
        }
    }
    if search.newest_first {
        found.reverse();
    }
    found
}

async fn found(tx: &mut Tx, search: &ContentSearch<'_>, limit: u32) -> Vec<InteractionId> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = content_search(tx, search, after, 0, limit).await.unwrap();
        let Some(last) = page.last() else {
            return ids;
        };
        after = Some(Position {
            started_at: last.started_at,
            id: last.id,
        });
        ids.extend(page.iter().map(|l| l.id));
    }
}

#[tokio::test]
async fn the_search_finds_what_the_rule_shows() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut tx = store.db.begin_write().await.unwrap();
        let mut viewers: Vec<Option<UserId>> = vec![None];
        let people = make_people(&mut tx, &account, &mut dice).await;
        viewers.extend(people.into_iter().map(Some));
        let calls = make_calls(&mut tx, &account, &mut dice).await;
        tx.commit().await.unwrap();

        let (mut n_cases, mut n_found) = (0, 0);
        let mut tx = store.db.begin_read().await.unwrap();
        for user_id in viewers {
            let user = match user_id {
                Some(id) => user_find(&mut tx, id).await.unwrap(),
                None => None,
            };
            let lines = user.as_ref().map_or(Vec::new(), |u| u.lines.clone());
            let mut groups = user.as_ref().map_or(Vec::new(), |u| u.groups.clone());
            groups.extend(user.iter().flat_map(|u| u.readable_groups.clone()));
            for _ in 0..24 {
                let permissions = PermissionSet::from_bits(u16::try_from(dice.roll(128)).unwrap());
                let asked = agent(dice.roll(8));
                let asked_line = calls[usize::try_from(dice.roll(10)).unwrap()].line.clone();
                let search = ContentSearch {
                    account_id: account.id,
                    viewer: Viewer {
                        user_id,
                        permissions,
                        lines: &lines,
                        groups: &groups,
                    },
                    from: calls[usize::try_from(dice.roll(10)).unwrap()].started_at,
                    until: calls[usize::from(N_CALLS) - 1].started_at.plus_ms(-1000),
                    agent: dice.one_in(3).then_some(&asked),
                    connect_from: None,
                    connect_to: None,
                    direction: dice.one_in(3).then(|| dice.pick(&Direction::ALL)),
                    line: dice.one_in(5).then_some(&asked_line),
                    kind: dice.one_in(4).then(|| dice.pick(&ContentKind::ALL)),
                    newest_first: dice.one_in(2),
                };
                let rule = expected(&mut tx, &search, &calls).await;
                let case = format!("{} {search:?}", store.engine);
                assert_eq!(found(&mut tx, &search, 7).await, rule, "{case}");
                let n = content_search_count(&mut tx, &search).await.unwrap();
                assert_eq!(usize::try_from(n).unwrap(), rule.len(), "{case}");
                n_cases += 1;
                n_found += rule.len();
            }
        }
        assert!(
            n_cases == 120 && n_found > 200,
            "{n_found} of {n_cases} cases"
        );
    }
}

#[tokio::test]
async fn both_ends_belong_to_the_window_and_prefixes_are_plain_text() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let made = call(&account, 1);
        let item = item(made.id, ContentKind::CallRecording);
        interaction_insert(&mut tx, &made).await.unwrap();
        blob_claim(&mut tx, item.sha256, 3, made.started_at)
            .await
            .unwrap();
        content_insert(&mut tx, account.id, made.id, &item)
            .await
            .unwrap();
        let at = made.started_at;
        let base = ContentSearch {
            account_id: account.id,
            viewer: Viewer {
                user_id: None,
                permissions: PermissionSet::EMPTY.with(Permission::ViewInboundContent),
                lines: &[],
                groups: &[],
            },
            from: at,
            until: at,
            agent: None,
            connect_from: None,
            connect_to: None,
            direction: None,
            line: None,
            kind: None,
            newest_first: false,
        };
        let prefix = |from, to| ContentSearch {
            connect_from: from,
            connect_to: to,
            ..base
        };
        for (search, n) in [
            (base, 1),
            (
                ContentSearch {
                    from: at.plus_ms(1),
                    until: at.plus_ms(5),
                    ..base
                },
                0,
            ),
            (
                ContentSearch {
                    from: at.plus_ms(-5),
                    until: at.plus_ms(-1),
                    ..base
                },
                0,
            ),
            (prefix(Some("+4416329601"), None), 1),
            (prefix(Some("+441632960101"), Some("+44")), 1),
            (prefix(Some("+4416329601011"), None), 0),
            (prefix(Some("%"), None), 0),
            (prefix(None, Some("_44")), 0),
        ] {
            let found = content_search(&mut tx, &search, None, 0, 10).await.unwrap();
            assert_eq!(found.len(), n, "{} {search:?}", store.engine);
        }
    }
}
