//! One request with its full explanation: each rule in order, what it said then, how it stands now, who can change it.

use super::now::{Now, Standing};
use super::{LoggedRequest, account_named, whose};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::gateway::RouteRule;
use crate::gateway::user::UserRule;
use crate::manage::traffic::Breadth;
use crate::traffic::reasons::{ReasonInfo, reason_info};
use crate::traffic::rules::{
    APPLICATION_RULES, APPLICATION_TOKEN_RULES, CALL_RULES, Rule, TOKEN_RULES,
};
use crate::traffic::{ROUTE_TOKEN, ROUTE_VBC_TOKEN};
use ringfence_core::account::AccountName;
use ringfence_core::id::RequestId;
use ringfence_core::user_scope::UserScope;
use ringfence_store::traffic::Whose;
use ringfence_store::traffic::log::request_find;

/// What a rule said of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was met.
    Passed,
    /// It was not met, and so the request was refused.
    Failed,
    /// An earlier one was not met.
    NotReached,
}

/// One rule of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// The rule in a few words.
    pub title: &'static str,
    /// What it said then.
    pub outcome: Outcome,
    /// How it stands now, where that can be known without the token.
    pub now: Option<Standing>,
}

/// A request with its full explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explained {
    /// The request.
    pub request: LoggedRequest,
    /// What its reason code means, when it was refused.
    pub reason: Option<&'static ReasonInfo>,
    /// Each rule in order.
    pub steps: Vec<Step>,
    /// The scopes of which one is needed, separated by spaces; empty when the route is not known any more or asks for none.
    pub needed: String,
    /// Its account.
    pub account: Option<AccountName>,
    /// What people call the credential or application; `None` when it was deleted or is not known.
    pub client: Option<String>,
    /// The person it acted for, by name.
    pub owner: Option<String>,
    /// Who can put it right, by name where there is one.
    pub changer: Option<String>,
}

/// What a route asks of its callers, of whichever kind they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NamedRoute {
    /// Tokens of credentials.
    Credential(RouteRule),
    /// Tokens of applications that act for a person.
    Person(UserRule),
}

impl NamedRoute {
    /// The scopes of which one is needed, separated by spaces.
    fn needed(self) -> String {
        match self {
            Self::Credential(rule) => rule.scopes.to_string(),
            Self::Person(rule) => rule.scope.map_or("", UserScope::as_str).to_owned(),
        }
    }
}

/// Looks a request up and explains it. `route_of` tells the present rule of a route by its name and method.
///
/// # Errors
/// [`Error::NotFound`] when it is not kept, or not one that the caller may see.
pub async fn request_explain(
    ctx: &Ctx,
    caller: &Caller,
    id: RequestId,
    route_of: impl Fn(&str, &str) -> Option<NamedRoute>,
) -> Result<Explained, Error> {
    let whose = if caller.is_operator() {
        Whose::All
    } else {
        whose(caller, Breadth::Account)?
    };
    let mut tx = ctx.db.begin_read().await?;
    let found = request_find(&mut tx, whose, id).await?;
    let request = found.ok_or_else(|| Error::NotFound(format!("request {id}")))?;
    let now = Now::read(ctx, &mut tx, &request).await?;
    drop(tx);
    let reason = request.reason.as_deref().and_then(reason_info);
    let rule = route_of(&request.route, &request.method);
    let steps = steps(ctx, &request, reason, rule.as_ref(), &now);
    let changer = reason.map(|reason| now.changer(reason.remedy));
    let account = request.account_id.and_then(|id| account_named(ctx, id));
    Ok(Explained {
        reason,
        steps,
        needed: rule.map_or_else(String::new, NamedRoute::needed),
        account,
        client: now.client_name,
        owner: now.owner_name,
        changer,
        request,
    })
}

fn steps(
    ctx: &Ctx,
    request: &LoggedRequest,
    reason: Option<&ReasonInfo>,
    route: Option<&NamedRoute>,
    now: &Now,
) -> Vec<Step> {
    // Of a request that showed no token of ours, the route says which rules were asked.
    let by_application = match (request.client, route) {
        (Some(client), _) => client.application().is_some(),
        (None, Some(NamedRoute::Person(_))) => true,
        (None, Some(NamedRoute::Credential(_)) | None) => request.route == ROUTE_VBC_TOKEN,
    };
    let order: &[Rule] = match (by_application, request.route.as_str()) {
        (true, ROUTE_VBC_TOKEN) => &APPLICATION_TOKEN_RULES,
        (true, _) => &APPLICATION_RULES,
        (false, ROUTE_TOKEN) => &TOKEN_RULES,
        (false, _) => &CALL_RULES,
    };
    let failed = reason.map(|reason| reason.rule);
    let mut reached = true;
    let mut steps = Vec::new();
    for rule in order {
        let outcome = if !reached {
            Outcome::NotReached
        } else if failed == Some(*rule) {
            reached = false;
            Outcome::Failed
        } else {
            Outcome::Passed
        };
        steps.push(Step {
            rule: *rule,
            title: if by_application {
                rule.title_for_application()
            } else {
                rule.title()
            },
            outcome,
            now: now.standing(ctx, *rule, request, route),
        });
    }
    // A refusal of a kind that this version does not know: nothing can be said of any rule.
    if request.reason.is_some() && reached {
        for step in &mut steps {
            step.outcome = Outcome::NotReached;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_rule_that_failed_was_not_reached() {
        let order = |reason: Option<&str>| {
            let failed = reason.and_then(reason_info).map(|info| info.rule);
            CALL_RULES.iter().position(|rule| Some(*rule) == failed)
        };
        assert!(order(Some("token_missing")) < order(Some("token_expired")));
        assert!(order(Some("token_expired")) < order(Some("owner_inactive")));
        assert!(order(Some("network_refused")) < order(Some("scope_missing")));
        assert!(order(Some("scope_missing")) < order(Some("quota_account")));
    }
}
