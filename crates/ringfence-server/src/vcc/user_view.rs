//! The User Admin object on its way out (vcc-api §15.3).

use ringfence_app::user_admin::AdminUser;
use serde::Serialize;
use serde_json::{Map, Value};

/// A person as programs see them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserView<'v> {
    user_id: String,
    username: &'v str,
    name: &'v str,
    email: &'v str,
    last_login_time: Option<String>,
    active: bool,
    locked: bool,
    sso_external_id: Option<&'v Value>,
    user_account_configuration: AccountView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountView {
    role: &'static str,
    chargeable: bool,
    act_as_agent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_configuration: Option<Map<String, Value>>,
}

impl<'v> UserView<'v> {
    /// The object of one person.
    pub(super) fn of(found: &'v AdminUser) -> Self {
        let (user, profile) = (&found.user, &found.profile);
        let agent = user
            .agent
            .as_ref()
            .filter(|_| profile.flag("actAsAgent") != Some(false));
        let configuration = agent.map(|agent| {
            let number = Value::from(agent.as_str());
            let mut fields = Map::from_iter([("agentDisplayId".to_owned(), number)]);
            if let Some(Value::Object(kept)) = profile.field("agentConfiguration") {
                fields.extend(kept.clone());
            }
            fields
        });
        Self {
            user_id: user.id.to_string(),
            username: user.username.as_str(),
            name: &user.name,
            email: &user.email,
            last_login_time: user.last_login_at.map(|at| at.to_iso_millis()),
            active: user.active,
            locked: user.locked,
            sso_external_id: profile.field("ssoExternalId"),
            user_account_configuration: AccountView {
                role: user.role.as_str(),
                chargeable: profile.flag("chargeable").unwrap_or(true),
                act_as_agent: agent.is_some(),
                agent_configuration: configuration,
            },
        }
    }
}
