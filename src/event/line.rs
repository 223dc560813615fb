//! The written form of an event: a line of JSON.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Event;

/// Version of the written form. It grows when a program that reads the old form could misread the new one; new
/// keys and kinds alone don't change it.
pub const SCHEMA_VERSION: u32 = 1;

/// One line of an event stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line<'a> {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// Name of the source: its path as it was given or found.
    pub source: Cow<'a, str>,
    /// The event; its keys stand beside the others.
    #[serde(flatten)]
    pub event: Event,
}

impl<'a> Line<'a> {
    /// The line of an event of this source.
    pub fn new(source: &'a str, event: Event) -> Line<'a> {
        Line { schema_version: SCHEMA_VERSION, source: Cow::Borrowed(source), event }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use crate::event::{
        AgentLog, AgentLogName, Call, CallKey, Defect, Event, Fact, Loss, Quota, Skip, Time, TokenUsage, Uncounted,
    };

    fn event(fact: Fact) -> Event {
        Event { offset: 7, run: Some("r".into()), harness: Some("codex".into()), time: Time::from_millis(1), fact }
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let usage =
            TokenUsage { input_tokens: i64::MAX as u64, reasoning_output_tokens: Some(0), ..TokenUsage::default() };
        let call = Call {
            model: Some("m".into()),
            is_subagent: true,
            is_final: false,
            ..Call::new(CallKey::Trace("c".into(), Time::from_micros(2), usage), usage)
        };
        let quota = Quota { used_percent: 3.184_467_440_737_095_4, ..Quota::default() };
        let skip = Skip { reason: "\u{1b}[31mno".to_owned(), loss: Loss::Found };
        let facts = [
            Fact::Call(Box::new(call)),
            Fact::Quota(Box::new(quota)),
            Fact::Unfinished("c".into()),
            Fact::Uncounted(Box::new(Uncounted::call("c".into(), Some("m".into())))),
            Fact::Uncounted(Box::new(Uncounted {
                log: Some(AgentLog { name: AgentLogName::Named("Anna".into()), usage }),
                ..Uncounted::call("c".into(), Some("m".into()))
            })),
            Fact::Uncounted(Box::new(Uncounted {
                agent_count: Some(2),
                is_compaction: true,
                ..Uncounted::work("c".into(), "a".into(), None)
            })),
            Fact::Lost("c".into()),
            Fact::TurnOver("c".into()),
            Fact::Counted(Box::new(usage)),
            Fact::OpenRun,
            Fact::Defect(Defect::Torn),
            Fact::Skipped(skip),
        ];
        for fact in facts {
            let line = Line::new("a/b.md", event(fact));
            let text = serde_json::to_string(&line).expect("JSON");
            assert_eq!(serde_json::from_str::<Line>(&text).ok(), Some(line), "{text}");
        }
    }
}
