//! What every sink must do, as a suite that each implementation runs.

use crate::sink::Sink;
use ringfence_core::digest::ContentDigest;

/// Runs the whole suite over an empty sink.
pub fn run(sink: &dyn Sink) {
    a_part_is_invisible_until_it_is_published(sink);
    publishing_twice_leaves_one_whole_file(sink);
    a_dropped_part_leaves_nothing(sink);
    what_is_put_aside_is_not_audio(sink);
}

fn all(sink: &dyn Sink) -> Vec<(ContentDigest, String, u64)> {
    (0..=255)
        .flat_map(|byte| sink.published(byte).unwrap())
        .collect()
}

fn read(sink: &dyn Sink, digest: &ContentDigest) -> Vec<u8> {
    let mut bytes = Vec::new();
    sink.open(digest, "wav")
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn a_part_is_invisible_until_it_is_published(sink: &dyn Sink) {
    let digest = ContentDigest::of(b"one two");
    let mut part = sink.begin().unwrap();
    part.append(b"one ").unwrap();
    part.append(b"two").unwrap();
    let mut tail = [0_u8; 3];
    part.read_at(4, &mut tail).unwrap();
    assert_eq!(&tail, b"two");
    assert!(part.read_at(5, &mut tail).is_err());
    assert!(sink.open(&digest, "wav").is_err());
    assert_eq!(all(sink), []);
    part.publish(&digest, "wav").unwrap();
    assert_eq!(read(sink, &digest), b"one two");
    assert_eq!(all(sink), [(digest, "wav".to_owned(), 7)]);
}

fn publishing_twice_leaves_one_whole_file(sink: &dyn Sink) {
    let digest = ContentDigest::of(b"one two");
    let mut part = sink.begin().unwrap();
    part.append(b"one two").unwrap();
    part.publish(&digest, "wav").unwrap();
    assert_eq!(read(sink, &digest), b"one two");
    assert_eq!(all(sink).len(), 1);
}

fn a_dropped_part_leaves_nothing(sink: &dyn Sink) {
    let mut part = sink.begin().unwrap();
    part.append(b"half").unwrap();
    drop(part);
    assert_eq!(sink.clear_parts().unwrap(), 0);
    assert_eq!(all(sink).len(), 1);
}

fn what_is_put_aside_is_not_audio(sink: &dyn Sink) {
    let digest = ContentDigest::of(b"suspicious");
    let mut part = sink.begin().unwrap();
    part.append(b"suspicious").unwrap();
    part.quarantine(&digest).unwrap();
    assert!(sink.open(&digest, "wav").is_err());
    assert_eq!(all(sink).len(), 1);
}
