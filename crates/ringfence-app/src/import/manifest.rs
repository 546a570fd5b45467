//! The manifest formats: `manifest.csv` with a header, or `manifest.jsonl` with the same fields.
//!
//! One row for each content item; an interaction with several items repeats its
//! columns; a row with an empty `file` is a call without a recording.

use super::call::Call;
use super::lines::{Lines, csv_fields};
use super::{ImportRow, ItemFile, Refusal};
use crate::error::Error;
use ringfence_core::content::ContentKind;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Address, Direction};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use serde_json::Value;
use std::fmt::Display;
use std::path::Path;

const COLUMNS: [&str; 12] = [
    "guid",
    "start",
    "duration_ms",
    "direction",
    "connect_from",
    "connect_to",
    "agent_id",
    "line",
    "queue",
    "type",
    "file",
    "sha256",
];
const MAY_BE_ABSENT: [&str; 3] = ["agent_id", "queue", "sha256"];
// Thirty days; longer is a slip of units.
const LONGEST_MS: u64 = 30 * 86_400_000;

#[derive(Debug)]
pub(super) struct ManifestRows {
    lines: Lines,
    format: Format,
}

#[derive(Debug)]
enum Format {
    /// Which column each field of a line is, as an index into `COLUMNS`.
    Csv(Vec<usize>),
    Jsonl,
}

/// The values of one row, in the order of `COLUMNS`.
type Values = [String; COLUMNS.len()];

impl ManifestRows {
    pub(super) async fn open_csv(path: &Path) -> Result<Self, Error> {
        let mut lines = Lines::open(path).await?;
        let header = match lines.next().await? {
            Some(line) => line.text.and_then(|text| parse_header(&text)),
            None => Err("it is empty".to_owned()),
        };
        let header = header.map_err(|reason| {
            Error::Invalid(format!(
                "the header of {} is wrong: {reason}; it should be {}",
                path.display(),
                COLUMNS.join(",")
            ))
        })?;
        let format = Format::Csv(header);
        Ok(Self { lines, format })
    }

    pub(super) async fn open_jsonl(path: &Path) -> Result<Self, Error> {
        let lines = Lines::open(path).await?;
        let format = Format::Jsonl;
        Ok(Self { lines, format })
    }

    pub(super) const fn position(&self) -> (u64, u64) {
        self.lines.position()
    }

    pub(super) async fn next(&mut self) -> Result<Option<Result<ImportRow, Refusal>>, Error> {
        let Some(line) = self.lines.next().await? else {
            return Ok(None);
        };
        let number = line.number;
        let values = line.text.and_then(|text| match &self.format {
            Format::Csv(header) => csv_values(header, &text),
            Format::Jsonl => json_values(&text),
        });
        let row = match values {
            Ok(values) => parse_row(number, &values)
                .map_err(|reason| Refusal::new(number, &values[10], reason)),
            Err(reason) => Err(Refusal::new(number, "", reason)),
        };
        Ok(Some(row))
    }
}

fn parse_header(text: &str) -> Result<Vec<usize>, String> {
    let mut header = Vec::new();
    for name in csv_fields(text)? {
        let Some(column) = COLUMNS.iter().position(|c| *c == name.trim()) else {
            return Err(format!("there is no column {name:.40}"));
        };
        if header.contains(&column) {
            return Err(format!("the column {name} stands there twice"));
        }
        header.push(column);
    }
    for (column, name) in COLUMNS.iter().enumerate() {
        if !header.contains(&column) && !MAY_BE_ABSENT.contains(name) {
            return Err(format!("the column {name} is missing"));
        }
    }
    Ok(header)
}

fn csv_values(header: &[usize], text: &str) -> Result<Values, String> {
    let fields = csv_fields(text)?;
    if fields.len() != header.len() {
        return Err(format!(
            "the line has {} fields and the header {}; quote a field that holds a comma",
            fields.len(),
            header.len()
        ));
    }
    let mut values = Values::default();
    for (column, field) in header.iter().zip(fields) {
        if let Some(value) = values.get_mut(*column) {
            *value = field.trim().to_owned();
        }
    }
    Ok(values)
}

fn json_values(text: &str) -> Result<Values, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("the line is not JSON: {error}"))?;
    let Value::Object(object) = value else {
        return Err("the line is not a JSON object".to_owned());
    };
    let mut values = Values::default();
    for (name, value) in object {
        let Some(column) = COLUMNS.iter().position(|c| *c == name) else {
            return Err(format!("there is no field {name:.40}"));
        };
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Err(format!("{name}: neither a text nor a number"));
            }
        };
        if let Some(value) = values.get_mut(column) {
            *value = text;
        }
    }
    Ok(values)
}

fn parse_row(line: u64, values: &Values) -> Result<ImportRow, String> {
    let [
        guid,
        start,
        duration_ms,
        direction,
        connect_from,
        connect_to,
        agent_id,
        line_address,
        queue,
        kind,
        file,
        sha256,
    ] = values;
    let duration_ms = duration_ms
        .parse::<u64>()
        .ok()
        .filter(|ms| *ms <= LONGEST_MS)
        .ok_or("duration_ms: not a whole number of milliseconds up to 30 days")?;
    let agent = match agent_id.as_str() {
        "" => None,
        agent_id => Some(AgentNumber::parse(agent_id).map_err(named("agent_id"))?),
    };
    if queue.len() > 256 || queue.chars().any(char::is_control) {
        return Err("queue: more than 256 characters, or not printable".to_owned());
    }
    let call = Call {
        id: InteractionId::parse(guid).map_err(named("guid"))?,
        started_at: Timestamp::parse(start).map_err(named("start"))?,
        duration_ms,
        // The list tells neither a wait nor an answer: an agent's call was answered at once.
        connected_after_ms: (agent.is_some() && duration_ms > 0).then_some(0),
        direction: Direction::parse(direction).map_err(named("direction"))?,
        connect_from: Address::parse(connect_from).map_err(named("connect_from"))?,
        connect_to: Address::parse(connect_to).map_err(named("connect_to"))?,
        agent,
        line: Line::parse(line_address).map_err(named("line"))?,
        queue: Some(queue.clone()).filter(|q| !q.is_empty()),
    };
    let item = if file.is_empty() {
        None
    } else {
        let sha256 = match sha256.as_str() {
            "" => None,
            sha256 => Some(ContentDigest::parse(sha256).map_err(named("sha256"))?),
        };
        Some(ItemFile {
            kind: ContentKind::parse(kind).map_err(named("type"))?,
            path: file.clone(),
            sha256,
        })
    };
    Ok(ImportRow { line, call, item })
}

fn named<E: Display>(column: &'static str) -> impl Fn(E) -> String {
    move |reason| format!("{column}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "0190a1b2-3333-4d5e-8f60-7a8b9c0d0001,2026-03-02T09:15:30.250Z,184200,inbound,+441632960101,+441632960900,2041,+441632960900,Billing,callRecording,calls/0001.wav,";

    fn read(line: &str) -> Result<ImportRow, String> {
        let header = parse_header(&COLUMNS.join(",")).unwrap();
        parse_row(2, &csv_values(&header, line)?)
    }

    #[test]
    fn reads_the_row_of_the_contract() {
        let row = read(ROW).unwrap();
        assert_eq!(row.call.duration_ms, 184_200);
        assert_eq!(row.call.queue.as_deref(), Some("Billing"));
        assert_eq!(row.item.unwrap().path, "calls/0001.wav");
    }

    #[test]
    fn names_the_column_that_is_wrong() {
        for (right, wrong, column) in [
            ("0190a1b2-3333-4d5e-8f60-7a8b9c0d0001", "0190a1b2", "guid"),
            ("2026-03-02T09:15:30.250Z", "2026-03-02", "start"),
            ("2026-03-02T09:15:30.250Z", "2026-02-30T09:15:30Z", "start"),
            ("184200", "-1", "duration_ms"),
            ("184200", "99999999999999999999", "duration_ms"),
            ("inbound", "sideways", "direction"),
            (",+441632960101", ",+44abc", "connect_from"),
            (",2041,", ",20 41,", "agent_id"),
            ("callRecording", "recording", "type"),
            ("0001.wav,", "0001.wav,abcd", "sha256"),
        ] {
            let reason = read(&ROW.replace(right, wrong)).unwrap_err();
            assert!(
                reason.starts_with(&format!("{column}: ")),
                "{column}: {reason}"
            );
        }
    }

    #[test]
    fn refuses_lines_that_are_no_rows() {
        for line in ["", "a,b", "\"open", &format!("{ROW},more")] {
            assert!(read(line).is_err(), "{line}");
        }
        assert!(json_values("{\"guid\":[]}").is_err());
        assert!(json_values("{\"gid\":1}").is_err());
        assert!(json_values(&"[".repeat(60_000)).is_err());
    }

    #[test]
    fn a_header_may_be_ordered_freely_and_leave_out_what_may_be_empty() {
        let header = "file,type,line,connect_to,connect_from,direction,duration_ms,start,guid";
        assert_eq!(parse_header(header).unwrap().len(), 9);
        assert!(parse_header("guid,start").is_err());
        assert!(parse_header(&format!("{header},guid")).is_err());
        assert!(parse_header(&format!("{header},sha265")).is_err());
    }

    #[test]
    fn json_fields_may_be_texts_numbers_or_null() {
        let values = json_values("{\"guid\":\"a\",\"duration_ms\":5,\"queue\":null}").unwrap();
        assert_eq!(
            (values[0].as_str(), values[2].as_str(), values[8].as_str()),
            ("a", "5", "")
        );
    }
}
