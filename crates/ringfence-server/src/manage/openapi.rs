//! The description of the Management API (OpenAPI 3.1), put together from what stands beside each handler.

use super::error::{Fault, Problem};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use std::sync::LazyLock;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme,
};
use utoipa::{Modify, OpenApi};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = document().to_json();
    // Plain data always serializes.
    document.unwrap_or_default()
});

/// What is said of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringfence Management API",
        version = "1",
        description = "Everything the Admin Portal does. Sign in, or send a token with a management scope: `management:read` to look, `management:write` to change. A thing of another account, and one that you may not know of, is 404. Edits want the `ETag` you read as `If-Match`. Creates take an `Idempotency-Key`: within 24 hours the same key and body give the first answer again."
    ),
    paths(openapi_show),
    components(schemas(Problem, Fault)),
    modifiers(&Security)
)]
struct Root;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scopes =
            Scopes::from_iter([("management:read", "Look"), ("management:write", "Change")]);
        let flow = ClientCredentials::new("/Auth/connect/token", scopes);
        let token = SecurityScheme::OAuth2(OAuth2::new([Flow::ClientCredentials(flow)]));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-ringfence"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", token);
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// The whole description. Each noun adds its own.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Root::openapi();
    for noun in [
        super::accounts::Api::openapi(),
        super::applications::Api::openapi(),
        super::audit::Api::openapi(),
        super::keys::Api::openapi(),
        super::credentials::Api::openapi(),
        super::developers::Api::openapi(),
        super::groups::Api::openapi(),
        super::me::Api::openapi(),
        super::providers::Api::openapi(),
        super::traffic::Api::openapi(),
        super::users::Api::openapi(),
        super::connections::Api::openapi(),
        super::interaction_content::Api::openapi(),
        super::interactions::Api::openapi(),
        super::provisioning::Api::openapi(),
        super::provisioning::extensions::Api::openapi(),
        super::provisioning::people::Api::openapi(),
    ] {
        document.merge(noun);
    }
    document
}

pub(crate) fn openapi_route() -> MethodRouter<crate::app::App> {
    get(openapi_show)
}

#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "About",
    summary = "This description",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"))
)]
async fn openapi_show() -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
    ];
    (headers, DOCUMENT.as_str()).into_response()
}
