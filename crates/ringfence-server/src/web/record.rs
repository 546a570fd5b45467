//! What the rooms tell the hall about a request, for the record of requests. The hall alone writes it.

use axum::response::Response;
use ringfence_app::gateway::Who;

/// A guarded call or a request for a token; an extension of the response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallMark {
    /// The route's template or name.
    pub(crate) route: &'static str,
    /// Who called, when that is known.
    pub(crate) who: Option<Who>,
}

/// Why a request was refused; an extension of the response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReasonCode(pub(crate) &'static str);

impl CallMark {
    /// Puts the mark on a response.
    pub(crate) fn put(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}
