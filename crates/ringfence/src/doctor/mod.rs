//! `ringfence doctor`: looks at an installation and says what to mend. It changes nothing and makes nothing.
//!
//! Each check is one function in `machine.rs` (this machine and its files) or `store.rs` (database and blob store).

mod machine;
mod store;
#[cfg(test)]
mod tests;

use serde_json::json;

use crate::config::Environment;
use crate::failure::Done;
use crate::shell::Shell;

/// What a check found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// As it should be.
    Pass,
    /// To be mended.
    Fail,
    /// It could not be looked at, or only a person can judge it.
    Unknown,
}

/// One line of the report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Check {
    /// A stable name.
    pub id: &'static str,
    /// What was looked at.
    pub title: String,
    /// What was found.
    pub verdict: Verdict,
    /// What to do; empty where there is nothing to do.
    pub advice: String,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

impl Check {
    fn pass(id: &'static str, title: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            verdict: Verdict::Pass,
            advice: String::new(),
        }
    }

    fn fail(id: &'static str, title: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            verdict: Verdict::Fail,
            advice: advice.into(),
        }
    }

    fn unknown(id: &'static str, title: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            verdict: Verdict::Unknown,
            advice: advice.into(),
        }
    }
}

/// Runs every check and prints the report; findings when one failed.
pub(crate) async fn run(shell: &Shell) -> anyhow::Result<Done> {
    let checks = look(shell, &Environment::read()).await;
    for check in &checks {
        shell.say(format!("{:<8} {}", check.verdict.as_str(), check.title));
        if !check.advice.is_empty() {
            shell.say(format!("         → {}", check.advice));
        }
    }
    if shell.json {
        let lines: Vec<_> = checks
            .iter()
            .map(|check| json!({ "id": check.id, "title": check.title, "result": check.verdict.as_str(), "advice": check.advice }))
            .collect();
        shell.print_json(&json!({ "checks": lines }));
    }
    let failed = checks.iter().any(|check| check.verdict == Verdict::Fail);
    Ok(if failed { Done::Findings } else { Done::Clean })
}

async fn look(shell: &Shell, environment: &Environment) -> Vec<Check> {
    let config = &shell.config;
    let mut checks = vec![
        machine::variables(environment),
        machine::data_dir(config),
        machine::free_space(config).await,
    ];
    checks.push(machine::master_key(config));
    checks.extend(store::database(config).await);
    checks.push(store::blobs(shell).await);
    checks.push(machine::public_url(config));
    checks.extend(machine::tls(config));
    checks.push(machine::port(config));
    checks
}
