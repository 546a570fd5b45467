//! What a run reports, read from its JSON as any program would.

use serde_json::Value;

/// What a run reports.
#[derive(Debug)]
pub struct Run {
    pub listed: u64,
    pub fetched: u64,
    pub already_had: u64,
    pub refused: u64,
    pub failed: u64,
    pub balanced: bool,
    pub gaps: Vec<Gap>,
    pub whole: Value,
}

/// A call without its recording.
#[derive(Debug)]
pub struct Gap {
    pub guid: String,
    pub reason: String,
    pub detail: String,
}

impl Run {
    pub fn read(whole: Value) -> Self {
        let count = |name: &str| {
            whole[name]
                .as_u64()
                .unwrap_or_else(|| panic!("no {name} in {whole}"))
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let gaps = whole["gaps"]
            .as_array()
            .expect("a list of gaps")
            .iter()
            .map(|gap| Gap {
                guid: text(&gap["guid"]),
                reason: text(&gap["reason"]),
                detail: text(&gap["detail"]),
            });
        let run = Self {
            listed: count("listed"),
            fetched: count("fetched"),
            already_had: count("already_had"),
            refused: count("refused"),
            failed: count("failed"),
            balanced: whole["balanced"] == true,
            gaps: gaps.collect(),
            whole,
        };
        let sum = run.fetched + run.already_had + run.refused + run.failed;
        assert_eq!(run.listed, sum, "the equation of every run: {run:?}");
        run
    }

    pub fn gap(&self, guid: &str) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.guid == guid)
    }

    /// Gaps that somebody should look at.
    pub fn findings(&self) -> usize {
        self.gaps
            .iter()
            .filter(|gap| !matches!(gap.reason.as_str(), "not_eligible" | "pending"))
            .count()
    }

    /// What the report says about causes.
    pub fn suspected(&self) -> String {
        self.whole["causes"].to_string()
    }
}
