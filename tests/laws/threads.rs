//! Makes up Codex homes: threads with known calls, their forks and sub-agents, and the rollouts that tell of them.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::forge::{self, Counts};
use crate::kit::Files;
use crate::world::counts;

/// What happens in a home, one step after the other.
#[derive(Debug, Clone)]
pub struct Home {
    pub first: Version,
    pub steps: Vec<Step>,
    pub styles: Vec<Style>,
}

#[derive(Debug, Clone)]
pub enum Step {
    /// A new conversation.
    Begin(Version),
    /// A turn in one of them, after a resume perhaps.
    Turn { thread: usize, deeds: Vec<Deed>, model: usize, resumes: bool },
    /// A new conversation that goes on from another one.
    Fork { thread: usize, how: Copy, is_subagent: bool, upgrades: bool, turns: usize },
}

/// What is done in a turn.
#[derive(Debug, Clone)]
pub enum Deed {
    Call(Counts),
    /// The latest reading is written again.
    Repeat,
    /// A notice of rate limits alone.
    Notice,
    /// A summary is asked for; only responses that are recorded one by one tell of it.
    Compact(Counts),
    /// The counter begins anew.
    Reset,
    /// The context was full: zeros instead of the counter.
    Overflow,
    /// A tool's output quotes records.
    Quote,
}

/// How old the program is that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Turns have no ids.
    Untimed,
    /// Turns have ids that tell their time.
    Timed,
    /// Every response has a record of its own, too.
    Recorded,
}

/// How a conversation takes over another one's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// Its records, as they are.
    Kept,
    /// Its records, dated anew within some milliseconds each.
    Rewritten(u64),
    /// Its records as they are, and no word of where they are from.
    Unmarked,
    /// No records, and a counter at zero.
    FromZero,
    /// No records, but the counter's value, with zeros for the latest call.
    Inherited,
    /// No records, but the latest reading.
    Restored,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub spaces: bool,
    pub payload_first: bool,
    /// Whether readings leave out the latest call, where nothing else needs it.
    pub totals_only: bool,
}

#[derive(Debug, Clone)]
struct Record {
    millis: u64,
    kind: &'static str,
    payload: String,
}

#[derive(Debug, Clone)]
struct Thread {
    id: String,
    version: Version,
    records: Vec<Record>,
    /// Where turns end in the records, and what the counter was then.
    ends: Vec<(usize, Counts)>,
    total: Counts,
    calls: Vec<Counts>,
    is_first_call: bool,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => counts(1, 1).prop_map(Deed::Call),
        2 => Just(Deed::Repeat),
        1 => Just(Deed::Notice),
        1 => counts(1, 1).prop_map(Deed::Compact),
        1 => Just(Deed::Reset),
        1 => Just(Deed::Overflow),
        1 => Just(Deed::Quote),
    ]
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::Untimed), Just(Version::Timed), Just(Version::Recorded)]
}

fn copy() -> impl Strategy<Value = Copy> {
    prop_oneof![
        Just(Copy::Kept),
        (0..3000_u64).prop_map(Copy::Rewritten),
        Just(Copy::Unmarked),
        Just(Copy::FromZero),
        Just(Copy::Inherited),
        Just(Copy::Restored)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let turn = (any::<usize>(), vec(deed(), 0..6), 0..3_usize, any::<bool>());
    let fork = (any::<usize>(), copy(), any::<bool>(), any::<bool>(), any::<usize>());
    prop_oneof![
        1 => version().prop_map(Step::Begin),
        5 => turn.prop_map(|(thread, deeds, model, resumes)| Step::Turn { thread, deeds, model, resumes }),
        3 => fork.prop_map(|(thread, how, is_subagent, upgrades, turns)| Step::Fork { thread, how, is_subagent, upgrades, turns }),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(spaces, payload_first, totals_only)| Style {
        spaces,
        payload_first,
        totals_only,
    })
}

pub fn home() -> impl Strategy<Value = Home> {
    (version(), vec(step(), 1..14), vec(style(), 1..4)).prop_map(|(first, steps, styles)| Home { first, steps, styles })
}

/// A version 7 UUID that was made then.
fn uuid(millis: u64, n: u64) -> String {
    let hex = format!("{millis:012x}");
    format!("{}-{}-7c00-8a00-{n:012x}", &hex[..8], &hex[8..])
}

fn date(millis: u64) -> String {
    // 2026-05-12T07:00:00Z, where the clock of `forge` starts.
    let since = millis - START;
    format!("{}.{:03}Z", forge::clock((since / 1000) as u32), since % 1000)
}

const START: u64 = 1_778_569_200_000;

const MODELS: [&str; 3] = ["gpt-5.3-codex", "gpt-5.4-mini", "gpt-5.5"];

fn usage([input, cached, output, reasoning]: Counts, estimate: u64) -> String {
    format!(
        "{{\"input_tokens\":{input},\"cached_input_tokens\":{cached},\"output_tokens\":{output},\
         \"reasoning_output_tokens\":{reasoning},\"total_tokens\":{}}}",
        input + output + estimate
    )
}

const LIMITS: &str = "{\"primary\":{\"used_percent\":3.0,\"window_minutes\":300,\"resets_at\":1778580000},\
     \"secondary\":null,\"plan_type\":\"pro\"}";

fn reading(total: Counts, last: Counts, estimate: u64) -> String {
    format!(
        "{{\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{},\"last_token_usage\":{},\
         \"model_context_window\":258400}},\"rate_limits\":{LIMITS}}}",
        usage(total, estimate),
        usage(last, estimate)
    )
}

fn add(a: Counts, b: Counts) -> Counts {
    std::array::from_fn(|index| a[index] + b[index])
}

/// A home, written out.
#[derive(Debug, Default)]
pub struct Written {
    pub files: Files,
    /// Their paths in the order in which the conversations began.
    pub names: Vec<String>,
    /// The calls of every conversation that has some.
    pub truth: BTreeMap<String, Vec<Counts>>,
}

impl Thread {
    fn say(&mut self, millis: u64, kind: &'static str, payload: String) {
        self.records.push(Record { millis, kind, payload });
    }

    /// Writes the record of a response.
    fn record(&mut self, millis: u64, turn: &str, counts: Counts, made: u64) {
        let payload = format!(
            "{{\"thread_id\":\"{}\",\"turn_id\":\"{turn}\",\"response_id\":\"resp_{made}\",\"usage\":{}}}",
            self.id,
            usage(counts, 0)
        );
        self.say(millis, "token_usage_record", payload);
    }
}

struct Writer {
    millis: u64,
    /// Makes every call's size its own: a running total that two conversations share is a copy.
    made: u64,
    threads: Vec<Thread>,
}

impl Writer {
    fn tick(&mut self) -> u64 {
        self.millis += 217;
        self.millis
    }

    fn header(&mut self, version: Version, lineage: &str, source: &str) -> Thread {
        self.millis += 61_000;
        let millis = self.tick();
        self.made += 1;
        let id = uuid(millis, self.made);
        let payload = format!(
            "{{\"id\":\"{id}\",\"timestamp\":\"{}\",\"cwd\":\"/srv/kiln\",\"originator\":\"codex_cli_rs\",\
             \"cli_version\":\"0.98.0\",\"source\":{source}{lineage}}}",
            date(millis)
        );
        let records = vec![Record { millis, kind: "session_meta", payload }];
        Thread { id, version, records, ends: Vec::new(), total: [0; 4], calls: Vec::new(), is_first_call: true }
    }

    fn turn(&mut self, index: usize, deeds: &[Deed], model: usize, resumes: bool) {
        self.millis += 5_000;
        let mut thread = self.threads[index].clone();
        let mut last = thread.total;
        if resumes && thread.total != [0; 4] && !thread.is_first_call {
            let payload = reading(thread.total, last, 0);
            thread.say(self.tick(), "event_msg", payload);
        }
        let millis = self.tick();
        self.made += 1;
        let turn = uuid(millis, self.made);
        let named = if thread.version == Version::Untimed { String::new() } else { format!("\"turn_id\":\"{turn}\",") };
        if thread.version != Version::Untimed {
            thread.say(millis, "event_msg", format!("{{\"type\":\"task_started\",{named}\"started_at\":1}}"));
        }
        let context = format!("{{{named}\"cwd\":\"/srv/kiln\",\"model\":\"{}\",\"effort\":\"high\"}}", MODELS[model]);
        thread.say(millis, "turn_context", context);
        for deed in deeds {
            self.millis += 3_000;
            last = self.deed(&mut thread, deed, &turn, last);
        }
        if thread.total == [0; 4] {
            thread.is_first_call = true;
        }
        thread.ends.push((thread.records.len(), thread.total));
        self.threads[index] = thread;
    }

    /// Writes what is done in a turn after a call of this size; gives the size of the latest call.
    fn deed(&mut self, thread: &mut Thread, deed: &Deed, turn: &str, last: Counts) -> Counts {
        let millis = self.tick();
        match deed {
            Deed::Call(counts) => {
                self.made += 1;
                let counts = add(*counts, [30_000 * self.made, 0, 0, 0]);
                if thread.version == Version::Recorded {
                    thread.record(millis, turn, counts, self.made);
                }
                thread.total = add(thread.total, counts);
                thread.calls.push(counts);
                thread.is_first_call = false;
                thread.say(millis, "event_msg", reading(thread.total, counts, 0));
                return counts;
            }
            Deed::Compact(counts) if thread.version == Version::Recorded => {
                self.made += 1;
                thread.record(millis, turn, *counts, self.made);
                thread.calls.push(*counts);
                let compacted = format!("{{\"message\":\"\",\"compaction_response_id\":\"resp_{}\"}}", self.made);
                thread.say(millis, "compacted", compacted);
            }
            Deed::Compact(_) => thread.say(millis, "compacted", "{\"message\":\"so far\"}".to_owned()),
            Deed::Repeat if thread.is_first_call => {}
            Deed::Repeat => thread.say(millis, "event_msg", reading(thread.total, last, 0)),
            Deed::Notice => {
                let notice = format!("{{\"type\":\"token_count\",\"info\":null,\"rate_limits\":{LIMITS}}}");
                thread.say(millis, "event_msg", notice);
            }
            Deed::Reset => thread.total = [0; 4],
            Deed::Overflow => {
                thread.total = [0; 4];
                thread.is_first_call = false;
                thread.say(millis, "event_msg", reading([0; 4], [0; 4], 258_400));
            }
            Deed::Quote => {
                let quoted = reading([9_999_999, 0, 9_999, 0], [9_999_999, 0, 9_999, 0], 0);
                let quoted = format!("{{\"timestamp\":\"x\",\"type\":\"event_msg\",\"payload\":{quoted}}}");
                let output = forge::quoted(&quoted);
                let nested = format!(
                    "{{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":{output},\"nested\":{quoted}}}"
                );
                thread.say(millis, "response_item", nested);
            }
        }
        last
    }

    fn fork(&mut self, index: usize, how: Copy, is_subagent: bool, upgrades: bool, turns: usize) {
        let parent = self.threads[index].clone();
        let version = match parent.version {
            Version::Untimed if upgrades => Version::Timed,
            Version::Timed if upgrades => Version::Recorded,
            version => version,
        };
        let lineage = match (how, is_subagent) {
            (Copy::Unmarked, _) | (_, true) => String::new(),
            // The zeros tell enough.
            (Copy::Inherited, _) if turns.is_multiple_of(2) => String::new(),
            _ => format!(",\"forked_from_id\":\"{}\"", parent.id),
        };
        let source = if is_subagent && how != Copy::Unmarked {
            let spawn = format!("{{\"thread_spawn\":{{\"parent_thread_id\":\"{}\",\"depth\":1}}}}", parent.id);
            format!("{{\"subagent\":{spawn}}}")
        } else {
            "\"cli\"".to_owned()
        };
        let mut child = self.header(version, &lineage, &source);
        let now = self.millis;
        let (until, total) = match parent.ends.len() {
            0 => (parent.records.len(), parent.total),
            ends => parent.ends[turns % ends],
        };
        let meta = parent.records[0].clone();
        match how {
            Copy::Kept => child.records.extend_from_slice(&parent.records[..until]),
            Copy::Rewritten(apart) => {
                child.records.extend(parent.records[..until].iter().enumerate().map(|(n, record)| {
                    let millis = now + n as u64 * apart;
                    self.millis = self.millis.max(millis);
                    Record { millis, ..record.clone() }
                }));
            }
            Copy::Unmarked => child.records.extend_from_slice(&parent.records[1..until.max(1)]),
            Copy::FromZero => child.records.push(Record { millis: now, ..meta }),
            Copy::Inherited if total != [0; 4] => {
                let payload = reading(total, [0; 4], 0);
                child.records.push(Record { millis: now, kind: "event_msg", payload });
            }
            Copy::Restored if total != [0; 4] => {
                let payload = reading(total, total.map(|count| count / 2), 0);
                child.records.push(Record { millis: now, kind: "event_msg", payload });
            }
            Copy::Inherited | Copy::Restored => {}
        }
        if !matches!(how, Copy::FromZero) {
            child.total = total;
            child.is_first_call = total == [0; 4];
        }
        self.threads.push(child);
    }
}

impl Home {
    /// Whether some conversation's turns have no ids.
    pub fn has_untimed_turns(&self) -> bool {
        let begins = |step: &Step| matches!(step, Step::Begin(Version::Untimed));
        self.first == Version::Untimed || self.steps.iter().any(begins)
    }

    /// Whether a counter begins anew without a word, so that the latest call is needed to see it.
    fn needs_latest(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Turn { deeds, .. } => deeds.iter().any(|deed| matches!(deed, Deed::Reset)),
            Step::Fork { how, .. } => *how == Copy::FromZero,
            Step::Begin(_) => false,
        })
    }

    /// The rollouts, each by its path, and what is true.
    pub fn write(&self) -> Written {
        let mut writer = Writer { millis: START, made: 0, threads: Vec::new() };
        let first = writer.header(self.first, "", "\"cli\"");
        writer.threads.push(first);
        for step in &self.steps {
            let count = writer.threads.len();
            match step {
                Step::Begin(version) => {
                    let thread = writer.header(*version, "", "\"exec\"");
                    writer.threads.push(thread);
                }
                Step::Turn { thread, deeds, model, resumes } => writer.turn(thread % count, deeds, *model, *resumes),
                Step::Fork { thread, how, is_subagent, upgrades, turns } => {
                    writer.fork(thread % count, *how, *is_subagent, *upgrades, *turns);
                }
            }
        }
        let mut written = Written::default();
        for (n, thread) in writer.threads.into_iter().enumerate() {
            let mut style = self.styles[n % self.styles.len()];
            style.totals_only &= !self.needs_latest();
            let text: String = thread.records.iter().map(|record| record.line(style)).collect();
            let path = format!("sessions/2026/05/12/rollout-{n}-{}.jsonl", thread.id);
            written.names.push(path.clone());
            written.files.insert(path, text.into_bytes());
            if !thread.calls.is_empty() {
                written.truth.insert(thread.id, thread.calls);
            }
        }
        written
    }
}

impl Record {
    fn line(&self, style: Style) -> String {
        let date = date(self.millis);
        let payload = &if style.totals_only { without_latest(&self.payload) } else { self.payload.clone() };
        let line = if style.payload_first {
            format!("{{\"payload\":{payload},\"type\":\"{}\",\"timestamp\":\"{date}\"}}", self.kind)
        } else {
            format!("{{\"timestamp\":\"{date}\",\"type\":\"{}\",\"payload\":{payload}}}", self.kind)
        };
        if style.spaces { format!("{}\n", spaced(&line)) } else { line + "\n" }
    }
}

/// A reading without the latest call, unless that is all zeros, which says that there was none.
fn without_latest(payload: &str) -> String {
    let latest = payload.find("\"last_token_usage\"").zip(payload.find("\"model_context_window\""));
    match latest {
        Some((from, to)) if !payload[from..to].contains("\"input_tokens\":0,") && !payload.contains("nested") => {
            format!("{}{}", &payload[..from], &payload[to..])
        }
        _ => payload.to_owned(),
    }
}

/// The same JSON with spaces between its tokens.
fn spaced(json: &str) -> String {
    let (mut text, mut is_inside, mut is_escaped) = (String::new(), false, false);
    for c in json.chars() {
        text.push(c);
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_inside = !is_inside,
            ':' | ',' | '{' if !is_inside => text.push(' '),
            _ => {}
        }
    }
    text
}
