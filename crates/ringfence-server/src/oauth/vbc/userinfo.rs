//! `/userinfo`: what an application may know of the person it acts for (OpenID Connect Core §5.3).

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use ringfence_app::gateway::user::AdmittedUser;
use ringfence_app::userinfo::{ClaimValue, UserInfo, userinfo_show as show};
use serde_json::{Map, Value};

use crate::app::App;
use crate::oauth::error::userinfo_refused;

pub(super) async fn userinfo_show(
    State(app): State<App>,
    Extension(admitted): Extension<AdmittedUser>,
) -> Response {
    match show(&app.ctx, &admitted).await {
        Ok(info) => ([(CACHE_CONTROL, "no-store")], Json(view(info))).into_response(),
        Err(error) => userinfo_refused(error),
    }
}

fn view(info: UserInfo) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("sub".to_owned(), Value::String(info.sub));
    for (claim, value) in info.claims {
        let value = match value {
            ClaimValue::Text(text) => Value::String(text),
            ClaimValue::Bool(yes) => Value::Bool(yes),
        };
        members.insert(claim.as_str().to_owned(), value);
    }
    members
}
