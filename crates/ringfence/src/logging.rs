//! The log: one event a line on standard error, as text for people or as JSON.

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{Log, LogFormat};

/// The levels from quiet to talkative, as the setting names them.
const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// Starts the log for the rest of the process. `louder` is the number of `-v` less the number of `-q`.
pub(crate) fn start(log: &Log, louder: i32) -> anyhow::Result<()> {
    let filter = filter(&log.level, louder)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(FmtSpan::NONE);
    let started = match log.format {
        LogFormat::Text => builder
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
    };
    started
        .map_err(anyhow::Error::from_boxed)
        .context("the log is started once")
}

/// The filter the setting means, moved by `-q` and `-v` where it is a single level.
fn filter(setting: &str, louder: i32) -> anyhow::Result<EnvFilter> {
    let directives = match LEVELS
        .iter()
        .position(|level| level.eq_ignore_ascii_case(setting.trim()))
    {
        Some(position) => {
            let moved = i32::try_from(position)?.saturating_add(louder).clamp(0, 5);
            let level = LEVELS
                .get(usize::try_from(moved)?)
                .copied()
                .unwrap_or("info");
            // Libraries below us are noisy at info and say nothing an operator can act on.
            let hushed = if moved < 3 {
                ""
            } else {
                ",hyper=warn,h2=warn,rustls=warn,sqlx=warn,reqwest=warn,object_store=warn"
            };
            format!("{level}{hushed}")
        }
        None => setting.to_owned(),
    };
    EnvFilter::builder()
        .parse(directives)
        .with_context(|| format!("log.level: {setting:?} is neither a level nor a filter"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(setting: &str, louder: i32) -> String {
        filter(setting, louder).unwrap().to_string()
    }

    #[test]
    fn flags_move_a_plain_level() {
        assert!(shown("info", 0).ends_with("info"), "{}", shown("info", 0));
        assert!(shown("info", 1).ends_with("debug"));
        assert!(shown("info", -2).ends_with("error"));
        assert!(shown("info", 9).ends_with("trace"));
        assert!(shown("WARN", -9).ends_with("off"));
    }

    #[test]
    fn a_filter_is_taken_as_it_is() {
        assert_eq!(
            shown("warn,ringfence_app=debug", 2),
            "ringfence_app=debug,warn"
        );
    }

    #[test]
    fn refuses_what_is_neither() {
        assert!(filter("ringfence=loud", 0).is_err());
    }
}
