//! What every handler is given.

use ringfence_app::context::Ctx;

/// The state of all rooms.
#[derive(Clone, Debug)]
pub struct App {
    /// The context of the acts.
    pub ctx: Ctx,
}
