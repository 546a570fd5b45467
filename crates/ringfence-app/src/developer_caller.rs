//! Who asks the Developer Portal and its REST API: a developer, as the store has them at this moment.
//!
//! There are two ways to be one: a stay after signing in, and a personal token, which may do only what its scopes say.
//! The command line and operators act in a developer's place, under their own name in the audit trail.
//! A developer is nobody at the Admin Portal, and no user: [`crate::caller`] knows nothing of them.

use crate::context::Actor;
use crate::error::Error;
use ringfence_core::developer::{Developer, DeveloperScope};
use ringfence_core::developer_scope::DeveloperScopes;
use ringfence_core::id::{DeveloperTokenId, SessionId};
use std::sync::Arc;

/// A developer who may act now.
#[derive(Clone, Debug)]
pub struct DeveloperCaller {
    /// Who they are.
    pub developer: Arc<Developer>,
    /// How they proved it.
    pub via: DeveloperVia,
}

/// How a developer proved who they are.
#[derive(Clone, Debug)]
pub enum DeveloperVia {
    /// They signed in.
    Session(SessionId),
    /// A personal token of theirs.
    Token {
        /// Which one.
        token_id: DeveloperTokenId,
        /// What it may do.
        scopes: DeveloperScopes,
    },
    /// Somebody who may act for every developer.
    InPlace(Actor),
}

impl DeveloperCaller {
    /// A developer in whose place somebody acts who may act for every developer.
    #[must_use]
    pub fn in_place_of(developer: Developer, actor: Actor) -> Self {
        Self {
            developer: Arc::new(developer),
            via: DeveloperVia::InPlace(actor),
        }
    }

    /// Who they are in the audit trail: `developer:ID`, or who acts in their place.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &self.via {
            DeveloperVia::Session(_) | DeveloperVia::Token { .. } => {
                Actor(format!("developer:{}", self.developer.id))
            }
            DeveloperVia::InPlace(actor) => actor.clone(),
        }
    }

    /// Whether somebody acts in the developer's place.
    #[must_use]
    pub fn stands_in(&self) -> bool {
        matches!(self.via, DeveloperVia::InPlace(_))
    }

    /// The stay that asks, when it is one.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        match self.via {
            DeveloperVia::Session(id) => Some(id),
            DeveloperVia::Token { .. } | DeveloperVia::InPlace(_) => None,
        }
    }

    /// Whether they may do what that scope allows; who signed in may do all of it.
    #[must_use]
    pub fn may(&self, scope: DeveloperScope) -> bool {
        match self.via {
            DeveloperVia::Session(_) | DeveloperVia::InPlace(_) => true,
            DeveloperVia::Token { scopes, .. } => scopes.allows(scope),
        }
    }

    /// Lets those pass who may do what that scope allows.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a token that lacks it.
    pub fn require(&self, scope: DeveloperScope) -> Result<(), Error> {
        if self.may(scope) {
            Ok(())
        } else {
            Err(Error::Forbidden(format!(
                "the token lacks the scope {}",
                scope.as_str()
            )))
        }
    }

    /// Lets people pass and no programs.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a token.
    pub fn require_session(&self) -> Result<SessionId, Error> {
        self.session_id().ok_or_else(|| {
            Error::Forbidden("a person does this after signing in, not a program".to_owned())
        })
    }
}
