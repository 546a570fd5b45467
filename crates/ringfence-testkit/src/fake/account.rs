//! The account that the test scripts: its people and its calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::call::{AGENTS, Call, Direction, guid};

/// The person whose rights the credential carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// `username` of one of the users.
    pub username: String,
    /// *View inbound interaction content*.
    pub view_inbound: bool,
    /// *View outbound interaction content*.
    pub view_outbound: bool,
    /// *Access groups of users' content (overrides line permissions)*.
    pub access_groups: bool,
    /// Lines they may see; `None` is all.
    pub lines: Option<BTreeSet<String>>,
    /// Groups they may see; `None` is all.
    pub groups: Option<BTreeSet<String>>,
    /// Sees own calls only.
    pub own_only: bool,
}

/// One person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FakeUser {
    /// Identifier.
    pub user_id: String,
    /// Sign-in name.
    pub username: String,
    /// Name.
    pub name: String,
    /// `Admin`, `Supervisor`, `Agent`.
    pub role: String,
    /// `agentDisplayId` of one who takes calls.
    pub agent_id: Option<String>,
    /// Group.
    pub group: String,
    /// Not archived.
    pub active: bool,
}

/// The whole account.
#[derive(Clone, Debug)]
pub struct FakeAccount {
    /// Calls in order of start.
    pub(super) calls: BTreeMap<(i64, String), Call>,
    /// When the call of a guid, in lower case, began.
    starts: HashMap<String, i64>,
    /// People.
    pub users: Vec<FakeUser>,
    /// Owner of the credential.
    pub owner: Owner,
    /// Credential.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its scopes.
    pub scopes: Vec<String>,
}

impl FakeAccount {
    /// An account without calls: an admin who may see all, and four agents in two groups.
    #[must_use]
    pub fn empty() -> Self {
        let mut users = vec![FakeUser {
            user_id: guid(0xffff_0000),
            username: "admin@acme.example".to_owned(),
            name: "Ada Minns".to_owned(),
            role: "Admin".to_owned(),
            agent_id: None,
            group: String::new(),
            active: true,
        }];
        for (index, (agent, name, group, _)) in AGENTS.iter().enumerate() {
            users.push(FakeUser {
                user_id: guid(0xffff_0001 + index as u64),
                username: format!("{}@acme.example", name.to_lowercase().replace(' ', ".")),
                name: (*name).to_owned(),
                role: "Agent".to_owned(),
                agent_id: Some((*agent).to_owned()),
                group: (*group).to_owned(),
                active: true,
            });
        }
        Self {
            calls: BTreeMap::new(),
            starts: HashMap::new(),
            users,
            owner: Owner {
                username: "admin@acme.example".to_owned(),
                view_inbound: true,
                view_outbound: true,
                access_groups: true,
                lines: None,
                groups: None,
                own_only: false,
            },
            client_id: "3f1c2d4e-0000-4b8a-9e21-3c5d7e9f0001".to_owned(),
            client_secret: "rfs_emea_fake".to_owned(),
            scopes: ["interaction-content:read", "users:read", "stats"]
                .map(str::to_owned)
                .to_vec(),
        }
    }

    /// The same with so many recorded calls, one each `step_ms` from `first_start`.
    ///
    /// Four agents take turns; four inbound calls, then four outbound ones.
    #[must_use]
    pub fn sample(n_calls: u64, first_start: i64, step_ms: i64) -> Self {
        let mut account = Self::empty();
        for number in 0..n_calls {
            let start = first_start + step_ms * i64::try_from(number).unwrap_or(0);
            account.put(Call::recorded(number, start, 5_000 + number % 7 * 250));
        }
        account
    }

    /// Adds or replaces a call.
    pub fn put(&mut self, call: Call) {
        self.remove(&call.guid);
        self.starts
            .insert(call.guid.to_ascii_lowercase(), call.start);
        self.calls.insert((call.start, call.guid.clone()), call);
    }

    /// The same with one more call.
    #[must_use]
    pub fn with(mut self, call: Call) -> Self {
        self.put(call);
        self
    }

    /// All calls in order of start.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// A call by its guid.
    #[must_use]
    pub fn call(&self, guid: &str) -> Option<&Call> {
        let guid = guid.to_ascii_lowercase();
        let start = *self.starts.get(&guid)?;
        self.calls.get(&(start, guid))
    }

    /// A call by its guid, to change anything but its guid and start.
    pub fn call_mut(&mut self, guid: &str) -> Option<&mut Call> {
        let guid = guid.to_ascii_lowercase();
        let start = *self.starts.get(&guid)?;
        self.calls.get_mut(&(start, guid))
    }

    /// Removes a call and all its content.
    pub fn remove(&mut self, guid: &str) -> Option<Call> {
        let guid = guid.to_ascii_lowercase();
        let start = self.starts.remove(&guid)?;
        self.calls.remove(&(start, guid))
    }

    pub(super) fn owner_user(&self) -> Option<&FakeUser> {
        self.users
            .iter()
            .find(|user| user.username == self.owner.username)
    }

    /// Whether the owner may see the content of a call (vcc-api §5.2).
    #[must_use]
    pub fn visible(&self, call: &Call) -> bool {
        let direction = match call.direction {
            Direction::Inbound => self.owner.view_inbound,
            Direction::Outbound => self.owner.view_outbound,
            Direction::Internal => false,
        };
        if !direction {
            return false;
        }
        if self.owner.own_only {
            return call.agent.is_some()
                && call.agent == self.owner_user().and_then(|user| user.agent_id.clone());
        }
        let (allowed, name) = if self.owner.access_groups {
            (&self.owner.groups, &call.group)
        } else {
            (&self.owner.lines, &call.line)
        };
        allowed.as_ref().is_none_or(|set| set.contains(name))
    }
}
