//! Calls that are under way, as far as time is told: all that is said of one comes to one event.

use std::collections::HashMap;

use crate::event::{
    Answered, CallKey, CallTiming, Fact, FirstToken, Id, Request, Since, StreamFailure, Time, ToolCall,
};
use crate::parse::timing::{Sign, Stretch, Timing, TraceLog, millis};

/// The calls that are under way, by conversation and log.
#[derive(Debug, Default)]
pub(super) struct Watches(HashMap<(Id, TraceLog), Watch>);

impl Watches {
    /// Takes what is said next; gives what it comes to.
    pub(super) fn push(&mut self, conversation: Option<Id>, timing: Timing) -> Option<Fact> {
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
        if std::mem::take(&mut self.has_failed) {
            // Another request is answered than the one that failed, and it isn't in view.
            self.request = None;
        }
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
