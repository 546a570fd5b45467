//! Pages of a list by cursor: `?limit=&cursor=` → `{"items": […], "nextCursor": …}`.
//!
//! A cursor is sealed: it says where to go on, opens for its own list and account only, and tells nothing.

use super::error::ManageError;
use super::query::Query;
use ringfence_app::context::Ctx;
use ringfence_app::manage::slice::Slice;
use ringfence_core::encoding::{base64url, base64url_decode};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

const DEFAULT_LIMIT: u32 = 50;
const LARGEST_LIMIT: u32 = 200;
const LONGEST_CURSOR: usize = 2_000;

/// What every list takes, for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the description is made from it")]
pub(crate) struct PageParams {
    /// Most items of the page, 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// Where to go on: the `nextCursor` of the page before.
    cursor: Option<String>,
}

/// The part of a list that is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    /// Most items.
    pub(crate) limit: u32,
    /// The key of the last item that the caller has; `None` from the beginning.
    pub(crate) after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What to send as `cursor` to get the next page; null on the last one.
    pub(crate) next_cursor: Option<String>,
}

impl Window {
    /// Reads `limit` and `cursor`. The place names the list and its account.
    ///
    /// # Errors
    /// A value is out of range, or the cursor is not one of that list's.
    pub(crate) fn read(ctx: &Ctx, query: &Query, place: &str) -> Result<Self, ManageError> {
        let limit = query.parsed("limit", |text| {
            let number = text.parse().ok();
            number
                .filter(|n| (1..=LARGEST_LIMIT).contains(n))
                .ok_or_else(|| format!("limit must be a whole number from 1 to {LARGEST_LIMIT}"))
        })?;
        let after = query.parsed("cursor", |text| cursor_open(ctx, place, text))?;
        Ok(Self {
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            after,
        })
    }
}

impl<T> Page<T> {
    /// The page of a slice, with each item as its view.
    ///
    /// # Errors
    /// The cursor could not be sealed.
    pub(crate) fn of<I>(
        ctx: &Ctx,
        place: &str,
        slice: Slice<I>,
        view: impl FnMut(I) -> T,
    ) -> Result<Self, ManageError> {
        let next_cursor = slice.next.map(|key| cursor_seal(ctx, place, &key));
        Ok(Self {
            items: slice.items.into_iter().map(view).collect(),
            next_cursor: next_cursor.transpose()?,
        })
    }
}

fn cursor_seal(ctx: &Ctx, place: &str, key: &str) -> Result<String, ManageError> {
    let sealed = ctx
        .cursor_sealer
        .seal(&*ctx.random, &aad(place), key.as_bytes());
    let sealed = sealed.map_err(ringfence_app::error::Error::internal)?;
    Ok(base64url(&sealed))
}

fn cursor_open(ctx: &Ctx, place: &str, cursor: &str) -> Result<String, &'static str> {
    const FORGED: &str = "the cursor is not one that this list gave";
    if cursor.len() > LONGEST_CURSOR {
        return Err(FORGED);
    }
    let sealed = base64url_decode(cursor).ok_or(FORGED)?;
    let plain = ctx.cursor_sealer.open(&aad(place), &sealed);
    let plain = plain.map_err(|_| FORGED)?;
    String::from_utf8(plain.expose().clone()).map_err(|_| FORGED)
}

fn aad(place: &str) -> Vec<u8> {
    format!("manage/{place}").into_bytes()
}
