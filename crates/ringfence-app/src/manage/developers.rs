//! Developers: only who runs the installation sees, makes and changes them.

use super::slice::Slice;
use crate::caller::Caller;
use crate::context::Ctx;
use crate::developers::{self as acts, DeveloperEdit, NewDeveloper};
use crate::error::Error;
use ringfence_core::developer::{Developer, DeveloperName};

/// Developers by name after a name, whose names, addresses or companies hold a text.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator.
pub async fn developer_list(
    ctx: &Ctx,
    caller: &Caller,
    text: &str,
    after: &str,
    limit: u32,
) -> Result<Slice<Developer>, Error> {
    caller.require_operator()?;
    acts::developer_list(ctx, text, after, limit).await
}

/// One developer.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none of that name.
pub async fn developer_show(
    ctx: &Ctx,
    caller: &Caller,
    username: &DeveloperName,
) -> Result<Developer, Error> {
    caller.require_operator()?;
    acts::developer_show(ctx, username).await
}

/// Makes a developer.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator; [`Error::Conflict`] when the name is taken.
pub async fn developer_create(
    ctx: &Ctx,
    caller: &Caller,
    new: NewDeveloper,
) -> Result<Developer, Error> {
    caller.require_operator()?;
    acts::developer_create(ctx, &caller.actor(), new).await
}

/// Changes a developer, lets them in or shuts them out.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none of that name.
pub async fn developer_edit(
    ctx: &Ctx,
    caller: &Caller,
    username: &DeveloperName,
    edit: DeveloperEdit,
) -> Result<Developer, Error> {
    caller.require_operator()?;
    acts::developer_edit(ctx, &caller.actor(), username, edit).await
}
