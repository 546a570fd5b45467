//! How the rights of a request stand at this moment, and who can change them.

use super::{LoggedRequest, NamedRoute, client_name};
use crate::context::Ctx;
use crate::directory::snapshot::{CredentialRights, UserRights};
use crate::error::Error;
use crate::gateway::user::UserRule;
use crate::gateway::{RouteRule, quotas_left};
use crate::traffic::rules::{Remedy, Rule};
use ringfence_core::account::{Account, AccountStatus};
use ringfence_core::application::{Application, ApplicationStatus, SubscriptionStatus};
use ringfence_core::client::Client;
use ringfence_core::credential::Owner;
use ringfence_core::scope::ScopeSet;
use ringfence_core::suite::Suite;
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::names::admin_names;
use ringfence_store::users::user_names;
use std::sync::Arc;

const MOST_ADMINS: u32 = 3;

/// How a right stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Whether it would be met now.
    pub holds: bool,
    /// How it is, as a sentence.
    pub text: String,
    /// Who can change it.
    pub changer: String,
}

/// What the directory and the store say now of those behind a request.
pub(super) struct Now {
    pub(super) client_name: Option<String>,
    pub(super) owner_name: Option<String>,
    at: Timestamp,
    credential: Option<Arc<CredentialRights>>,
    application: Option<Arc<Application>>,
    account: Option<Arc<Account>>,
    owner: Option<Arc<UserRights>>,
    admins: Vec<String>,
}

impl Now {
    /// Reads it.
    pub(super) async fn read(
        ctx: &Ctx,
        tx: &mut Tx,
        request: &LoggedRequest,
    ) -> Result<Self, Error> {
        let snapshot = ctx.directory.snapshot();
        let credential_id = request.client.and_then(Client::credential);
        let credential = credential_id.and_then(|id| snapshot.credential(id).cloned());
        let application_id = request.client.and_then(Client::application);
        let application = application_id.and_then(|id| snapshot.application(id).cloned());
        let owner_id = match credential.as_ref().map(|c| c.owner) {
            Some(Owner::User(id)) => Some(id),
            Some(Owner::Account) => None,
            None => request.owner_id,
        };
        let client_name = match request.client {
            Some(client) => client_name(ctx, tx, client).await?,
            None => None,
        };
        let owner_name = match owner_id {
            Some(id) => user_names(tx, id).await?.map(|(_, name)| name),
            None => None,
        };
        let admins = match request.account_id {
            Some(id) => admin_names(tx, id, MOST_ADMINS).await?,
            None => Vec::new(),
        };
        Ok(Self {
            client_name,
            owner_name,
            at: ctx.now(),
            account: request
                .account_id
                .and_then(|id| snapshot.account(id).cloned()),
            owner: owner_id.and_then(|id| snapshot.user(id).cloned()),
            credential,
            application,
            admins,
        })
    }

    /// Who can put something right, by name where there is one.
    pub(super) fn changer(&self, remedy: Remedy) -> String {
        match (remedy, &self.owner_name) {
            (Remedy::Owner, Some(name)) => format!("{name}, the owner of the credential"),
            (Remedy::Owner, None) | (Remedy::Admin, _) if !self.admins.is_empty() => {
                format!(
                    "an administrator of the account: {}",
                    self.admins.join(", ")
                )
            }
            (
                Remedy::Program | Remedy::Owner | Remedy::Admin | Remedy::Operator | Remedy::Time,
                _,
            ) => remedy.text().to_owned(),
        }
    }

    /// How a rule stands now; `None` when that cannot be known without the token.
    pub(super) fn standing(
        &self,
        ctx: &Ctx,
        rule: Rule,
        request: &LoggedRequest,
        route: Option<&NamedRoute>,
    ) -> Option<Standing> {
        // Without a client nothing is known of anybody's rights.
        let (holds, text, remedy) = match (request.client?, route) {
            (Client::Application(_), Some(NamedRoute::Person(route))) => {
                self.of_application(rule, request, Some(*route))?
            }
            (Client::Application(_), Some(NamedRoute::Credential(_)) | None) => {
                self.of_application(rule, request, None)?
            }
            (Client::Credential(_), Some(NamedRoute::Credential(route))) => {
                self.of_credential(ctx, rule, (request, Some(*route)))?
            }
            (Client::Credential(_), Some(NamedRoute::Person(_)) | None) => {
                self.of_credential(ctx, rule, (request, None))?
            }
        };
        Some(Standing {
            holds,
            text,
            changer: self.changer(remedy),
        })
    }

    fn of_application(
        &self,
        rule: Rule,
        request: &LoggedRequest,
        route: Option<UserRule>,
    ) -> Option<(bool, String, Remedy)> {
        match rule {
            Rule::Application => Some(self.application_now()),
            Rule::Person => {
                request.owner_id?;
                Some(self.person_now())
            }
            Rule::Account => self.account_now(),
            Rule::Subscription => self.subscription_now(route?.suite?),
            Rule::Request
            | Rule::Route
            | Rule::Directory
            | Rule::TokenGenuine
            | Rule::TokenTime
            | Rule::TokenStands
            | Rule::Credential
            | Rule::Owner
            | Rule::Secret
            | Rule::Grant
            | Rule::Network
            | Rule::Scope
            | Rule::Quota
            | Rule::Region
            | Rule::Content
            | Rule::Upstream
            | Rule::Patience => None,
        }
    }

    fn application_now(&self) -> (bool, String, Remedy) {
        let (holds, text) = match &self.application {
            None => (false, "It does not exist any more."),
            Some(application) => match (&application.keys, application.status) {
                (_, ApplicationStatus::Suspended) => (false, "It is suspended."),
                (None, ApplicationStatus::Approved) => (false, "Its keys were removed."),
                (Some(_), ApplicationStatus::Approved) => (true, "It has keys and may be used."),
            },
        };
        (holds, text.to_owned(), Remedy::Operator)
    }

    fn person_now(&self) -> (bool, String, Remedy) {
        let name = self.owner_name.as_deref().unwrap_or("The person");
        let (holds, text) = match &self.owner {
            None => (false, format!("{name} is gone.")),
            Some(person) if !person.active => (false, format!("{name} is disabled.")),
            Some(person) if person.locked => (false, format!("{name} is locked.")),
            Some(_) => (true, format!("{name} is active.")),
        };
        (holds, text, Remedy::Admin)
    }

    fn subscription_now(&self, suite: Suite) -> Option<(bool, String, Remedy)> {
        let application = self.application.as_ref()?;
        let name = suite.name();
        let (holds, text) = match application.subscription(suite).map(|s| s.status) {
            Some(SubscriptionStatus::Unblocked | SubscriptionStatus::TierUpdatePending) => {
                (true, format!("It is subscribed to {name}."))
            }
            Some(
                SubscriptionStatus::OnHold
                | SubscriptionStatus::Blocked
                | SubscriptionStatus::ProdOnlyBlocked
                | SubscriptionStatus::Rejected,
            ) => (
                false,
                format!("Its subscription to {name} is not in force."),
            ),
            None => (false, format!("It is not subscribed to {name}.")),
        };
        Some((holds, text, Remedy::Program))
    }

    fn of_credential(
        &self,
        ctx: &Ctx,
        rule: Rule,
        (request, route): (&LoggedRequest, Option<RouteRule>),
    ) -> Option<(bool, String, Remedy)> {
        Some(match rule {
            Rule::Credential => self.credential_now(),
            Rule::Account => self.account_now()?,
            Rule::Owner => self.owner_now(),
            Rule::Secret => self.secrets_now()?,
            Rule::Network => self.network_now(request)?,
            Rule::Scope => self.scope_now(&route?)?,
            Rule::Quota => self.quota_now(ctx, route?)?,
            Rule::Request
            | Rule::Route
            | Rule::Directory
            | Rule::TokenGenuine
            | Rule::TokenTime
            | Rule::TokenStands
            | Rule::Application
            | Rule::Person
            | Rule::Subscription
            | Rule::Grant
            | Rule::Region
            | Rule::Content
            | Rule::Upstream
            | Rule::Patience => return None,
        })
    }

    fn credential_now(&self) -> (bool, String, Remedy) {
        let (holds, text) = match &self.credential {
            None => (false, "It does not exist any more.".to_owned()),
            Some(credential) => match credential.expires_at {
                Some(at) if at <= self.at => {
                    (false, format!("It ran out on {}.", at.to_iso_date()))
                }
                Some(at) => (true, format!("It exists, until {}.", at.to_iso_date())),
                None => (true, "It exists and does not run out.".to_owned()),
            },
        };
        (holds, text, Remedy::Owner)
    }

    fn account_now(&self) -> Option<(bool, String, Remedy)> {
        let account = self.account.as_ref()?;
        let (holds, text) = match account.status {
            AccountStatus::Active => (true, "It is active."),
            AccountStatus::Suspended => (false, "It is suspended."),
        };
        Some((holds, text.to_owned(), Remedy::Operator))
    }

    fn owner_now(&self) -> (bool, String, Remedy) {
        let is_accounts = self
            .credential
            .as_ref()
            .is_some_and(|c| c.owner == Owner::Account);
        let name = self.owner_name.as_deref().unwrap_or("The owner");
        let (holds, text) = match &self.owner {
            None if is_accounts => (
                true,
                "It is an account-level credential, which acts for no person.".to_owned(),
            ),
            None => (false, format!("{name} is gone.")),
            Some(owner) if !owner.active => (false, format!("{name} is disabled.")),
            Some(owner) if owner.locked => (false, format!("{name} is locked.")),
            Some(owner) => (
                true,
                format!(
                    "{name} is active and has the {} licence.",
                    owner.role.as_str()
                ),
            ),
        };
        (holds, text, Remedy::Admin)
    }

    fn secrets_now(&self) -> Option<(bool, String, Remedy)> {
        let credential = self.credential.as_ref()?;
        let in_force = credential.secrets.iter().filter(|s| !s.expired(self.at));
        let (holds, text) = match in_force.count() {
            0 => (false, "No secret of it is in force.".to_owned()),
            1 => (true, "One secret of it is in force.".to_owned()),
            n => (true, format!("{n} secrets of it are in force.")),
        };
        Some((holds, text, Remedy::Owner))
    }

    fn network_now(&self, request: &LoggedRequest) -> Option<(bool, String, Remedy)> {
        let networks = &self.credential.as_ref()?.networks;
        if networks.is_empty() {
            let text = "It may be used from anywhere.".to_owned();
            return Some((true, text, Remedy::Owner));
        }
        let inside = request
            .address
            .is_some_and(|address| networks.iter().any(|n| n.contains(address)));
        let names: Vec<String> = networks.iter().map(ToString::to_string).collect();
        let text = format!(
            "It may be used from {}; this request’s address is {}.",
            names.join(", "),
            if inside {
                "one of them"
            } else {
                "none of them"
            }
        );
        Some((inside, text, Remedy::Owner))
    }

    fn scope_now(&self, route: &RouteRule) -> Option<(bool, String, Remedy)> {
        let credential = self.credential.as_ref()?;
        let needed = route.scopes;
        let licensed = self
            .owner
            .as_ref()
            .map_or(credential.scopes, |o| ScopeSet::of_licence(o.role));
        if !needed.intersects(credential.scopes) {
            let text = format!("The credential does not hold {needed}.");
            return Some((false, text, Remedy::Owner));
        }
        if !needed.intersects(credential.scopes.intersection(licensed)) {
            let role = self.owner.as_ref().map_or("", |o| o.role.as_str());
            let text = format!(
                "The credential holds {}, which its owner’s {role} licence does not allow.",
                needed.intersection(credential.scopes)
            );
            return Some((false, text, Remedy::Admin));
        }
        let held = needed
            .intersection(credential.scopes)
            .intersection(licensed);
        let text = format!("Credential and licence hold {held}; the token must be asked for it.");
        Some((true, text, Remedy::Owner))
    }

    fn quota_now(&self, ctx: &Ctx, route: RouteRule) -> Option<(bool, String, Remedy)> {
        let credential = self.credential.as_ref()?;
        let left = quotas_left(ctx, credential.account_id, credential.id, route);
        let Some(narrowest) = left.iter().min_by_key(|left| left.n_left) else {
            return Some((true, "Nothing limits it.".to_owned(), Remedy::Operator));
        };
        let text = format!(
            "{} of {} calls in {} s are left on this node ({}).",
            narrowest.n_left, narrowest.rate.n_calls, narrowest.rate.per_secs, narrowest.code
        );
        Some((narrowest.n_left > 0, text, Remedy::Operator))
    }
}
