use super::reader::WavReader;
use super::{SampleFormat, WavError, WavFacts, WavNote};
use proptest::prelude::*;

/// A file put together by hand; each test bends one field.
struct Built {
    fmt: Vec<u8>,
    before: Vec<u8>,
    samples: Vec<u8>,
    after: Vec<u8>,
    data_size: Option<u32>,
    riff_size: Option<u32>,
}

fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block = channels * (bits / 8);
    let mut out = Vec::new();
    out.extend(tag.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(block)).to_le_bytes());
    out.extend(block.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    out
}

fn call(samples: usize) -> Built {
    Built {
        fmt: fmt(7, 2, 8000, 8),
        before: Vec::new(),
        samples: vec![0x7e; samples],
        after: Vec::new(),
        data_size: None,
        riff_size: None,
    }
}

impl Built {
    fn bytes(&self) -> Vec<u8> {
        let mut body = b"WAVE".to_vec();
        body.extend(chunk(b"fmt ", &self.fmt));
        body.extend(&self.before);
        let mut data = chunk(b"data", &self.samples);
        if let Some(size) = self.data_size {
            data[4..8].copy_from_slice(&size.to_le_bytes());
        }
        body.extend(data);
        body.extend(&self.after);
        let size = self
            .riff_size
            .unwrap_or_else(|| u32::try_from(body.len()).unwrap());
        let mut out = b"RIFF".to_vec();
        out.extend(size.to_le_bytes());
        out.extend(body);
        out
    }

    fn read(&self) -> Result<WavFacts, WavError> {
        read(&self.bytes())
    }
}

fn read(bytes: &[u8]) -> Result<WavFacts, WavError> {
    let mut reader = WavReader::new();
    reader.feed(bytes);
    reader.finish()
}

fn names(facts: &WavFacts) -> Vec<&'static str> {
    facts.notes.iter().map(|n| n.as_str()).collect()
}

#[test]
fn reads_a_plain_call() {
    let facts = call(16_000).read().unwrap();
    assert_eq!(
        facts,
        WavFacts {
            format: SampleFormat::MuLaw,
            channels: 2,
            sample_rate: 8000,
            bits: 8,
            block_align: 2,
            data_offset: 44,
            data_bytes: 16_000,
            duration_ms: 1000,
            notes: Vec::new(),
        }
    );
}

#[test]
fn reads_each_format() {
    for (tag, bits, format) in [
        (1, 8, SampleFormat::Pcm8),
        (1, 16, SampleFormat::Pcm16),
        (1, 24, SampleFormat::Pcm24),
        (1, 32, SampleFormat::Pcm32),
        (3, 32, SampleFormat::Float32),
        (3, 64, SampleFormat::Float64),
        (6, 8, SampleFormat::ALaw),
        (7, 8, SampleFormat::MuLaw),
    ] {
        let mut built = call(48 * 8);
        built.fmt = fmt(tag, 3, 48_000, bits);
        let facts = built.read().unwrap();
        assert_eq!((facts.format, facts.bits), (format, bits));
        assert_eq!(facts.block_align, 3 * format.sample_bytes());
    }
}

#[test]
fn reads_an_extensible_header() {
    let mut built = call(4_000);
    built.fmt = fmt(0xfffe, 2, 16_000, 16);
    built.fmt.extend([22, 0, 16, 0, 3, 0, 0, 0, 1, 0]);
    built
        .fmt
        .extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    assert_eq!(built.read().unwrap().format, SampleFormat::Pcm16);
    built.fmt[39] ^= 1;
    assert!(matches!(built.read(), Err(WavError::Corrupt(_))));
}

#[test]
fn passes_over_list_fact_and_odd_chunks() {
    let mut built = call(801);
    built.fmt = fmt(6, 1, 8000, 8);
    built.fmt.extend([0, 0]);
    built.before = [
        chunk(b"fact", &801_u32.to_le_bytes()),
        chunk(b"note", b"odd"),
    ]
    .concat();
    built.after = chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0\0");
    let facts = built.read().unwrap();
    assert_eq!(facts.data_bytes, 801);
    assert_eq!(names(&facts), Vec::<&str>::new());
}

#[test]
fn notes_a_missing_pad_byte() {
    let mut built = call(160);
    built.before = chunk(b"note", b"odd");
    built.before.pop();
    let facts = built.read().unwrap();
    assert_eq!(
        (facts.data_bytes, names(&facts)),
        (160, vec!["missing_padding"])
    );
}

#[test]
fn c7_accepts_the_lengths_of_streamed_headers_with_a_note() {
    for size in [0, 0xffff_ffff, 0x7fff_f000, 0xffff_ffdb] {
        let mut built = call(320);
        built.data_size = Some(size);
        built.riff_size = Some(if size == 0 {
            0
        } else {
            size.saturating_add(36)
        });
        let facts = built.read().unwrap();
        assert_eq!(facts.data_bytes, 320, "{size:#x}");
        assert_eq!(names(&facts), ["streamed_length"], "{size:#x}");
    }
}

#[test]
fn c7_a_streamed_file_cut_inside_a_block_is_truncated() {
    let mut built = call(321);
    built.data_size = Some(0xffff_ffff);
    let mut bytes = built.bytes();
    bytes.pop();
    assert_eq!(
        read(&bytes),
        Err(WavError::Truncated {
            declared: 366,
            got: 365
        })
    );
}

#[test]
fn c7_accepts_sizes_off_by_eight_with_a_note() {
    let whole = call(320).bytes();
    let right = u32::try_from(whole.len() - 8).unwrap();
    for riff in [right + 8, right - 8, right + 1, 0, 0xffff_ffff] {
        let mut built = call(320);
        built.riff_size = Some(riff);
        assert_eq!(
            names(&built.read().unwrap()),
            ["riff_size_off"],
            "{riff:#x}"
        );
    }
    let mut built = call(320);
    built.data_size = Some(328);
    let facts = built.read().unwrap();
    assert_eq!(
        facts.notes,
        [WavNote::DataLengthOff {
            declared: 328,
            got: 320
        }]
    );
}

#[test]
fn c7_finds_every_cut_of_a_whole_file() {
    let mut built = call(320);
    built.after = chunk(b"LIST", b"INFOICMTabcd");
    let bytes = built.bytes();
    for len in 1..bytes.len() {
        let cut = read(&bytes[..len]);
        assert!(
            matches!(cut, Err(WavError::Truncated { got, .. }) if got == len as u64),
            "{len} of {}: {cut:?}",
            bytes.len()
        );
    }
}

#[test]
fn c6_names_what_is_not_audio() {
    for (bytes, what) in [
        (b"{\"message\":\"gone\"}".as_slice(), "JSON"),
        (b"\xef\xbb\xbf\n <!doctype html><p>", "HTML or XML"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0", "gzip"),
        (b"ID3\x04\0\0\0\0\0\0\0\0\0", "MP3"),
        (b"OggS\0\x02\0\0\0\0\0\0\0\0", "Ogg"),
        (b"RIFF\x10\0\0\0AVI LIST", "a RIFF file of another kind"),
        (b"[]", "JSON"),
    ] {
        assert_eq!(read(bytes), Err(WavError::NotAudio { looks_like: what }));
    }
    assert_eq!(read(b""), Err(WavError::Empty));
}

#[test]
fn refuses_what_it_cannot_read() {
    let mut gsm = call(65);
    gsm.fmt = fmt(0x31, 1, 8000, 0);
    assert!(matches!(
        gsm.read(),
        Err(WavError::Unsupported { tag: 0x31, .. })
    ));

    let mut no_channels = call(320);
    no_channels.fmt = fmt(7, 0, 8000, 8);
    assert!(matches!(no_channels.read(), Err(WavError::Corrupt(_))));

    let mut two_formats = call(320);
    two_formats.before = chunk(b"fmt ", &fmt(7, 1, 8000, 8));
    assert!(matches!(two_formats.read(), Err(WavError::Corrupt(_))));

    let mut wrong_block = call(320);
    wrong_block.fmt[12] = 3;
    assert!(matches!(wrong_block.read(), Err(WavError::Corrupt(_))));

    assert_eq!(call(0).read(), Err(WavError::NoSamples));
    assert_eq!(
        read(b"RIFF\x04\0\0\0WAVE"),
        Err(WavError::Corrupt("there is no data chunk"))
    );
}

#[test]
fn notes_bytes_behind_the_file_and_partial_blocks() {
    let mut bytes = call(320).bytes();
    bytes.extend(b"\xff\xfe trailing rubbish");
    assert_eq!(names(&read(&bytes).unwrap()), ["trailing_bytes"]);
    let facts = call(321).read().unwrap();
    assert_eq!(facts.notes, [WavNote::PartialBlock { bytes: 1 }]);
    assert_eq!(facts.duration_ms, 20);
}

fn any_size() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(0)),
        1 => (0_u32..2_000).prop_map(Some),
        1 => any::<u32>().prop_map(Some),
    ]
}

prop_compose! {
    // Files that are nearly right, which reach further than random bytes.
    fn nearly_right()(
        tag in prop_oneof![Just(1_u16), Just(6), Just(7), Just(0xfffe), any::<u16>()],
        channels in 0_u16..5,
        rate in prop_oneof![Just(8000_u32), 0_u32..100_000],
        bits in prop_oneof![Just(8_u16), Just(16), 0_u16..65],
        samples in prop::collection::vec(any::<u8>(), 0..600),
        before in prop::collection::vec(any::<u8>(), 0..40),
        after in prop::collection::vec(any::<u8>(), 0..40),
        sizes in (any_size(), any_size()),
        cut in 0_usize..800,
        named in any::<bool>(),
    ) -> Vec<u8> {
        let before = if named { chunk(b"LIST", &before) } else { before };
        let built = Built { fmt: fmt(tag, channels, rate, bits), before, samples, after,
            data_size: sizes.0, riff_size: sizes.1 };
        let mut bytes = built.bytes();
        bytes.truncate(bytes.len().saturating_sub(cut.saturating_sub(400)));
        bytes
    }
}

proptest! {
    #[test]
    fn never_panics_and_chunking_does_not_matter(
        bytes in prop_oneof![nearly_right(), prop::collection::vec(any::<u8>(), 0..300)],
        cuts in prop::collection::vec(1_usize..40, 1..30),
    ) {
        let at_once = read(&bytes);
        let mut in_pieces = WavReader::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            in_pieces.feed(piece);
            rest = after;
        }
        prop_assert_eq!(&in_pieces.finish(), &at_once);
        if let Ok(facts) = at_once {
            prop_assert!(facts.data_offset + facts.data_bytes <= bytes.len() as u64);
            prop_assert!(facts.data_bytes >= u64::from(facts.block_align));
        }
    }

    #[test]
    fn a_lost_tail_is_never_taken_for_a_whole_file(
        samples in 1_usize..400,
        lost in 1_usize..300,
    ) {
        let bytes = call(samples * 2).bytes();
        let kept = bytes.len().saturating_sub(lost);
        prop_assert!(read(&bytes[..kept]).is_err());
    }
}
