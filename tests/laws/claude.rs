//! Trees of Claude sessions: whatever repeats a call, it counts once.

use std::collections::{BTreeMap, BTreeSet};

use forge_usage::event::{CallKey, TokenUsage};
use forge_usage::fold::{Quality, Settled};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::kit::{Files, cases, options, same, settled, without_defects};

const MODELS: [&str; 3] = ["claude-opus-4-6", "claude-sonnet-4-5", "claude-haiku-4-5"];

/// A real call, and how its records repeat it.
#[derive(Debug, Clone)]
struct Message {
    /// Uncached input, cache reads, cache writes, those kept for an hour, output.
    counts: [u64; 5],
    model: usize,
    /// Outputs of the lines before the last.
    placeholders: Vec<u64>,
    /// Tokens of an advisor's step.
    advice: Option<[u64; 2]>,
    /// What stands after it and repeats it.
    echo: usize,
}

/// What one session does.
#[derive(Debug, Clone)]
struct Plan {
    messages: Vec<Message>,
    agents: Vec<(Vec<Message>, usize)>,
    /// Begins with a copy of so many of an earlier session's messages.
    resumes: Option<(prop::sample::Index, prop::sample::Index)>,
    /// Whether its last line is torn.
    is_torn: bool,
    /// Whether its output was captured, too, and how many of the capture's first lines are lost.
    captured: Option<usize>,
    /// Spaces and order of keys.
    style: usize,
}

fn message() -> impl Strategy<Value = Message> {
    let counts = [1..2000_u64, 0..9000, 0..9000, 0..9000, 5..900];
    let placeholders = vec(0..5_u64, 0..3);
    (counts, 0..3_usize, placeholders, prop::option::weighted(0.1, [1..500_u64, 1..90]), 0..6_usize).prop_map(
        |(mut counts, model, placeholders, advice, echo)| {
            counts[3] = counts[3].min(counts[2]);
            Message { counts, model, placeholders, advice, echo }
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    let agents = vec((vec(message(), 0..4), 0..3_usize), 0..3);
    let resumes = prop::option::weighted(0.4, any::<(prop::sample::Index, prop::sample::Index)>());
    let captured = prop::option::weighted(0.3, 0..9_usize);
    (vec(message(), 1..6), agents, resumes, any::<bool>(), captured, 0..3_usize).prop_map(
        |(messages, agents, resumes, is_torn, captured, style)| Plan {
            messages,
            agents,
            resumes,
            is_torn,
            captured,
            style,
        },
    )
}

/// The calls that were made, by their keys, and the sessions that made some.
#[derive(Debug, Default)]
struct Truth {
    calls: BTreeMap<String, (TokenUsage, String, bool)>,
    sessions: BTreeSet<String>,
    /// Those whose log ends with a call that can't be read.
    torn: BTreeSet<String>,
}

/// A line of a session file before its session is filled in.
#[derive(Debug, Clone)]
struct Line {
    kind: &'static str,
    members: String,
    second: u64,
    is_sidechain: bool,
}

struct World {
    files: Files,
    truth: Truth,
    second: u64,
    made: u64,
    /// Lines of the main files, by session.
    mains: Vec<(String, Vec<Line>)>,
}

fn usage(message: &Message, output: u64, advice: bool) -> String {
    let [input, read, written, hour, _] = message.counts;
    let steps = match message.advice.filter(|_| advice) {
        None => String::new(),
        Some([input, output]) => format!(
            ",\"iterations\":[{{\"type\":\"message\",\"output_tokens\":1}},{{\"type\":\"advisor_message\",\
             \"input_tokens\":{input},\"output_tokens\":{output},\"model\":\"{}\"}}]",
            MODELS[0]
        ),
    };
    format!(
        "{{\"input_tokens\":{input},\"cache_read_input_tokens\":{read},\"cache_creation_input_tokens\":{written},\
         \"cache_creation\":{{\"ephemeral_5m_input_tokens\":{},\"ephemeral_1h_input_tokens\":{hour}}},\
         \"output_tokens\":{output}{steps}}}",
        written - hour
    )
}

fn tokens(message: &Message) -> TokenUsage {
    let [input, read, written, hour, output] = message.counts;
    TokenUsage {
        input_tokens: input + read + written,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        cache_creation_1h_input_tokens: hour,
        output_tokens: output,
        reasoning_output_tokens: None,
    }
}

fn advice(message: &Message) -> Option<TokenUsage> {
    let [input_tokens, output_tokens] = message.advice?;
    Some(TokenUsage { input_tokens, output_tokens, ..TokenUsage::default() })
}

impl World {
    fn new(plans: &[Plan]) -> World {
        let (files, truth) = (Files::new(), Truth::default());
        let mut world = World { files, truth, second: 0, made: 0, mains: Vec::new() };
        plans.iter().enumerate().for_each(|(nth, plan)| world.session(nth, plan));
        world
    }

    fn session(&mut self, nth: usize, plan: &Plan) {
        // Their order says nothing of who copied whom.
        let session = format!("5e55{:04x}-0000-4000-8000-{nth:012}", (nth * 40_503) % 65_536);
        let mut lines: Vec<Line> = Vec::new();
        if let (Some((of, count)), false) = (&plan.resumes, self.mains.is_empty()) {
            let (_, copied) = &self.mains[of.index(self.mains.len())];
            let whole = copied.iter().filter(|line| line.kind == "assistant").count();
            let count = count.index(whole + 1);
            let mut left = count;
            lines.extend(
                copied
                    .iter()
                    .take_while(|line| {
                        let is_in = left > 0;
                        left -= usize::from(line.kind == "assistant" && is_in);
                        is_in
                    })
                    .cloned(),
            );
        }
        let mut capture = Vec::new();
        let mut sums: BTreeMap<&str, TokenUsage> = BTreeMap::new();
        let mut called = Vec::new();
        for message in &plan.messages {
            called.push(self.message(message, &session, false, &mut lines, &mut capture));
        }
        for (agent, (messages, replayed)) in plan.agents.iter().enumerate() {
            let main = lines.iter().filter(|line| line.kind == "assistant").take(*replayed);
            let mut own: Vec<Line> = main.map(|line| Line { is_sidechain: true, ..line.clone() }).collect();
            for message in messages {
                called.push(self.message(message, &session, true, &mut own, &mut capture));
            }
            let name = format!("p/{session}/subagents/agent-{agent}.jsonl");
            self.files.insert(name, text(&own, &session, plan.style, false));
        }
        for (model, usage) in called.into_iter().flatten() {
            let sum = sums.entry(model).or_default();
            *sum = sum.plus(&usage);
        }
        self.truth.sessions.insert(session.clone());
        if plan.is_torn {
            self.truth.torn.insert(session.clone());
        }
        self.files.insert(format!("p/{session}.jsonl"), text(&lines, &session, plan.style, plan.is_torn));
        if let Some(lost) = plan.captured {
            let by_model: Vec<String> = sums.iter().map(|(model, usage)| counted(model, usage)).collect();
            let init = format!("{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"{session}\"}}\n");
            let result = format!(
                "{{\"type\":\"result\",\"session_id\":\"{session}\",\"modelUsage\":{{{}}}}}\n",
                by_model.join(",")
            );
            let all: Vec<String> = [init].into_iter().chain(capture).chain([result]).collect();
            let kept = &all[lost.min(all.len() - 1)..];
            self.files.insert(format!("captured/{nth}.jsonl"), kept.concat().into_bytes());
        }
        self.mains.push((session, lines));
    }

    /// One call: its lines, and what repeats it. Gives its tokens by model.
    fn message(
        &mut self,
        message: &Message,
        session: &str,
        is_sidechain: bool,
        lines: &mut Vec<Line>,
        capture: &mut Vec<String>,
    ) -> Vec<(&'static str, TokenUsage)> {
        self.made += 1;
        let id = format!("msg_{}", self.made);
        let model = MODELS[message.model];
        let body = |output, stop: &str, whole| {
            format!(
                "\"model\":\"{model}\",\"id\":\"{id}\",\"content\":[{{\"type\":\"text\",\"text\":\"\\\"usage\\\":\"}}],\
                 \"stop_reason\":{stop},\"usage\":{}",
                usage(message, output, whole)
            )
        };
        let mut line = |kind, members: String, lines: &mut Vec<Line>| {
            self.second += 1;
            lines.push(Line { kind, members, second: self.second, is_sidechain });
        };
        for output in &message.placeholders {
            line(
                "assistant",
                format!("\"message\":{{{}}}", body((*output).min(message.counts[4]), "null", false)),
                lines,
            );
        }
        let last = format!("\"message\":{{{}}}", body(message.counts[4], "\"end_turn\"", true));
        line("assistant", last.clone(), lines);
        match message.echo {
            0 => line("assistant", last, lines),
            1 => line("progress", format!("\"data\":{{\"message\":{{\"type\":\"assistant\",{last}}}}}"), lines),
            2 => {
                let result = format!("\"toolUseResult\":{{\"usage\":{}}}", usage(message, 9, false));
                line("user", format!("\"message\":{{\"role\":\"user\",\"content\":\"go\"}},{result}"), lines);
            }
            3 => {
                let none = "{\"model\":\"<synthetic>\",\"id\":\"s\",\"usage\":{\"output_tokens\":0}}";
                line("assistant", format!("\"message\":{none},\"isApiErrorMessage\":true"), lines);
            }
            _ => {}
        }
        let parent = if is_sidechain { "\"toolu_1\"" } else { "null" };
        capture.push(format!(
            "{{\"type\":\"assistant\",\"message\":{{{}}},\"parent_tool_use_id\":{parent},\"session_id\":\"{session}\"}}\n",
            body(1, "null", true)
        ));
        let mut used = vec![(model, tokens(message))];
        self.truth.calls.insert(id.clone(), (tokens(message), model.to_owned(), is_sidechain));
        if let Some(advice) = advice(message) {
            self.truth.calls.insert(format!("{id}:0"), (advice, MODELS[0].to_owned(), is_sidechain));
            used.push((MODELS[0], advice));
        }
        used
    }
}

/// A model's part of a result.
fn counted(model: &str, usage: &TokenUsage) -> String {
    let cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
    format!(
        "\"{model}\":{{\"inputTokens\":{},\"outputTokens\":{},\"cacheReadInputTokens\":{},\
         \"cacheCreationInputTokens\":{}}}",
        usage.input_tokens - cached,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens
    )
}

fn text(lines: &[Line], session: &str, style: usize, is_torn: bool) -> Vec<u8> {
    let mut text = String::from("{\"type\":\"summary\",\"summary\":\"go\",\"leafUuid\":\"u\"}\n");
    for line in lines {
        let (kind, side, at) = (line.kind, line.is_sidechain, line.second);
        let own = format!("\"type\":\"{kind}\",\"isSidechain\":{side},\"sessionId\":\"{session}\"");
        let time = format!("\"timestamp\":\"2026-05-20T{:02}:{:02}:{:02}Z\"", at / 3600, at / 60 % 60, at % 60);
        let members = &line.members;
        text += &match style {
            0 => format!("{{{own},{members},{time}}}\n"),
            1 => format!("{{{time},{members},{own}}}\r\n"),
            _ => format!("  {{ {time} ,\t{own} , {members} }}\n").replace("\":", "\" : "),
        };
    }
    if is_torn {
        text += &format!(
            "{{\"type\":\"assistant\",\"sessionId\":\"{session}\",\"message\":{{\"id\":\"msg_torn\",\"usage\":{{\"inp"
        );
    }
    text.into_bytes()
}

/// The calls that were counted, by their keys.
fn counted_calls(settled: &Settled) -> BTreeMap<String, (TokenUsage, String, bool)> {
    let mut calls = BTreeMap::new();
    for row in settled.rows.iter() {
        let Some(CallKey::Message(key)) = &row.call else { continue };
        let model = row.model.as_ref().map(ToString::to_string).unwrap_or_default();
        let call = (row.usage.unwrap_or_default(), model, row.is_subagent);
        assert!(calls.insert(key.to_string(), call).is_none(), "{key} twice");
    }
    calls
}

/// What remains beside the calls.
fn remainder(settled: &Settled) -> TokenUsage {
    let rest = settled.rows.iter().filter(|row| row.call.is_none());
    rest.filter_map(|row| row.usage).fold(TokenUsage::default(), |sum, usage| sum.plus(&usage))
}

fn conversations(settled: &Settled) -> BTreeSet<String> {
    let named = settled.rows.iter().filter(|row| row.usage.is_some_and(|usage| !usage.is_zero()));
    named.filter_map(|row| row.conversation.as_ref().map(ToString::to_string)).collect()
}

proptest! {
    #![proptest_config(cases(160))]

    #[test]
    fn every_real_call_counts_once_with_its_whole_usage(plans in vec(plan(), 1..6), chunk in 100usize..4000) {
        let world = World::new(&plans);
        let settled = settled(&world.files, &options(chunk));
        prop_assert_eq!(counted_calls(&settled), world.truth.calls);
        prop_assert_eq!(remainder(&settled), TokenUsage::default());
        prop_assert_eq!(conversations(&settled), world.truth.sessions);
        for row in settled.rows.iter() {
            let is_torn = row.conversation.is_some_and(|session| world.truth.torn.contains(session.as_str()));
            let quality = if is_torn { Quality::Partial } else { Quality::Exact };
            prop_assert_eq!(settled.owners[row.owner].quality, quality, "{:?}", settled.owners);
        }
    }

    #[test]
    fn names_and_copies_of_files_change_nothing(plans in vec(plan(), 1..5), salt in any::<u64>(), every in 1usize..4) {
        let world = World::new(&plans);
        let once = settled(&world.files, &options(4000));
        let mut shuffled = Files::new();
        for (nth, (name, bytes)) in world.files.iter().enumerate() {
            let folder = (nth as u64 + 1).wrapping_mul(salt | 1) % 97;
            shuffled.insert(format!("{folder:02}/{name}"), bytes.clone());
            if nth % every == 0 {
                // A copy that was made a while ago.
                let cut = bytes.len() - bytes.len() / 3;
                shuffled.insert(format!("backup/{name}"), bytes[..cut].to_vec());
            }
        }
        let again = settled(&shuffled, &options(700));
        same!(without_defects(&once, &again), "shuffled and copied");
    }
}
