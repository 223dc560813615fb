//! What lines say of time, joined to one event a call.
//!
//! A call's events are thousands of lines. A chunk gives them as [`Stretch`]es, which join again in
//! the ordered pass, however the source was cut.

use std::collections::HashMap;

use super::chunk::Chunk;
use super::mark::{Mark, MarkKind};
use crate::event::{
    Answered, CallKey, CallTiming, Fact, FirstToken, Id, Request, Since, Stream, StreamFailure, Time, ToolCall,
};

/// Reads what a chunk's own lines say of time. No stretch runs over the offsets that are given: what is
/// content may begin or end there.
pub type ReadTiming = fn(&Chunk<'_>, &[u64], &mut Vec<Mark>);

/// Adds to a chunk's candidates what its lines say of time, each in its place.
pub fn among(marks: Vec<Mark>, chunk: &Chunk<'_>, read: ReadTiming) -> Vec<Mark> {
    let parting: Vec<u64> = marks.iter().filter(|mark| mark.parts_content()).map(|mark| mark.offset).collect();
    let mut timings = Vec::new();
    read(chunk, &parting, &mut timings);
    timings.sort_by_key(|mark| mark.offset);
    let mut all = Vec::with_capacity(marks.len() + timings.len());
    let mut timings = timings.into_iter().peekable();
    // The other candidates keep their order, which is not quite that of their offsets.
    for mark in marks {
        while let Some(timing) = timings.next_if(|timing| is_before(timing, &mark)) {
            all.push(timing);
        }
        let key = match &mark.kind {
            MarkKind::Fact(Fact::Call(call)) => Some(call.key.clone()),
            _ => None,
        };
        let offset = mark.offset;
        all.push(mark);
        if let Some(key) = key {
            all.extend(timings.next_if(|timing| timing.offset == offset).map(|timing| completed(timing, key)));
        }
    }
    all.extend(timings);
    all
}

/// What completes a call, with the call that its line tells of.
fn completed(mut mark: Mark, key: CallKey) -> Mark {
    if let MarkKind::Timing(timing) = &mut mark.kind
        && let Sign::Completed(call, _) = &mut timing.sign
    {
        *call = Some(key);
    }
    mark
}

/// On one line: a tool's record goes before the output that opens there, a record that an output quotes before the
/// end of it, a stream's event before the start of a run, and what completes a call behind the call.
fn is_before(timing: &Mark, mark: &Mark) -> bool {
    let same = || matches!(mark.kind, MarkKind::Open | MarkKind::Close | MarkKind::MayClose | MarkKind::Marker(_));
    timing.offset < mark.offset || (timing.offset == mark.offset && same())
}

/// What one record, or a stretch of them, says of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// When, as the record itself says; of a stretch, when it began.
    pub time: Time,
    /// When it was written down, which tells echoes.
    pub recorded: Time,
    /// Which of a writer's parallel logs it stands in: each of them tells everything once.
    pub log: Log,
    /// The model it names.
    pub model: Option<Id>,
    /// What it says.
    pub sign: Sign,
}

/// A log that tells everything once. Newer versions of Codex write two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Log {
    /// The only one, or the one with all fields.
    Main,
    /// The one without texts.
    Safe,
}

/// What a record says of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Sign {
    /// A turn begins.
    Turn,
    /// Something that happens between calls.
    Between,
    /// A request was answered, or failed.
    Request {
        /// Milliseconds it took.
        duration_ms: Option<u64>,
        /// HTTP status.
        status: Option<u16>,
        /// Its number among the attempts, from 0.
        attempt: Option<u64>,
        /// Whether it failed.
        failed: bool,
    },
    /// Events of a stream.
    Events(Stretch),
    /// The turn's first token came this many milliseconds after its start.
    FirstToken(u64),
    /// The stream broke off.
    Failed,
    /// The call whose record this is is complete. The harness may say how long its first token took, in
    /// milliseconds.
    Completed(Option<CallKey>, Option<u64>),
    /// A tool ran.
    Tool {
        /// Its id.
        call_id: Option<Id>,
        /// Its name.
        name: Option<Id>,
        /// Milliseconds it took.
        duration_ms: Option<u64>,
        /// Whether it succeeded.
        success: Option<bool>,
    },
}

/// Events of one stream, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    first: Time,
    last: Time,
    events: u64,
    /// What was waited for the first event: a wait between two events in view only if one precedes it.
    first_wait: Option<u64>,
    /// The longest wait for any other event.
    longest_wait: Option<u64>,
    first_delta: Option<Time>,
    /// Whether the first event is the first of its stream.
    opens: bool,
}

impl Stretch {
    /// A single event: `wait` is the time since the one before it, in milliseconds.
    pub fn of(time: Time, wait: Option<u64>, is_delta: bool, opens: bool) -> Stretch {
        let first_delta = is_delta.then_some(time);
        Stretch { first: time, last: time, events: 1, first_wait: wait, longest_wait: None, first_delta, opens }
    }

    /// This and what follows it.
    pub fn then(self, next: Stretch) -> Stretch {
        Stretch {
            first: self.first,
            last: next.last,
            events: self.events.saturating_add(next.events),
            first_wait: self.first_wait,
            longest_wait: self.longest_wait.max(next.first_wait).max(next.longest_wait),
            first_delta: self.first_delta.or(next.first_delta),
            opens: self.opens,
        }
    }

    /// When it began.
    pub fn began(&self) -> Time {
        self.first
    }

    fn stream(&self, is_whole: bool) -> Option<Stream> {
        Some(Stream {
            events: self.events,
            duration_ms: millis(self.first, self.last)?,
            longest_stall_ms: self.longest_wait,
            is_floor: !is_whole,
        })
    }
}

/// Milliseconds from one time to another; `None` if the clock ran backwards.
fn millis(from: Time, to: Time) -> Option<u64> {
    to.millis_since(from).try_into().ok()
}

/// The calls that are under way, by conversation and log.
#[derive(Debug, Default)]
pub struct Watches(HashMap<(Id, Log), Watch>);

impl Watches {
    /// Takes what is said next; gives what it comes to.
    pub fn push(&mut self, conversation: Option<Id>, timing: Timing) -> Option<Fact> {
        let Timing { time, log, model, sign, .. } = timing;
        if let Sign::Tool { call_id, name, duration_ms, success } = sign {
            if let Some(id) = &conversation {
                self.0.entry((id.clone(), log)).or_default().is_begun = true;
            }
            return Some(Fact::ToolCall(Box::new(ToolCall {
                conversation,
                model,
                call_id,
                name,
                duration_ms,
                success,
            })));
        }
        let conversation = conversation?;
        let watch = self.0.entry((conversation.clone(), log)).or_default();
        match sign {
            Sign::Turn => *watch = Watch { is_begun: true, turn: Some(time), ..Watch::default() },
            Sign::Between => watch.is_begun = true,
            Sign::FirstToken(ms) => watch.turn_token = Some(ms),
            Sign::Events(stretch) => watch.events(stretch),
            Sign::Failed => {
                let is_news = watch.fails();
                return is_news.then(|| Fact::StreamFailure(Box::new(StreamFailure { conversation, model })));
            }
            Sign::Request { duration_ms, status, attempt, failed } => {
                let is_retry = watch.asks(time, duration_ms, status, attempt, failed);
                let request = Request { conversation, model, duration_ms, status, attempt, failed, is_retry };
                return Some(Fact::Request(Box::new(request)));
            }
            Sign::Completed(key, told) => {
                let ended = std::mem::replace(watch, Watch { is_begun: true, ..Watch::default() });
                return key.map(|key| Fact::CallTiming(Box::new(ended.call(key, told))));
            }
            Sign::Tool { .. } => {}
        }
        None
    }
}

/// A call that is under way.
#[derive(Debug, Default)]
struct Watch {
    /// Whether all of it is in view: what came before it was seen.
    is_begun: bool,
    turn: Option<Time>,
    turn_token: Option<u64>,
    /// The latest request, and when it was made.
    request: Option<(Answered, Option<Time>)>,
    /// Attempts so far.
    attempts: u64,
    /// The harness's number of the latest attempt.
    attempt: u64,
    /// Whether the latest attempt failed.
    has_failed: bool,
    stretch: Option<Stretch>,
    /// Whether the stretch begins with its stream.
    is_whole: bool,
}

impl Watch {
    fn events(&mut self, next: Stretch) {
        self.has_failed = false;
        match self.stretch {
            Some(stretch) if !next.opens => self.stretch = Some(stretch.then(next)),
            known => {
                // A stream that begins anew replaces one that was given up.
                self.is_whole = next.opens || (known.is_none() && self.request.is_some());
                self.stretch = Some(next);
            }
        }
    }

    /// Another attempt; tells whether it is a retry.
    fn asks(
        &mut self,
        time: Time,
        duration_ms: Option<u64>,
        status: Option<u16>,
        attempt: Option<u64>,
        failed: bool,
    ) -> bool {
        let number = attempt.unwrap_or(0);
        let is_next = self.has_failed && number > self.attempt;
        let new = if is_next { number - self.attempt } else { number.saturating_add(1) };
        let before = if self.has_failed { self.attempts } else { 0 };
        self.attempts = before.saturating_add(new);
        let is_retry = self.has_failed || number > 0;
        let made = duration_ms.and_then(|ms| i64::try_from(ms).ok()?.checked_mul(1000));
        let made = made.and_then(|micros| time.micros().checked_sub(micros)).map(Time::from_micros);
        self.request = Some((Answered { duration_ms, status }, made));
        (self.attempt, self.has_failed) = (number, failed);
        (self.stretch, self.is_whole) = (None, false);
        is_retry
    }

    /// The attempt failed; tells whether that is news.
    fn fails(&mut self) -> bool {
        let is_news = !self.has_failed;
        self.has_failed = true;
        (self.stretch, self.is_whole) = (None, false);
        is_news
    }

    fn call(self, key: CallKey, told: Option<u64>) -> CallTiming {
        let delta = self.stretch.filter(|_| self.is_whole).and_then(|stretch| stretch.first_delta);
        let since = |start: Option<Time>, since| Some(FirstToken { since, ms: millis(start?, delta?)? });
        let first_token = told
            .map(|ms| FirstToken { since: Since::Told, ms })
            .or_else(|| since(self.request.and_then(|(_, made)| made), Since::Request))
            .or_else(|| self.turn_token.map(|ms| FirstToken { since: Since::Turn, ms }))
            .or_else(|| since(self.turn, Since::Turn));
        CallTiming {
            key,
            request: self.request.map(|(answered, _)| answered),
            attempts: self.request.filter(|_| self.is_begun).map(|_| self.attempts),
            first_token,
            stream: self.stretch.and_then(|stretch| stretch.stream(self.is_whole)),
        }
    }
}
