//! What was said, out of a transcript whose schema is not published (vcc-api §11.3).
//!
//! Read leniently: any JSON that holds a list of objects with a text, or plain text. What does not look like that is
//! no transcript for people; they download it instead.

use serde_json::{Map, Value};

/// Most lines that are read.
pub const LINES_MAX: usize = 5_000;

const DEEPEST: usize = 6;
const TEXTS: [&str; 7] = [
    "text",
    "transcript",
    "content",
    "utterance",
    "message",
    "sentence",
    "words",
];
const SPEAKERS: [&str; 8] = [
    "speaker",
    "role",
    "participant",
    "channel",
    "party",
    "from",
    "speakerId",
    "author",
];
const OFFSETS: [&str; 5] = ["offset", "offsetMs", "startMs", "startOffset", "beginMs"];

/// One thing that was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Who said it, as the transcript calls them.
    pub speaker: Option<String>,
    /// When, from the start, where that is told in whole milliseconds.
    pub offset_ms: Option<u64>,
    /// What.
    pub text: String,
}

/// Reads a transcript; `None` when it does not look like one.
#[must_use]
pub fn transcript_read(bytes: &[u8]) -> Option<Vec<Line>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines = match serde_json::from_str::<Value>(text) {
        Ok(Value::String(text)) => plain(&text),
        Ok(value) => spoken(&value, 0)?,
        Err(_) if text.trim_start().starts_with(['{', '[', '<']) => return None,
        Err(_) => plain(text),
    };
    (!lines.is_empty()).then_some(lines)
}

fn plain(text: &str) -> Vec<Line> {
    let line = |text: &str| Line {
        speaker: None,
        offset_ms: None,
        text: text.trim().to_owned(),
    };
    let lines = text.lines().filter(|l| !l.trim().is_empty());
    lines.take(LINES_MAX).map(line).collect()
}

// The first list whose objects have texts; else the text of the object itself.
fn spoken(value: &Value, depth: usize) -> Option<Vec<Line>> {
    if depth > DEEPEST {
        return None;
    }
    match value {
        Value::Array(items) => {
            let lines: Vec<Line> = items
                .iter()
                .filter_map(Value::as_object)
                .filter_map(line)
                .take(LINES_MAX)
                .collect();
            if lines.is_empty() {
                items.iter().find_map(|item| spoken(item, depth + 1))
            } else {
                Some(lines)
            }
        }
        Value::Object(object) => object
            .values()
            .find_map(|member| spoken(member, depth + 1))
            .or_else(|| line(object).map(|line| vec![line])),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn line(object: &Map<String, Value>) -> Option<Line> {
    let text = TEXTS.iter().find_map(|name| match object.get(*name)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Array(words) => Some(words_text(words)),
        _ => None,
    });
    let speaker = SPEAKERS.iter().find_map(|name| match object.get(*name)? {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(who) => {
            let name = who.get("name").or_else(|| who.get("role"))?;
            name.as_str().map(str::to_owned)
        }
        _ => None,
    });
    Some(Line {
        speaker: speaker.filter(|s| !s.is_empty()),
        offset_ms: OFFSETS.iter().find_map(|name| object.get(*name)?.as_u64()),
        text: text.filter(|text| !text.is_empty())?,
    })
}

fn words_text(words: &[Value]) -> String {
    let word = |word: &Value| match word {
        Value::String(word) => Some(word.clone()),
        Value::Object(object) => {
            let text = object.get("word").or_else(|| object.get("text"))?;
            text.as_str().map(str::to_owned)
        }
        _ => None,
    };
    let words: Vec<String> = words.iter().filter_map(word).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Option<String>, Option<u64>, String)> {
        let lines = transcript_read(text.as_bytes()).unwrap_or_default();
        let parts = |line: Line| (line.speaker, line.offset_ms, line.text);
        lines.into_iter().map(parts).collect()
    }

    fn one(
        speaker: &str,
        offset_ms: Option<u64>,
        text: &str,
    ) -> (Option<String>, Option<u64>, String) {
        (Some(speaker.to_owned()), offset_ms, text.to_owned())
    }

    #[test]
    fn many_shapes_are_read() {
        assert_eq!(
            read(r#"{"version":1,"segments":[{"speaker":"Agent","offset":1200,"text":"Hello"}]}"#),
            [one("Agent", Some(1200), "Hello")]
        );
        assert_eq!(
            read(r#"[{"channel":0,"words":[{"word":"Good"},{"word":"day"}]},{"channel":1}]"#),
            [one("0", None, "Good day")]
        );
        assert_eq!(
            read(r#"{"a":{"b":[{"participant":{"role":"Customer"},"transcript":"Hi"}]}}"#),
            [one("Customer", None, "Hi")]
        );
        assert_eq!(
            read("first\n\n second "),
            [
                (None, None, "first".to_owned()),
                (None, None, "second".to_owned()),
            ]
        );
        assert_eq!(
            read(r#""only words""#),
            [(None, None, "only words".to_owned())]
        );
    }

    #[test]
    fn what_is_none_is_left_to_the_download() {
        for text in [
            "",
            "{}",
            "[]",
            "5",
            "{broken",
            "<html>",
            r#"{"scores":[1,2]}"#,
        ] {
            assert_eq!(transcript_read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(transcript_read(&[0xff, 0xfe, 0]), None);
    }
}
