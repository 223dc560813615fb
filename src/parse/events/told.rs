//! What written events tell of a source, and what a line of them that is torn or missing makes a floor.

use crate::event::{Defect, Event, Fact, Harness, Id, RunId, Scope, Time, Uncounted};
use crate::parse::lines::id_in_torn;

/// Kinds of events without which no usage is missing.
const ASIDE: [&str; 8] = ["call_timing", "quota", "request", "run", "skipped", "source", "stream_failure", "tool_call"];

/// What the lines of a source told so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Its name; empty before the first event.
    pub(super) source: String,
    /// Where its latest record stands in it.
    offset: u64,
    /// Whether it is a session log, of which an event tells where it ends.
    is_log: bool,
    /// Whether that, or something else, is to come.
    pub(super) lacks_end: bool,
    /// Whether that came.
    pub(super) is_over: bool,
    run: Option<RunId>,
    /// The conversation that was named last, in this run.
    conversation: Option<Id>,
    harness: Option<Harness>,
    /// The latest time.
    time: Option<Time>,
    /// Whether a counter was read that tells when: what is torn behind it is told by the next reading, if there is one.
    is_counted: bool,
    /// What is wrong with a line before the first event.
    first: Option<Defect>,
    /// A line was torn behind which no conversation was named yet.
    torn: Option<Torn>,
}

/// A torn line.
#[derive(Debug)]
struct Torn {
    /// The message of the call that it tells of.
    key: Option<Id>,
}

impl Told {
    /// Another source begins. What was torn behind the end of the one before may be of this one.
    pub(super) fn begin(&mut self, source: &str) {
        let torn = self.torn.take().filter(|_| self.is_over || self.source.is_empty());
        *self = Told { source: source.to_owned(), torn, first: self.first.take(), ..Told::default() };
    }

    /// Learns from the next event; gives what is to be told behind it of torn lines before. The events of formats that
    /// `tells_end` holds for end with one that says so.
    pub(super) fn learn(&mut self, event: &Event, tells_end: fn(&str) -> bool) -> [Option<Event>; 2] {
        self.offset = event.offset;
        self.time = event.time.max(self.time);
        if event.harness.is_some() {
            self.harness.clone_from(&event.harness);
        }
        let run = match &event.fact {
            Fact::Run(found) => Some(&found.id),
            _ => event.run.as_ref(),
        };
        if run.is_some() && run != self.run.as_ref() {
            self.torn = self.torn.take().filter(|_| self.run.is_none());
            (self.run, self.conversation, self.is_counted) = (run.cloned(), None, false);
        }
        match &event.fact {
            Fact::Source(found) => (self.is_log, self.torn) = (tells_end(&found.format), None),
            Fact::Conversation(_) => self.lacks_end = self.is_log,
            Fact::Ended(_) | Fact::Unfinished(_) => (self.lacks_end, self.is_over) = (false, self.is_log),
            Fact::Counter(counter) => {
                self.is_counted = counter.scope == Scope::Conversation && event.time.is_some();
            }
            Fact::Defect(Defect::Truncated) => self.lacks_end = false,
            _ => {}
        }
        if let Some(conversation) = event.fact.conversation() {
            self.conversation = Some(conversation.clone());
        }
        [self.first(), self.uncounted()]
    }

    /// Gives what is to be told of a line with this defect.
    pub(super) fn lose(&mut self, defect: Defect, line: &[u8]) -> [Option<Event>; 2] {
        let is_first = self.source.is_empty();
        // Before the first event any may be missing.
        if is_first || id_in_torn(line, "kind").is_none_or(|kind| !ASIDE.contains(&&*kind)) {
            self.torn = Some(Torn { key: id_in_torn(line, "message") });
        }
        if is_first {
            self.first = Some(defect);
            return [None, None];
        }
        let uncounted = if self.is_over { None } else { self.uncounted() };
        [Some(self.defect(defect)), uncounted]
    }

    /// What is wrong with a line before the first event, unless that was told.
    pub(super) fn first(&mut self) -> Option<Event> {
        self.first.take().map(|defect| self.defect(defect))
    }

    /// What was torn may be a call of the conversation that was named last, or else of the one that is named next.
    fn uncounted(&mut self) -> Option<Event> {
        let conversation = self.conversation.as_ref().filter(|_| self.torn.is_some())?.clone();
        let key = self.torn.take()?.key;
        let fact = match self.is_counted {
            true => Fact::Unfinished(conversation),
            false => Fact::Uncounted(Box::new(Uncounted::call(conversation, key))),
        };
        let (run, harness) = (self.run.clone(), self.harness.clone());
        Some(Event { offset: self.offset, run, harness, time: self.time, fact })
    }

    /// No more lines are of the source. Gives what is to be told if its end is missing, or a line of nobody knows whom.
    pub(super) fn end(&mut self) -> Option<Event> {
        let is_nobodys = self.torn.is_some() && !self.is_over;
        (!self.source.is_empty() && (is_nobodys || self.lacks_end)).then(|| self.broken_off())
    }

    /// The lines break off within the source.
    pub(super) fn broken_off(&self) -> Event {
        self.defect(Defect::Truncated)
    }

    fn defect(&self, defect: Defect) -> Event {
        Event { offset: self.offset, run: None, harness: None, time: None, fact: Fact::Defect(defect) }
    }
}
