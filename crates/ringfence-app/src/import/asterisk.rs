//! Asterisk: the call detail records of `Master.csv`, and the recordings below the folder.
//!
//! Columns in the standard order: accountcode, src, dst, dcontext, clid, channel,
//! dstchannel, lastapp, lastdata, start, answer, end, duration, billsec, disposition,
//! amaflags, uniqueid, userfield. What becomes of them:
//!
//! - guid: derived from account and uniqueid, so always the same for the same call
//! - start: the seconds in the uniqueid, which are UTC whatever the clock's zone; else `start` read as UTC
//! - lines that follow one another with one uniqueid are legs of one call; the answered one with the longest talk counts
//! - direction: by which end is an extension (a peer of 2 to 6 digits): the caller's is outbound, the callee's inbound, both internal
//! - agent: the extension, or an accountcode of 2 to 6 digits; an inbound call nobody took has none
//! - line: `dst` inbound and internal, `src` outbound; queue: first argument of the Queue application
//! - recording: the file that `userfield` names, else the one that carries the uniqueid in its name

use super::call::Call;
use super::lines::{Lines, NumberedLine, csv_fields};
use super::monitor::{Recordings, unique_ids};
use super::{ImportRow, ItemFile, Refusal};
use crate::error::Error;
use ringfence_core::content::ContentKind;
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::interaction::{Address, Direction};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use std::path::Path;

// A ring group may ring many phones; each is a line.
const MOST_LEGS: usize = 64;

#[derive(Debug)]
pub(super) struct AsteriskRows {
    account_id: AccountId,
    lines: Lines,
    recordings: Recordings,
    ahead: Option<Result<Leg, Refusal>>,
}

/// One line of `Master.csv`.
#[derive(Clone, Debug, Default)]
struct Leg {
    number: u64,
    account_code: String,
    source: String,
    destination: String,
    channel: String,
    destination_channel: String,
    last_application: String,
    last_data: String,
    start: String,
    answer: String,
    end: String,
    duration: String,
    talk_secs: u64,
    answered: bool,
    unique_id: String,
    user_field: String,
}

impl AsteriskRows {
    pub(super) async fn open(
        account_id: AccountId,
        root: &Path,
        master: &Path,
    ) -> Result<Self, Error> {
        Ok(Self {
            account_id,
            lines: Lines::open(master).await?,
            recordings: Recordings::list(root).await?,
            ahead: None,
        })
    }

    pub(super) const fn position(&self) -> (u64, u64) {
        self.lines.position()
    }

    pub(super) async fn next_unmatched(&mut self) -> Result<Option<Refusal>, Error> {
        self.recordings.next_unmatched().await
    }

    pub(super) async fn next(&mut self) -> Result<Option<Result<ImportRow, Refusal>>, Error> {
        let first = match self.next_leg().await? {
            None => return Ok(None),
            Some(Err(refusal)) => return Ok(Some(Err(refusal))),
            Some(Ok(leg)) => leg,
        };
        let mut legs = vec![first];
        while let Some(next) = self.next_leg().await? {
            match next {
                Ok(leg) if leg.unique_id == legs[0].unique_id && legs.len() < MOST_LEGS => {
                    legs.push(leg);
                }
                other => {
                    self.ahead = Some(other);
                    break;
                }
            }
        }
        let line = legs[0].number;
        let call = match call(self.account_id, &legs) {
            Ok(call) => call,
            Err(reason) => return Ok(Some(Err(Refusal::new(line, "", reason)))),
        };
        let files = self.recording(&legs).await?;
        let item = match files.as_slice() {
            [] => None,
            [path] => Some(ItemFile {
                kind: ContentKind::CallRecording,
                path: path.clone(),
                sha256: None,
            }),
            [first, ..] => {
                let reason = several_files(&files);
                return Ok(Some(Err(Refusal::new(line, first, reason))));
            }
        };
        Ok(Some(Ok(ImportRow { line, call, item })))
    }

    async fn next_leg(&mut self) -> Result<Option<Result<Leg, Refusal>>, Error> {
        if let Some(leg) = self.ahead.take() {
            return Ok(Some(leg));
        }
        let line = self.lines.next().await?;
        Ok(line.map(parse_leg))
    }

    async fn recording(&mut self, legs: &[Leg]) -> Result<Vec<String>, Error> {
        for leg in legs {
            let named = leg.user_field.rsplit(['/', ':']).next().unwrap_or_default();
            let stem = named.rsplit_once('.').map_or(named, |(stem, _)| stem);
            if !stem.is_empty() {
                let found = self.recordings.find(stem).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
        }
        let Some(unique_id) = legs
            .first()
            .and_then(|leg| unique_ids(&leg.unique_id).next())
        else {
            return Ok(Vec::new());
        };
        self.recordings.find(unique_id).await
    }
}

fn several_files(files: &[String]) -> String {
    let leg = |file: &String| {
        let name = file.to_ascii_lowercase();
        name.ends_with("-in.wav") || name.ends_with("-out.wav")
    };
    let names = files.join(", ");
    if files.iter().all(leg) {
        format!(
            "the call is recorded in two files ({names}); join them with sox -M and keep the joined one"
        )
    } else {
        format!("several files carry the call's unique id ({names}); keep one")
    }
}

fn parse_leg(line: NumberedLine) -> Result<Leg, Refusal> {
    let number = line.number;
    let fields = line
        .text
        .and_then(|text| csv_fields(&text))
        .map_err(|reason| Refusal::new(number, "", reason))?;
    let field = |at: usize| {
        fields
            .get(at)
            .map(|f| f.trim().to_owned())
            .unwrap_or_default()
    };
    let leg = Leg {
        number,
        account_code: field(0),
        source: field(1),
        destination: field(2),
        channel: field(5),
        destination_channel: field(6),
        last_application: field(7),
        last_data: field(8),
        start: field(9),
        answer: field(10),
        end: field(11),
        duration: field(12),
        talk_secs: field(13).parse().unwrap_or(0),
        answered: field(14).eq_ignore_ascii_case("ANSWERED"),
        unique_id: field(16),
        user_field: field(17),
    };
    if leg.unique_id.is_empty() {
        let reason = "the line has no uniqueid in column 17; set loguniqueid=yes in cdr.conf and export again";
        return Err(Refusal::new(number, "", reason));
    }
    Ok(leg)
}

fn call(account_id: AccountId, legs: &[Leg]) -> Result<Call, String> {
    let first = &legs[0];
    let best = legs
        .iter()
        .filter(|leg| leg.answered)
        .max_by_key(|leg| leg.talk_secs)
        .unwrap_or(first);
    let start = wall_clock(&first.start).ok_or_else(|| {
        format!(
            "start: {:.40} is not a time such as 2026-03-02 09:15:30",
            first.start
        )
    })?;
    // Differences within one clock hold whatever its zone.
    let ends = legs.iter().filter_map(|leg| wall_clock(&leg.end));
    let duration_ms = match ends.map(|end| end.ms_since(start)).max() {
        Some(ms) => u64::try_from(ms).ok(),
        None => first
            .duration
            .parse()
            .ok()
            .map(|secs: u64| secs.saturating_mul(1000)),
    };
    let duration_ms = duration_ms
        .filter(|ms| *ms <= 30 * 86_400_000)
        .ok_or("duration: neither an end after the start nor a number of seconds")?;
    let answer = best.answered.then(|| wall_clock(&best.answer)).flatten();
    let connected_after_ms = answer
        .and_then(|answer| u64::try_from(answer.ms_since(start)).ok())
        .map(|ms| ms.min(duration_ms));
    let (direction, agent) = ends_of(best, connected_after_ms.is_some());
    let line = match direction {
        Direction::Inbound | Direction::Internal => &best.destination,
        Direction::Outbound => &best.source,
    };
    let from = if best.source.is_empty() {
        "anonymous"
    } else {
        &best.source
    };
    let queue = best
        .last_application
        .eq_ignore_ascii_case("Queue")
        .then(|| {
            best.last_data
                .split(',')
                .next()
                .unwrap_or_default()
                .to_owned()
        });
    Ok(Call {
        id: InteractionId::derived(account_id, &first.unique_id),
        started_at: epoch(&first.unique_id).unwrap_or(start),
        duration_ms,
        connected_after_ms,
        direction,
        connect_from: Address::parse(from).map_err(|e| format!("src: {e}"))?,
        connect_to: Address::parse(&best.destination).map_err(|e| format!("dst: {e}"))?,
        agent: agent.and_then(|a| AgentNumber::parse(a).ok()),
        line: Line::parse(line).map_err(|e| format!("line: {e}"))?,
        queue: queue.filter(|q| !q.is_empty()),
    })
}

// Which way the call went, and the agent on our side of it.
fn ends_of(leg: &Leg, connected: bool) -> (Direction, Option<&str>) {
    let account_code = Some(leg.account_code.as_str()).filter(|code| is_extension(code));
    let caller = peer(&leg.channel);
    let callee = peer(&leg.destination_channel);
    let dialled_inside = callee.is_some() || is_extension(&leg.destination);
    match caller {
        Some(caller) if dialled_inside => (Direction::Internal, Some(caller)),
        Some(caller) => (Direction::Outbound, account_code.or(Some(caller))),
        None if connected => (Direction::Inbound, callee.or(account_code)),
        None => (Direction::Inbound, None),
    }
}

/// The extension behind a channel such as `PJSIP/2041-0000001a` or `Local/2041@queue-1;1`.
fn peer(channel: &str) -> Option<&str> {
    let (_, rest) = channel.split_once('/')?;
    let end = rest.find(['-', '@', ';']).unwrap_or(rest.len());
    rest.get(..end).filter(|peer| is_extension(peer))
}

fn is_extension(text: &str) -> bool {
    matches!(text.len(), 2..=6) && text.bytes().all(|b| b.is_ascii_digit())
}

// The seconds in a unique id are those of the epoch.
fn epoch(unique_id: &str) -> Option<Timestamp> {
    let (seconds, _) = unique_ids(unique_id).next()?.split_once('.')?;
    seconds.parse().ok().map(Timestamp::from_secs)
}

// `2026-03-02 09:15:30`, read as if the clock were UTC.
fn wall_clock(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(' ')?;
    Timestamp::parse(&format!("{date}T{time}Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN: &str = r#""","01632960101","01632960900","from-trunk","""Sam"" <01632960101>","PJSIP/trunk-00000011","PJSIP/2041-00000012","Queue","billing,t,,,60","2026-03-02 10:15:30","2026-03-02 10:15:42","2026-03-02 10:18:42",192,180,"ANSWERED","DOCUMENTATION","1772442930.12","""#;

    fn read(lines: &[&str]) -> Result<Call, String> {
        let legs: Vec<Leg> = lines
            .iter()
            .map(|text| {
                let text = Ok((*text).to_owned());
                parse_leg(NumberedLine { number: 1, text }).unwrap()
            })
            .collect();
        call(AccountId::from_bytes([1; 16]), &legs)
    }

    fn agent(call: &Call) -> Option<&str> {
        call.agent.as_ref().map(AgentNumber::as_str)
    }

    #[test]
    fn an_inbound_queue_call_has_its_agent_queue_and_wait() {
        let call = read(&[IN]).unwrap();
        // The clock of the machine is an hour ahead; the unique id is not.
        assert_eq!(call.started_at.to_iso_millis(), "2026-03-02T09:15:30.000Z");
        assert_eq!(
            (call.duration_ms, call.connected_after_ms),
            (192_000, Some(12_000))
        );
        assert_eq!(
            (call.direction, agent(&call)),
            (Direction::Inbound, Some("2041"))
        );
        assert_eq!(call.queue.as_deref(), Some("billing"));
        assert_eq!(call.line.as_str(), "01632960900");
    }

    #[test]
    fn the_answered_leg_of_several_counts() {
        let rang = IN
            .replace("ANSWERED", "NO ANSWER")
            .replace("PJSIP/2041-00000012", "PJSIP/2042-00000013");
        let call = read(&[&rang, IN]).unwrap();
        assert_eq!(agent(&call), Some("2041"));
        assert_eq!(read(&[&rang]).unwrap().connected_after_ms, None);
        assert_eq!(agent(&read(&[&rang]).unwrap()), None);
    }

    #[test]
    fn directions_follow_the_ends() {
        let out = IN
            .replace("PJSIP/trunk-00000011", "PJSIP/2042-00000011")
            .replace("PJSIP/2041-00000012", "PJSIP/trunk-00000012");
        let call = read(&[&out]).unwrap();
        assert_eq!(
            (call.direction, agent(&call)),
            (Direction::Outbound, Some("2042"))
        );
        assert_eq!(call.line.as_str(), "01632960101");
        let inside = IN.replace("PJSIP/trunk-00000011", "Local/2042@from-internal-1;1");
        assert_eq!(read(&[&inside]).unwrap().direction, Direction::Internal);
        let by_code = IN
            .replacen("\"\"", "\"2043\"", 1)
            .replace("PJSIP/2041-", "PJSIP/sam-");
        assert_eq!(agent(&read(&[&by_code]).unwrap()), Some("2043"));
    }

    #[test]
    fn refuses_lines_without_what_matters() {
        assert!(read(&[&IN.replace("2026-03-02 10:15:30", "yesterday")]).is_err());
        assert!(read(&[&IN.replace("01632960900", "")]).is_err());
        assert!(read(&[&IN.replace("10:18:42", "10:05:42")]).is_err());
        let line = |text: &str| NumberedLine {
            number: 7,
            text: Ok(text.to_owned()),
        };
        assert_eq!(parse_leg(line("a,b,c")).unwrap_err().line, 7);
    }
}
