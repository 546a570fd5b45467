//! Lines of a text file, one at a time and none longer than a bound.

use crate::error::Error;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// The longest line that is read; a row of any format is far shorter.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
    number: u64,
    position: u64,
    total: u64,
}

/// A line that is not blank, with its number, or why it cannot be read.
#[derive(Debug)]
pub(super) struct NumberedLine {
    pub number: u64,
    pub text: Result<String, String>,
}

impl Lines {
    pub(super) async fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path)
            .await
            .map_err(|error| unreadable(path, &error))?;
        let total = file
            .metadata()
            .await
            .map_err(|error| unreadable(path, &error))?
            .len();
        Ok(Self {
            reader: BufReader::with_capacity(LONGEST_LINE, file),
            path: path.to_owned(),
            number: 0,
            position: 0,
            total,
        })
    }

    /// Bytes read, and bytes there are.
    pub(super) const fn position(&self) -> (u64, u64) {
        (self.position, self.total)
    }

    pub(super) async fn next(&mut self) -> Result<Option<NumberedLine>, Error> {
        loop {
            let Some((bytes, too_long)) = self.next_bytes().await? else {
                return Ok(None);
            };
            self.number += 1;
            let text = if too_long {
                Err(format!("the line is longer than {LONGEST_LINE} bytes"))
            } else {
                let bytes = match self.number {
                    1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes),
                    _ => &bytes,
                };
                std::str::from_utf8(bytes)
                    .map(|text| text.trim_end_matches('\r').to_owned())
                    .map_err(|_| "the line is not UTF-8; save the list as UTF-8".to_owned())
            };
            if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                continue;
            }
            return Ok(Some(NumberedLine {
                number: self.number,
                text,
            }));
        }
    }

    // Reads on past the bound without keeping what it reads.
    async fn next_bytes(&mut self) -> Result<Option<(Vec<u8>, bool)>, Error> {
        let mut line = Vec::new();
        let mut too_long = false;
        let mut any = false;
        loop {
            let piece = self
                .reader
                .fill_buf()
                .await
                .map_err(|error| unreadable(&self.path, &error))?;
            if piece.is_empty() {
                return Ok(any.then_some((line, too_long)));
            }
            any = true;
            let end = piece.iter().position(|b| *b == b'\n');
            let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or(piece);
            if line.len() + text.len() > LONGEST_LINE {
                too_long = true;
                line.clear();
            }
            if !too_long {
                line.extend_from_slice(text);
            }
            let used = end.map_or(piece.len(), |at| at + 1);
            self.reader.consume(used);
            self.position += used as u64;
            if end.is_some() {
                return Ok(Some((line, too_long)));
            }
        }
    }
}

/// The fields of one line of CSV (RFC 4180, but a field cannot hold a line break).
pub(super) fn csv_fields(line: &str) -> Result<Vec<String>, String> {
    if line.bytes().filter(|b| *b == b'"').count() % 2 == 1 {
        return Err("a quoted field is not closed on this line".to_owned());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(line.len().max(1))
        .from_reader(line.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => Ok(record.iter().map(str::to_owned).collect()),
        Some(Err(error)) => Err(format!("the line is not CSV: {error}")),
        None => Ok(Vec::new()),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Invalid(format!("{} cannot be read: {error}", path.display()))
}
