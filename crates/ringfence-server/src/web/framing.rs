//! Where one HTTP/1 message ends and the next begins, checked before the parser sees the bytes.
//!
//! The parser behind is right about most of it, but silently prefers `Transfer-Encoding` when both lengths are given,
//! takes repeated equal lengths, other codings before `chunked`, bare line feeds and blanks after a chunk size. A
//! program in front of us may read those in another way, which is how requests are smuggled. So the reading here is
//! strict (RFC 9112 §6 and §11.2): what could be read in two ways ends the connection.

/// Why bytes are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingFault {
    /// A line ends with a bare line feed, or holds a bare carriage return or a NUL.
    #[error("a line of the head is not ended by CR LF alone")]
    LineEnding,
    /// A header line begins with a blank (obsolete folding).
    #[error("a header line is folded")]
    Folding,
    /// Both `Content-Length` and `Transfer-Encoding` are given.
    #[error("both content-length and transfer-encoding are given")]
    BothLengths,
    /// `Content-Length` is not one plain number, or is given twice.
    #[error("content-length is not one plain number")]
    ContentLength,
    /// `Transfer-Encoding` is not exactly `chunked`, is given twice, or belongs to an HTTP/1.0 request.
    #[error("transfer-encoding is not exactly chunked")]
    TransferEncoding,
    /// A chunk's size line is not plain hexadecimal with an optional extension, or its data does not end there.
    #[error("a chunk is malformed")]
    Chunk,
    /// A head, chunk size line or trailer section is too long.
    #[error("a line is too long")]
    TooLong,
}

/// Longest request head or trailer section carried here, above the parser's own limit, which answers 431.
const HEAD_BYTES_MAX: usize = 256 * 1024;
const CHUNK_LINE_BYTES_MAX: usize = 256;
const TRAILER_BYTES_MAX: usize = 16 * 1024;

/// Follows the messages of one HTTP/1 connection.
#[derive(Debug)]
pub(crate) struct Framing {
    state: State,
    /// The part of an unfinished line that came with earlier reads.
    carry: Vec<u8>,
}

#[derive(Debug)]
enum State {
    Head(Head),
    Sized(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd { seen_cr: bool },
    Trailers { bytes: usize },
}

#[derive(Debug, Default)]
struct Head {
    bytes: usize,
    request_line: bool,
    http_10: bool,
    content_length: Option<u64>,
    chunked: bool,
}

/// A refusal and the length of the bytes that may still be handed on: those before the faulty message's part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) fault: FramingFault,
    pub(crate) good: usize,
}

impl Framing {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Head(Head::default()),
            carry: Vec::new(),
        }
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn in_message(&self) -> bool {
        match &self.state {
            State::Head(head) => head.request_line || !self.carry.is_empty(),
            State::Sized(_)
            | State::ChunkSize
            | State::ChunkData(_)
            | State::ChunkEnd { .. }
            | State::Trailers { .. } => true,
        }
    }

    /// Whether a head is what comes, or is under way.
    pub(crate) fn in_head(&self) -> bool {
        matches!(self.state, State::Head(_))
    }

    /// Follows the next bytes as they came from the network.
    ///
    /// # Errors
    /// The bytes are ambiguous or malformed; the connection must end.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut at = 0;
        // Where the head or line under way began in these bytes: 0 when it began before them.
        let mut part_began = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let State::Head(Head {
                bytes: 0,
                request_line: false,
                ..
            })
            | State::ChunkSize = self.state
                && self.carry.is_empty()
            {
                part_began = at;
            }
            at += self.step(rest).map_err(|fault| Refused {
                fault,
                good: part_began,
            })?;
        }
        Ok(())
    }

    /// Takes a first part of the bytes and says how long it was.
    fn step(&mut self, rest: &[u8]) -> Result<usize, FramingFault> {
        match &mut self.state {
            State::Sized(left) => {
                let taken = (rest.len() as u64).min(*left);
                *left -= taken;
                if *left == 0 {
                    self.state = State::Head(Head::default());
                }
                Ok(usize::try_from(taken).unwrap_or(rest.len()))
            }
            State::ChunkData(left) => {
                let taken = (rest.len() as u64).min(*left);
                *left -= taken;
                if *left == 0 {
                    self.state = State::ChunkEnd { seen_cr: false };
                }
                Ok(usize::try_from(taken).unwrap_or(rest.len()))
            }
            State::ChunkEnd { seen_cr } => {
                let wanted = if *seen_cr { b'\n' } else { b'\r' };
                if rest.first() != Some(&wanted) {
                    return Err(FramingFault::Chunk);
                }
                self.state = if *seen_cr {
                    State::ChunkSize
                } else {
                    State::ChunkEnd { seen_cr: true }
                };
                Ok(1)
            }
            State::Head(_) | State::ChunkSize | State::Trailers { .. } => self.line_step(rest),
        }
    }

    fn line_step(&mut self, rest: &[u8]) -> Result<usize, FramingFault> {
        let longest = match &self.state {
            State::ChunkSize => CHUNK_LINE_BYTES_MAX,
            State::Trailers { .. } => TRAILER_BYTES_MAX,
            State::Head(_) | State::Sized(_) | State::ChunkData(_) | State::ChunkEnd { .. } => {
                HEAD_BYTES_MAX
            }
        };
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            self.carry.extend_from_slice(rest);
            if self.carry.len() > longest {
                return Err(FramingFault::TooLong);
            }
            return Ok(rest.len());
        };
        let taken = end + 1;
        let (line_part, _) = rest.split_at(taken);
        if self.carry.is_empty() {
            self.line(line_part)?;
        } else {
            let mut whole = std::mem::take(&mut self.carry);
            whole.extend_from_slice(line_part);
            let outcome = self.line(&whole);
            whole.clear();
            self.carry = whole;
            outcome?;
        }
        Ok(taken)
    }

    /// Takes one whole line with its line feed.
    fn line(&mut self, line: &[u8]) -> Result<(), FramingFault> {
        let line_bytes = line.len();
        match &mut self.state {
            State::Head(head) => {
                let line = line.strip_suffix(b"\r\n").ok_or(FramingFault::LineEnding)?;
                if line.iter().any(|byte| matches!(byte, b'\r' | b'\0')) {
                    return Err(FramingFault::LineEnding);
                }
                head.bytes += line_bytes;
                if head.bytes > HEAD_BYTES_MAX {
                    return Err(FramingFault::TooLong);
                }
                if !head.request_line {
                    // An empty line before a request line is skipped (RFC 9112 §2.2).
                    head.request_line = !line.is_empty();
                    head.http_10 = line.ends_with(b"HTTP/1.0");
                } else if line.is_empty() {
                    self.state = head.body()?;
                } else {
                    head.field(line)?;
                }
            }
            State::ChunkSize => {
                let line = line.strip_suffix(b"\r\n").ok_or(FramingFault::Chunk)?;
                let size = chunk_size(line)?;
                self.state = if size == 0 {
                    State::Trailers { bytes: 0 }
                } else {
                    State::ChunkData(size)
                };
            }
            State::Trailers { bytes } => {
                let line = line.strip_suffix(b"\r\n").ok_or(FramingFault::LineEnding)?;
                *bytes += line_bytes;
                if *bytes > TRAILER_BYTES_MAX {
                    return Err(FramingFault::TooLong);
                }
                if line.is_empty() {
                    self.state = State::Head(Head::default());
                } else {
                    if line.iter().any(|byte| matches!(byte, b'\r' | b'\0')) {
                        return Err(FramingFault::LineEnding);
                    }
                    // A trailer may not speak about lengths (RFC 9110 §6.5.1).
                    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
                    if is_length_name(name) {
                        return Err(FramingFault::Chunk);
                    }
                }
            }
            State::Sized(_) | State::ChunkData(_) | State::ChunkEnd { .. } => {}
        }
        Ok(())
    }
}

impl Head {
    fn field(&mut self, line: &[u8]) -> Result<(), FramingFault> {
        if line
            .first()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t'))
        {
            return Err(FramingFault::Folding);
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            // No header line at all: the parser refuses it.
            return Ok(());
        };
        let (name, value) = line.split_at(colon);
        // Blanks around the name and `_` for `-` are other programs' spellings of the same two headers.
        if !is_length_name(name) {
            return Ok(());
        }
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            if self.content_length.is_some() {
                return Err(FramingFault::ContentLength);
            }
            self.content_length = Some(plain_number(value)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(FramingFault::TransferEncoding);
            }
            self.chunked = true;
        } else {
            return Err(FramingFault::BothLengths);
        }
        Ok(())
    }

    fn body(&self) -> Result<State, FramingFault> {
        match (self.chunked, self.content_length) {
            (true, Some(_)) => Err(FramingFault::BothLengths),
            (true, None) if self.http_10 => Err(FramingFault::TransferEncoding),
            (true, None) => Ok(State::ChunkSize),
            (false, Some(length)) if length > 0 => Ok(State::Sized(length)),
            (false, Some(_) | None) => Ok(State::Head(Self::default())),
        }
    }
}

/// Whether a header's name is one of the two lengths, in any spelling some program takes for it.
fn is_length_name(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    let same = |known: &[u8]| {
        name.len() == known.len()
            && name
                .iter()
                .zip(known)
                .all(|(a, b)| a.to_ascii_lowercase() == *b || (*a == b'_' && *b == b'-'))
    };
    same(b"content-length") || same(b"transfer-encoding")
}

fn plain_number(value: &[u8]) -> Result<u64, FramingFault> {
    if value.is_empty() || value.len() > 19 || !value.iter().all(u8::is_ascii_digit) {
        return Err(FramingFault::ContentLength);
    }
    let digits = value.iter().map(|byte| u64::from(byte - b'0'));
    Ok(digits.fold(0, |number, digit| number * 10 + digit))
}

fn chunk_size(line: &[u8]) -> Result<u64, FramingFault> {
    let mut parts = line.splitn(2, |byte| *byte == b';');
    let digits = parts.next().unwrap_or_default();
    let extension = parts.next().unwrap_or_default();
    if digits.is_empty() || digits.len() > 15 || extension.contains(&b'\r') {
        return Err(FramingFault::Chunk);
    }
    digits.iter().try_fold(0_u64, |size, byte| {
        let digit = char::from(*byte).to_digit(16).ok_or(FramingFault::Chunk)?;
        Ok(size * 16 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<bool, Refused> {
        let mut framing = Framing::new();
        framing.feed(bytes)?;
        Ok(framing.in_message())
    }

    const GOOD: &[&str] = &[
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx",
    ];

    const BAD: &[(&str, FramingFault)] = &[
        (
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            FramingFault::BothLengths,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            FramingFault::BothLengths,
        ),
        (
            "POST / HTTP/1.1\r\nContent_Length: 5\r\n\r\nhello",
            FramingFault::BothLengths,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n",
            FramingFault::BothLengths,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 0x5\r\n\r\n",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            FramingFault::ContentLength,
        ),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            FramingFault::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            FramingFault::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
            FramingFault::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
            FramingFault::TransferEncoding,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
            FramingFault::TransferEncoding,
        ),
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", FramingFault::LineEnding),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", FramingFault::LineEnding),
        (
            "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
            FramingFault::LineEnding,
        ),
        (
            "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
            FramingFault::LineEnding,
        ),
        (
            "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
            FramingFault::Folding,
        ),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", FramingFault::Folding),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            FramingFault::Chunk,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n",
            FramingFault::Chunk,
        ),
    ];

    #[test]
    fn follows_good_messages_to_their_end() {
        for text in GOOD {
            assert_eq!(read(text.as_bytes()), Ok(false), "{text:?}");
        }
    }

    #[test]
    fn refuses_each_ambiguity_however_the_bytes_are_cut() {
        for (text, fault) in BAD {
            let bytes = text.as_bytes();
            assert_eq!(read(bytes).unwrap_err().fault, *fault, "{text:?}");
            for cut in 0..bytes.len() {
                let (first, second) = bytes.split_at(cut);
                let mut framing = Framing::new();
                let outcome = framing.feed(first).and_then(|()| framing.feed(second));
                assert_eq!(outcome.unwrap_err().fault, *fault, "{text:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn hands_on_what_came_before_the_fault() {
        let good = GOOD[2];
        let text = format!("{good}GET / HTTP/1.1\r\nX: a\r\nX: b\n\r\n");
        let refused = read(text.as_bytes()).unwrap_err();
        assert_eq!(refused.good, good.len());
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        let refused = read(format!("{head}zz\r\n").as_bytes()).unwrap_err();
        assert_eq!(refused.good, head.len());
    }

    #[test]
    fn one_byte_at_a_time_reads_the_same() {
        for text in GOOD {
            let mut framing = Framing::new();
            for byte in text.bytes() {
                framing.feed(&[byte]).unwrap();
            }
            assert!(!framing.in_message(), "{text:?}");
        }
    }

    #[test]
    fn bounds_what_it_keeps() {
        let mut framing = Framing::new();
        let outcome = (0..1024).try_for_each(|_| framing.feed(&[b'a'; 1024]));
        assert_eq!(outcome.unwrap_err().fault, FramingFault::TooLong);
        assert!(framing.carry.capacity() <= 2 * HEAD_BYTES_MAX);
    }
}
