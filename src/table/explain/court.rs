//! What a record tells of a subject, and what became of it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Subject, SubjectKind};
use crate::event::{
    Call, CallKey, CallTiming, Counter, Doubt, Event, Fact, Id, Request, RunId, Time, TokenUsage, ToolCall, Usd,
};
use crate::fold::{Reconciled, Settled, Taken};

/// What a witness tells, and what became of it.
#[derive(Default)]
pub(super) struct Said {
    pub(super) kind: &'static str,
    pub(super) usage: Option<TokenUsage>,
    pub(super) blended: Option<u64>,
    pub(super) cost: Option<Usd>,
    pub(super) model: Option<Id>,
    pub(super) verdict: String,
}

/// What a copy of another conversation's record is.
const COPIED: &str = "copied from another conversation";

/// What may be one, which only that conversation's log could tell.
const UNDECIDED: &str = "not counted: may be copied from another conversation";

/// Knows what was taken.
pub(super) struct Court<'a> {
    settled: &'a Settled,
    subject: &'a Subject,
    /// Calls that count one by one, with the run and the conversation they count for.
    counted: FxHashMap<CallKey, (Option<&'a RunId>, Option<Id>)>,
    heard: FxHashSet<CallKey>,
    /// Conversations and turns of which a session log records calls by response.
    recorded: FxHashSet<(&'a Id, &'a Option<Id>)>,
    /// Of each conversation, the place of its last reading within the subject.
    last_reading: FxHashMap<Id, (Option<Time>, TokenUsage)>,
    /// Whether the subject's counters, and footers, were taken.
    taken: Option<Taken>,
    reconciled: Option<Reconciled>,
}

impl<'a> Court<'a> {
    /// One that will hear these events, in this order.
    pub(super) fn new(
        settled: &'a Settled,
        subject: &'a Subject,
        events: impl Iterator<Item = &'a Event>,
    ) -> Court<'a> {
        let owners = subject.owners(settled);
        let counted = settled.rows.iter().filter_map(|row| {
            let run = settled.owners.get(row.owner)?.run.as_ref().map(|run| &run.id);
            Some((row.call?, (run, row.conversation)))
        });
        let mut last_reading = FxHashMap::default();
        let mut recorded = FxHashSet::default();
        for event in events {
            if let Fact::Call(call) = &event.fact
                && let CallKey::Response(conversation, _) = &call.key
            {
                recorded.insert((conversation, &call.turn));
            }
            if let Fact::Counter(counter) = &event.fact
                && is_own(subject, event.run.as_ref())
            {
                last_reading.insert(name(counter), (event.time, counter.tokens()));
            }
        }
        let owner = match owners[..] {
            [owner] => settled.owners.get(owner),
            _ => None,
        };
        Court {
            settled,
            subject,
            counted: counted.collect(),
            heard: FxHashSet::default(),
            recorded,
            last_reading,
            taken: owner.and_then(|owner| owner.taken),
            reconciled: owner.and_then(|owner| owner.reconciled),
        }
    }

    /// Hears the next event; `None` for what is no witness of usage or time.
    pub(super) fn hear(&mut self, event: &Event) -> Option<Said> {
        let of_another = event.run.as_ref().filter(|_| !is_own(self.subject, event.run.as_ref()));
        let elsewhere = of_another.map(|run| format!("shown by run {run}"));
        let said = |kind, verdict: &str| Said {
            kind,
            verdict: elsewhere.clone().unwrap_or_else(|| verdict.to_owned()),
            ..Said::default()
        };
        Some(match &event.fact {
            // A loop log says nothing else at a run's end.
            Fact::Run(run) if run.started_at.is_none() && run.over_by.is_some() => said("run", "over by then"),
            Fact::Run(run) => said("run", run.status.as_deref().unwrap_or("began")),
            Fact::Conversation(found) => Said {
                model: found.model.clone(),
                ..said("conversation", if found.begins { "begins" } else { "goes on" })
            },
            Fact::Call(call) => Said {
                usage: Some(call.usage),
                blended: Some(call.usage.blended_tokens()),
                model: call.model.clone(),
                verdict: self.of_call(call),
                ..said("call", "")
            },
            Fact::Counter(counter) => {
                let usage = counter.tokens();
                Said {
                    usage: Some(usage),
                    blended: Some(usage.blended_tokens()),
                    cost: counter.cost,
                    ..said("counter", self.of_counter(counter, event))
                }
            }
            Fact::Footer(footer) => Said { blended: Some(footer.blended_tokens), ..said("footer", self.of_footer()) },
            Fact::Counted(usage) => {
                let (usage, blended) = (Some(**usage), Some(usage.blended_tokens()));
                Said { usage, blended, ..said("counter", "counted in all, at least") }
            }
            Fact::Request(request) => Said { model: request.model.clone(), ..said("request", &of_request(request)) },
            Fact::StreamFailure(failure) => Said { model: failure.model.clone(), ..said("stream", "broke off") },
            Fact::CallTiming(timing) => said("stream", &of_stream(timing)),
            Fact::ToolCall(call) => Said { model: call.model.clone(), ..said("tool", &of_tool(call)) },
            Fact::OpenRun => said("open run", "the source ends within the run's output"),
            Fact::Unfinished(_) => said("unfinished", "an answer or a record ends here unfinished"),
            Fact::Uncounted(told) if told.is_compaction => {
                said("compaction", "a call wrote a summary; it has no record here")
            }
            Fact::Uncounted(told) if told.agent.is_none() && told.agent_count.is_some() => {
                said("unfinished", "a turn ends while sub-agents are at work; their own records tell what they use")
            }
            Fact::Uncounted(told) if told.agent_count.is_some() => {
                said("unfinished", "a workflow is done; its sub-agents' own records tell what they used")
            }
            Fact::Uncounted(told) if told.agent.is_some() || told.log.is_some() => {
                said("unfinished", "a sub-agent is done; its own records tell what it used")
            }
            Fact::Uncounted(_) => said("unfinished", "a record of a call tells no usage; another one may"),
            Fact::AgentAtWork(_) => said("sub-agent", "was at work here"),
            Fact::Reset(reset) => said("reset", &format!("the process goes on with {}", reset.next)),
            Fact::Ended(_) => said("log", "ends here"),
            Fact::TurnOver(_) => said("turn", "ended here"),
            Fact::Lost(_) => said("lost", "a record that may be a reading"),
            Fact::Inherited(inherited) => {
                let usage = Some(inherited.total);
                Said { usage, ..said("counter", COPIED) }
            }
            Fact::Defect(defect) => said("defect", defect.code()),
            Fact::Quota(_) | Fact::Source(_) | Fact::Skipped(_) => return None,
        })
    }

    fn of_call(&mut self, call: &Call) -> String {
        let (run, maker) = self.counted.get(&call.key).map_or((None, &None), |(run, maker)| (Some(*run), maker));
        let is_first = self.heard.insert(call.key.clone());
        let copy = match (run, &call.conversation, maker) {
            (None, ..) => self.of_copy(call),
            (_, Some(shown), Some(maker)) => (shown != maker).then_some(COPIED),
            _ => None,
        };
        if let Some(verdict) = copy {
            return verdict.to_owned();
        }
        match run {
            None if self.taken == Some(Taken::Session) => "counts as the session log tells it".to_owned(),
            None => "not counted".to_owned(),
            Some(Some(run)) if !is_own(self.subject, Some(run)) => format!("counts for run {run}"),
            Some(None) if self.subject.kind == SubjectKind::Run => "counts for no run".to_owned(),
            Some(_) if !is_first => "the same call again".to_owned(),
            Some(_) if !call.is_final => "counted, as far as it is known".to_owned(),
            Some(_) => "counted".to_owned(),
        }
    }

    /// What became of a call in a session log that counts nowhere, if it is because others may have made it.
    fn of_copy(&self, call: &Call) -> Option<&'static str> {
        let conversation = self.settled.conversation_named(call.conversation.as_ref()?)?;
        let parent = match &conversation.parent {
            Some(parent) => self.settled.conversation_named(parent),
            // A sub-agent's log may name none.
            None if call.is_subagent => None,
            None => return None,
        };
        match call.doubt {
            Doubt::None | Doubt::Reviewer => None,
            Doubt::Child => Some(COPIED),
            Doubt::Ancestor if parent.is_none_or(|parent| !parent.has_counter_log) => Some(UNDECIDED),
            // The turn's records by response go before its readings.
            Doubt::Ancestor => (!self.recorded.contains(&(&conversation.id, &call.turn))).then_some(COPIED),
        }
    }

    fn of_counter(&self, counter: &Counter, event: &Event) -> &'static str {
        // A copy of it in another source is the same reading.
        let is_last = self.last_reading.get(&name(counter)) == Some(&(event.time, counter.tokens()));
        match (is_last, self.taken) {
            (_, Some(Taken::Session)) if self.reconciled == Some(Reconciled::Mismatch) => {
                "held against the session log"
            }
            (_, Some(Taken::Session)) => "agrees with the session log",
            (false, _) => "a later reading counts",
            // Of a session that is joined so, a counter tells all or nothing does.
            (true, Some(Taken::Counter | Taken::SessionByTime)) => "taken",
            (true, Some(_)) => "not taken",
            (true, None) => "the last reading",
        }
    }

    fn of_footer(&self) -> &'static str {
        match (self.taken, self.reconciled) {
            (Some(Taken::Footer), _) => "taken",
            (_, Some(Reconciled::Ok)) => "agrees",
            (_, Some(Reconciled::Mismatch)) => "contradicts",
            _ => "not taken",
        }
    }
}

fn of_request(request: &Request) -> String {
    let outcome = if request.failed { "failed" } else { "answered" };
    let after = request.duration_ms.map(|millis| format!(" after {millis} ms")).unwrap_or_default();
    let status = request.status.map(|status| format!(", status {status}")).unwrap_or_default();
    format!("{outcome}{after}{status}")
}

fn of_stream(timing: &CallTiming) -> String {
    let first = timing.first_token.map(|first| format!("first token after {} ms", first.ms));
    let streamed = timing.stream.map(|stream| {
        let s = if stream.events == 1 { "" } else { "s" };
        match (stream.is_floor, stream.duration_ms) {
            // That it took this or more says nothing.
            (true, 0) => format!("{} event{s}", stream.events),
            (true, millis) => format!("{} event{s} in at least {millis} ms", stream.events),
            (false, millis) => format!("{} event{s} in {millis} ms", stream.events),
        }
    });
    let parts: Vec<String> = first.into_iter().chain(streamed).collect();
    if parts.is_empty() { "no times".to_owned() } else { parts.join(", ") }
}

fn of_tool(call: &ToolCall) -> String {
    let name = call.name.as_deref().unwrap_or("a tool");
    let outcome = match call.success {
        Some(true) => " succeeded",
        Some(false) => " failed",
        None => "",
    };
    let after = call.duration_ms.map(|millis| format!(" after {millis} ms")).unwrap_or_default();
    format!("{name}{outcome}{after}")
}

/// Whether a record of this run is the subject's own.
fn is_own(subject: &Subject, run: Option<&RunId>) -> bool {
    subject.kind == SubjectKind::Conversation || run.is_none_or(|run| **run == *subject.id)
}

/// What a counter's conversation is known by; nothing where none is named.
fn name(counter: &Counter) -> Id {
    counter.conversation.clone().unwrap_or_else(|| "".into())
}
