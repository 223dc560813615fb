//! How far a prompt's text runs. Nothing closes it; its record tells how many characters it has.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::head::HARNESS;
use super::named::span_thread;
use super::otel::Otel;
use super::tool_result::WORDS;
use crate::event::Time;
use crate::parse::chunk::Chunk;
use crate::parse::codex_otel;
use crate::parse::content::LONGEST;
use crate::parse::digits::digits;
use crate::parse::format::{Hit, LOOK};
use crate::parse::lines::{clean, lines_forwards};
use crate::parse::mark::{Mark, MarkKind, PromptText, SLACK_MS};
use crate::parse::marker;
use crate::parse::tracing::{self, Record};

static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| codex_otel::finder(codex_otel::PROMPTED));
static LENGTH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" prompt_length="));

const TEXT: &str = " prompt=";

/// What newer versions write behind the text: the fields that all events have.
const COMMON: &str = " event.timestamp=";

/// What stands for a text that is not written, with its length.
const REDACTED: &str = "[REDACTED]";

/// The mark of a prompt whose text runs over several lines, or may do so; `None` for any other, and for one that
/// names no conversation.
pub(super) fn read(hit: &Hit<'_>, record: &Record<'_>, otel: &Otel<'_>) -> Option<Mark> {
    let (_, said) = record.body.split_once(TEXT)?;
    if said.strip_prefix(REDACTED).is_some_and(|rest| rest.is_empty() || rest.starts_with(COMMON)) {
        return None;
    }
    let (text, from) = (hit.text, hit.line.start);
    let ahead = &text[from..(from + LOOK).min(text.len())];
    let found = place(hit.bytes());
    let end = found.and_then(|(start, length)| {
        ends(ahead, start, length).into_iter().flatten().find_map(|at| {
            let end = End::at(hit, from + at, record.time)?;
            Some((at, end.conversation))
        })
    });
    let named = || otel.conversation.or_else(|| span_thread(record.spans).map(str::as_bytes));
    let (text, conversation) = match (end, found) {
        (Some((at, _)), _) if from + at <= hit.line.end => return None,
        (Some((at, told)), _) => {
            let end = hit.base + (from + at) as u64;
            let text = PromptText { end, is_measured: true, is_doubtful: is_behind_messages(hit.before()) };
            (Some(text), told.and_then(|id| hit.seen.id(&id)).or_else(|| hit.seen.id_of(named()?)))
        }
        // A character takes a byte or more.
        (None, Some((start, length))) if ahead.len() == LOOK && start + length > LOOK && length as u64 <= LONGEST => {
            let end = hit.base + (from + start + length) as u64;
            let text = PromptText { end, is_measured: false, is_doubtful: is_behind_messages(hit.before()) };
            (Some(text), hit.seen.id_of(named()?))
        }
        _ => (None, hit.seen.id_of(named()?)),
    };
    conversation.as_ref()?;
    Some(hit.mark(Some(HARNESS), MarkKind::Prompt(text)).at(Some(record.time)).of(conversation))
}

/// Where texts of prompts may end in a chunk, which may begin before it.
pub(super) fn ends_in(chunk: &Chunk<'_>) -> Vec<u64> {
    let text = &chunk.text[..chunk.end];
    let from = chunk.start.saturating_sub(LOOK);
    let mut all = Vec::new();
    for found in NAME.find_iter(&text[from..]).map(|found| from + found) {
        let start = memchr::memrchr(b'\n', &text[..found]).map_or(0, |newline| newline + 1);
        let ahead = &chunk.text[start..(start + LOOK).min(chunk.text.len())];
        let line = &ahead[..memchr::memchr(b'\n', ahead).unwrap_or(ahead.len())];
        let ends = place(line).map(|(begin, length)| ends(ahead, begin, length));
        all.extend(ends.into_iter().flatten().flatten().map(|end| chunk.offset(start + end)));
    }
    all
}

/// Where the text begins in a prompt's line, and how many characters it has.
fn place(line: &[u8]) -> Option<(usize, usize)> {
    let named = NAME.find(line)?;
    let at = named + LENGTH.find(&line[named..])? + LENGTH.needle().len();
    let (number, rest) = line[at..].split_at(digits(&line[at..]));
    let length = std::str::from_utf8(number).ok()?.parse().ok()?;
    rest.starts_with(TEXT.as_bytes()).then_some((at + number.len() + TEXT.len(), length))
}

/// Where so many characters end, if that is in view: as they stand, and if every line end was turned into CR LF.
fn ends(text: &[u8], start: usize, length: usize) -> [Option<usize>; 2] {
    [false, true].map(|is_turned| {
        let mut left = length;
        for (at, byte) in text.iter().enumerate().skip(start) {
            let goes_on = byte & 0xc0 == 0x80 || (is_turned && *byte == b'\n' && text[at - 1] == b'\r');
            if !goes_on {
                if left == 0 {
                    return Some(at);
                }
                left -= 1;
            }
        }
        (left == 0).then_some(text.len())
    })
}

/// The end of a text, where its record is over.
struct End {
    /// The conversation that newer versions name there.
    conversation: Option<String>,
}

impl End {
    /// What is told at this place, if a text can end there: with its line, or before the fields of all events, and
    /// something follows that may.
    fn at(hit: &Hit<'_>, at: usize, time: Time) -> Option<End> {
        let seen = &hit.text[..(hit.line.end + 1 + LOOK).min(hit.text.len())];
        let rest = seen.get(at..)?;
        let end = memchr::memchr(b'\n', rest);
        let behind = clean(&rest[..end.unwrap_or(rest.len())]);
        let conversation = match behind.strip_prefix(COMMON) {
            Some(common) => {
                let told = Time::parse(common.split(' ').next()?)?;
                let is_own = told.millis_since(time).abs() <= 1000;
                let mut fields = tracing::fields(&behind).filter(|_| is_own);
                Some(fields.find(|field| field.key == "conversation.id")?.value.to_owned())
            }
            None if behind.is_empty() => None,
            None => return None,
        };
        let follows = match end {
            Some(newline) if at + newline + 1 < seen.len() => may_follow(&seen[at + newline + 1..], time),
            // The source ends, or what is in view does.
            _ => seen.len() == hit.text.len(),
        };
        follows.then_some(End { conversation })
    }
}

/// Whether a text may begin so that stands behind a prompt written at this time: with a record that isn't older, with
/// what a harness prints, or with a line of forge's own.
fn may_follow(text: &[u8], time: Time) -> bool {
    let Some((_, line)) = lines_forwards(text).next() else { return true };
    let line = clean(line);
    if tracing::starts_record(&line) {
        let next = line.split(' ').next().and_then(Time::parse);
        return next.is_some_and(|next| time.millis_since(next) <= SLACK_MS);
    }
    WORDS.contains(&line.trim_end())
        || ["```", "{\"type\":\"", "OpenAI Codex v"].iter().any(|begin| line.starts_with(begin))
        || marker::stamped(&line).is_some()
}

/// Whether an agent was at work above, who may print anything, even a prompt's record: plain output tells so.
fn is_behind_messages(before: &[u8]) -> bool {
    lines_forwards(before).any(|(_, line)| {
        line.len() <= 64 && WORDS.iter().any(|word| *word != "user" && clean(line).trim_end() == *word)
    })
}

#[cfg(test)]
mod tests {
    use super::{ends, may_follow, place};
    use crate::event::Time;

    #[test]
    fn characters_are_counted_not_bytes() {
        let line = "event.name=\"codex.user_prompt\" prompt_length=8 prompt=für\nalle\nnext";
        let (start, length) = place(line.as_bytes()).expect("a prompt");
        assert_eq!(ends(line.as_bytes(), start, length)[0], line.find("\nnext"));
        let turned = line.replace('\n', "\r\n");
        assert_eq!(ends(turned.as_bytes(), start, length)[1], turned.find("\r\nnext"));
        assert_eq!(ends(line.as_bytes(), start, 99), [None, None]);
    }

    #[test]
    fn a_record_that_is_older_follows_no_prompt() {
        let time = Time::parse("2026-05-12T07:03:02.000100Z").expect("a time");
        let follows = |text: &str| may_follow(text.as_bytes(), time);
        assert!(follows("2026-05-12T07:03:02.000000Z  INFO a: b\n"));
        assert!(!follows("2026-05-12T07:03:01.000000Z  INFO a: b\n"));
        assert!(follows("codex\nDone."));
        assert!(!follows("more of it"));
    }
}
