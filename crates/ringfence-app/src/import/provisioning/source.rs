//! Where in a file the entries stand: one object a line, or one document.
//!
//! Lines are read one at a time. A document must be held as a whole, so its length is bounded; so large an account is
//! better written in lines.

use super::super::lines::Lines;
use super::Item;
use super::wire::Piece;
use crate::error::Error;
use std::collections::VecDeque;
use std::path::Path;
use tokio::io::AsyncReadExt as _;

/// The longest document that is read.
const DOCUMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Source {
    lines: Option<Lines>,
    ready: VecDeque<Item>,
}

impl Source {
    pub(super) async fn open(path: &Path) -> Result<Self, Error> {
        let mut first = Lines::open(path).await?;
        let Some(line) = first.next().await? else {
            return Err(Error::Invalid(format!("{} is empty", path.display())));
        };
        // What ends too early, or is longer than any line, is the beginning of a document.
        let is_line = line.text.as_ref().is_ok_and(|text| {
            let whole = serde_json::from_str::<serde_json::Value>(text);
            whole.map_or_else(|e| !e.is_eof(), |_| true)
        });
        if is_line {
            return Ok(Self {
                lines: Some(Lines::open(path).await?),
                ready: VecDeque::new(),
            });
        }
        Ok(Self {
            lines: None,
            ready: document(path).await?.into(),
        })
    }

    pub(super) async fn next(&mut self) -> Result<Option<Item>, Error> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            let Some(lines) = &mut self.lines else {
                return Ok(None);
            };
            let Some(line) = lines.next().await? else {
                return Ok(None);
            };
            let place = format!("line {}", line.number);
            let wrong = |text: String| Error::Invalid(format!("{place}: {text}"));
            let text = line.text.map_err(wrong)?;
            let piece: Piece = serde_json::from_str(&text)
                .map_err(|e| wrong(format!("{} (column {})", said(&e), e.column())))?;
            self.ready = piece.read(&place)?.into();
        }
    }
}

async fn document(path: &Path) -> Result<Vec<Item>, Error> {
    let shown = path.display();
    let unreadable = |error| Error::Invalid(format!("{shown} cannot be read: {error}"));
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut bytes = Vec::new();
    let mut bounded = file.take(DOCUMENT_BYTES_MAX + 1);
    bounded.read_to_end(&mut bytes).await.map_err(unreadable)?;
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "{shown} is one document of more than 64 MiB; write one object a line instead"
        )));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let piece: Piece = serde_json::from_slice(text).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        Error::Invalid(format!("line {line}: {} (column {column})", said(&e)))
    })?;
    piece.read("")
}

/// What the parser says, without where: that is said in the file's own lines.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((said, _)) => said.to_owned(),
        None => text,
    }
}
