//! The acts of the console: to get a token, to make a call.

use super::token::{password_fields, token_ask};
use super::view::{Done, Filled, FinishPage, Held, action, fail, field_id, page};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::developer::apis::suite_named;
use crate::portal::developer::application_id;
use crate::portal::developer::catalogue::{Op, op_named};
use crate::portal::error::PortalError;
use crate::portal::explorer::Inside;
use crate::portal::explorer::call::{Answer, Origin, encoded, quoted, send};
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect, render, render_as};
use crate::portal::sign_in::query_value;
use crate::web::developer::{SignedDeveloper, console_cookie, console_cookie_of};
use axum::body::Body;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::application_show;
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::developer_console::{
    HeldToken, callback_url, console_code_open, console_code_seal, console_flow_back,
    console_flow_begin, console_token_open, console_token_seal,
};
use ringfence_app::error::Error;
use ringfence_core::application::{Application, ApplicationKeys};
use ringfence_core::secret::Secret;
use ringfence_core::suite::Suite;
use url::form_urlencoded::Serializer;

const LONGEST_TOKEN: usize = 2_000;
const TOO_LATE: &str = "the token was held for too long; get another one";

/// `GET /devportal/apis/{suite}/console`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `POST /devportal/apis/{suite}/console`.
pub(crate) fn act_route() -> MethodRouter<App> {
    post(act)
}

/// `GET /devportal/console/callback`.
pub(crate) fn callback_route() -> MethodRouter<App> {
    get(callback)
}

async fn show(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let suite = suite_named(&name)?;
    let filled = Filled {
        op: query_value(query.as_deref(), "op").unwrap_or_default(),
        ..Filled::default()
    };
    render(&page(&app, &caller, suite, (chrome, filled)).await?)
}

async fn act(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(name): Path<String>,
    (Extension(inside), origin): (Extension<Inside>, Origin),
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let suite = suite_named(&name)?;
    let mut filled = Filled {
        op: form.text("op").to_owned(),
        form: Some(&form),
        ..Filled::default()
    };
    let door = (inside, &origin);
    match form.text("act") {
        "authorize" => match authorize(&app, &caller, suite, &form).await? {
            Ok(response) => return Ok(response),
            Err(text) => fail(&mut filled, "code", ("code_application", text)),
        },
        "password" => match password(&app, &caller, door, &form).await? {
            Ok(held) => filled.held = Some(held),
            Err(text) => fail(&mut filled, "password", ("username", text)),
        },
        "exchange" => match exchange(&app, &caller, door, &form).await? {
            Ok(held) => filled.held = Some(held),
            Err(text) => fail(&mut filled, "code", ("code_application", text)),
        },
        "paste" => match paste(&app, &caller, &form)? {
            Ok(held) => filled.held = Some(held),
            Err(text) => fail(&mut filled, "paste", ("token", text)),
        },
        "drop" => {}
        "send" => call(&app, &caller, suite, door, &mut filled).await?,
        // Another operation.
        _ => filled.held = held_of(&app, &caller, &form).ok().map(|(held, _)| held),
    }
    let status = if filled.faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    render_as(status, &page(&app, &caller, suite, (chrome, filled)).await?)
}

async fn callback(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let value = |name| query_value(query.as_deref(), name).unwrap_or_default();
    let carried = console_cookie_of(&headers).unwrap_or_default();
    let flow = console_flow_back(&app.ctx, &caller, carried, &value("state"));
    let flow = flow.map_err(|_| {
        Error::Invalid(
            "this sign-in was not begun here, or it took too long; begin it anew".to_owned(),
        )
    })?;
    let mut response = if value("error").is_empty() {
        let application = application_show(&app.ctx, &caller, flow.application_id).await?;
        let is_public = keys_of(&application)?.is_public();
        let sealed = console_code_seal(&app.ctx, &caller, &flow, &value("code"))?;
        render(&FinishPage {
            chrome,
            application: application.name.as_str().to_owned(),
            action: action(flow.suite),
            op: flow.op,
            sealed: sealed.expose().clone(),
            is_public,
        })?
    } else {
        let text = format!("{} ({})", value("error_description"), value("error"));
        let mut filled = Filled {
            op: flow.op,
            ..Filled::default()
        };
        fail(
            &mut filled,
            "code",
            ("code_application", format!("no token: {text}")),
        );
        let page = page(&app, &caller, flow.suite, (chrome, filled)).await?;
        render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)?
    };
    let gone = console_cookie(None);
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

/// Sends the browser to the product's own sign-in.
async fn authorize(
    app: &App,
    caller: &DeveloperCaller,
    suite: Suite,
    form: &Form,
) -> Result<Result<Response, String>, Error> {
    let id = application_id(form.text("code_application"))?;
    let application = application_show(&app.ctx, caller, id).await?;
    let keys = keys_of(&application)?;
    let wanted = (id, suite, form.text("op"));
    match console_flow_begin(&app.ctx, caller, keys, wanted) {
        Ok(begun) => {
            let mut response = redirect(&begun.url);
            let cookie = console_cookie(Some(begun.carried.expose()));
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(Ok(response))
        }
        Err(Error::Invalid(text)) => Ok(Err(text)),
        Err(error) => Err(error),
    }
}

async fn password(
    app: &App,
    caller: &DeveloperCaller,
    door: (Inside, &Origin),
    form: &Form,
) -> Result<Result<Held, String>, Error> {
    let id = application_id(form.text("application"))?;
    let application = application_show(&app.ctx, caller, id).await?;
    let keys = keys_of(&application)?;
    let token = token_ask(door, keys, form.raw("secret"), password_fields(form)).await;
    hold(app, caller, (token, &application))
}

async fn exchange(
    app: &App,
    caller: &DeveloperCaller,
    door: (Inside, &Origin),
    form: &Form,
) -> Result<Result<Held, String>, Error> {
    let Ok((flow, code)) = console_code_open(&app.ctx, caller, form.text("flow")) else {
        return Ok(Err(
            "the code was held for too long; sign in once more".to_owned()
        ));
    };
    let application = application_show(&app.ctx, caller, flow.application_id).await?;
    let keys = keys_of(&application)?;
    let fields = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.expose().clone()),
        ("redirect_uri", callback_url(&app.ctx)),
        ("code_verifier", flow.verifier),
    ];
    let token = token_ask(door, keys, form.raw("secret"), fields).await;
    hold(app, caller, (token, &application))
}

fn paste(app: &App, caller: &DeveloperCaller, form: &Form) -> Result<Result<Held, String>, Error> {
    let token = form.text("token");
    let good = |b: u8| b.is_ascii_graphic();
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.bytes().all(good) {
        return Ok(Err("this is no access token".to_owned()));
    }
    let from = "your own".to_owned();
    sealed(app, caller, Secret::new(token.to_owned()), from).map(Ok)
}

fn hold(
    app: &App,
    caller: &DeveloperCaller,
    (token, application): (Result<Secret<String>, String>, &Application),
) -> Result<Result<Held, String>, Error> {
    match token {
        Ok(token) => sealed(app, caller, token, application.name.as_str().to_owned()).map(Ok),
        Err(text) => Ok(Err(text)),
    }
}

fn sealed(
    app: &App,
    caller: &DeveloperCaller,
    token: Secret<String>,
    from: String,
) -> Result<Held, Error> {
    let held = HeldToken { token, from };
    let sealed = console_token_seal(&app.ctx, caller, &held)?;
    Ok(Held {
        sealed: sealed.expose().clone(),
        from: held.from,
    })
}

/// The token that the page carries, as the page has it and opened.
fn held_of(app: &App, caller: &DeveloperCaller, form: &Form) -> Result<(Held, HeldToken), Error> {
    let text = form.text("held");
    let token = console_token_open(&app.ctx, caller, text)?;
    let held = Held {
        sealed: text.to_owned(),
        from: token.from.clone(),
    };
    Ok((held, token))
}

/// Makes the call, or notes what it lacks.
async fn call(
    app: &App,
    caller: &DeveloperCaller,
    suite: Suite,
    (inside, origin): (Inside, &Origin),
    filled: &mut Filled<'_>,
) -> Result<(), Error> {
    let Some(form) = filled.form else {
        return Ok(());
    };
    let op = op_named(suite, &filled.op).filter(|op| op.suite.is_served());
    let op = op.ok_or_else(|| Error::NotFound("operation".to_owned()))?;
    let token = match held_of(app, caller, form) {
        Ok((held, token)) => {
            filled.held = Some(held);
            Some(token.token)
        }
        Err(_) if form.text("held").is_empty() => {
            filled.faults.add("h-token", "get a token first");
            None
        }
        Err(_) => {
            filled.faults.add("h-token", TOO_LATE);
            None
        }
    };
    let target = target(op, form, &mut filled.faults);
    let (Some(token), true) = (token, filled.faults.is_empty()) else {
        return Ok(());
    };
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
            Error::Invalid("the token holds a letter that no header can carry".to_owned())
        })?;
    bearer.set_sensitive(true);
    let request = origin
        .builder(op.method, &target)
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, "application/json")
        .body(Body::empty())
        .map_err(|_| Error::Invalid("this call cannot be sent".to_owned()))?;
    let url = quoted(&format!("{}{target}", app.ctx.settings.public_url));
    filled.done = Some(Done {
        answer: Answer::read(send(inside, request).await).await,
        curl: format!("curl {url} --header \"Authorization: Bearer $ACCESS_TOKEN\""),
    });
    Ok(())
}

/// Path and query of a call.
fn target(op: &Op, form: &Form, faults: &mut Faults) -> String {
    let mut path = op.path.to_owned();
    let mut query = Serializer::new(String::new());
    for param in &op.params {
        let value = form.text(&field_id(param));
        if param.is_path {
            if value.is_empty() {
                faults.add(param.name, format!("give {}", param.name));
            }
            path = path.replace(&format!("{{{}}}", param.name), &encoded(value));
        } else if !value.is_empty() {
            query.append_pair(param.name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    }
}

fn keys_of(application: &Application) -> Result<&ApplicationKeys, Error> {
    let missing = || Error::NotFound("keys".to_owned());
    application.keys.as_ref().ok_or_else(missing)
}
