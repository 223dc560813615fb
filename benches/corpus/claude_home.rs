//! A home of Claude Code: session files of many projects, with what makes them hard to count. Messages stand on
//! several lines while they grow, resumed sessions copy the one before, sub-agents have files of their own and
//! may begin with their parent's lines, other records repeat usage, and a last line may be torn.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::SecondsFormat;
use serde_json::json;
use uuid::Uuid;

use super::random::Random;
use super::{Clock, PIECE, Tokens, Totals, text};

const MODELS: [&str; 2] = ["claude-opus-4-6", "claude-sonnet-4-5-20250929"];
const HELPER: &str = "claude-haiku-4-5-20251001";
const PROJECTS: [&str; 5] = ["meadow", "orchard", "harbour", "lantern", "tides"];

/// Sizes of session files in bytes: most are small, some are not.
const SIZES: [(u64, u64); 4] = [(20_000, 200_000), (200_000, 900_000), (900_000, 4_000_000), (4_000_000, 24_000_000)];

/// Writes session files of about this many bytes in all.
pub fn write_claude_home(folder: &Path, seed: u64, bytes: u64) -> io::Result<Totals> {
    let mut home = Home { folder: folder.to_owned(), random: Random::new(seed), clock: Clock::new(), written: 0 };
    let mut totals = Totals::default();
    let mut calls = 0;
    let mut conversations = 0;
    let mut last: Option<Copied> = None;
    while home.written < bytes {
        // One in six resumes the session before: what that one wrote stands in the new file too.
        let copied = last.take().filter(|_| home.random.one_in(6));
        let (session, copy) = home.session(copied, bytes)?;
        totals.add(session.sum);
        calls += session.calls;
        conversations += u64::from(session.calls > 0);
        last = copy;
    }
    totals.calls = Some(calls);
    totals.conversations = Some(conversations);
    totals.reasoning_output_tokens = None;
    Ok(totals)
}

struct Home {
    folder: PathBuf,
    random: Random,
    clock: Clock,
    written: u64,
}

/// A small session's lines, to be resumed.
struct Copied {
    project: usize,
    session: Uuid,
    lines: String,
}

/// What a session used itself.
#[derive(Default)]
struct Used {
    calls: u64,
    sum: Tokens,
}

/// One file being written.
struct Transcript<'a> {
    random: &'a mut Random,
    clock: &'a mut Clock,
    session: Uuid,
    project: usize,
    model: &'static str,
    is_sidechain: bool,
    cached: u64,
    used: Used,
    /// Whole lines, until they are written.
    lines: String,
}

impl Home {
    fn session(&mut self, copied: Option<Copied>, most: u64) -> io::Result<(Used, Option<Copied>)> {
        let session = self.random.uuid();
        let project = copied.as_ref().map_or(self.random.between(0, 4) as usize, |copied| copied.project);
        let size = match self.random.between(0, 99) {
            0..50 => SIZES[0],
            50..80 => SIZES[1],
            80..96 => SIZES[2],
            _ => SIZES[3],
        };
        let size = self.random.between(size.0, size.1).min(most / 4);
        let model = MODELS[usize::from(self.random.one_in(3))];
        let projects = self.folder.join("projects").join(format!("-srv-{}", PROJECTS[project]));
        let (random, clock) = (&mut self.random, &mut self.clock);
        let (used, lines) = (Used::default(), String::new());
        let mut main =
            Transcript { random, clock, session, project, model, is_sidechain: false, cached: 0, used, lines };
        if let Some(copied) = copied {
            main.lines.push_str(&copied.lines.replace(&copied.session.to_string(), &session.to_string()));
        }
        let mut file = create(&projects.join(format!("{session}.jsonl")))?;
        let (mut length, mut whole) = (0, String::new());
        while length < size {
            main.turn();
            length += main.lines.len() as u64;
            if size <= SIZES[0].1 {
                whole.push_str(&main.lines);
            }
            file.write_all(main.lines.as_bytes())?;
            main.lines.clear();
        }
        let mut used = std::mem::take(&mut main.used);
        if main.random.one_in(50) {
            // The process died while it wrote.
            main.message(1);
            let torn = main.lines.len() / 3;
            let torn = (0..=torn).rev().find(|at| main.lines.is_char_boundary(*at)).unwrap_or(0);
            file.write_all(&main.lines.as_bytes()[..torn])?;
            main.lines.clear();
        }
        file.flush()?;
        self.written += length;
        for agent in 0..self.random.between(0, 7).saturating_sub(4) {
            let parent: String = whole.split_inclusive('\n').take(3).collect();
            let sub = self.sub_agent(session, project, size / 4, &parent, agent)?;
            used.calls += sub.calls;
            used.sum += sub.sum;
        }
        let copy = (!whole.is_empty()).then_some(Copied { project, session, lines: whole });
        Ok((used, copy))
    }

    fn sub_agent(&mut self, session: Uuid, project: usize, size: u64, parent: &str, nth: u64) -> io::Result<Used> {
        let projects = self.folder.join("projects").join(format!("-srv-{}", PROJECTS[project]));
        let name = format!("agent-{}.jsonl", self.random.hex(8));
        let mut file = create(&projects.join(session.to_string()).join("subagents").join(name))?;
        if nth == 0 {
            let replay = parent.replace("\"isSidechain\":false", "\"isSidechain\":true");
            file.write_all(replay.as_bytes())?;
        }
        let (random, clock) = (&mut self.random, &mut self.clock);
        let (used, lines) = (Used::default(), String::new());
        let mut agent =
            Transcript { random, clock, session, project, model: HELPER, is_sidechain: true, cached: 0, used, lines };
        let mut length = 0;
        while length < size {
            agent.turn();
            length += agent.lines.len() as u64;
            file.write_all(agent.lines.as_bytes())?;
            agent.lines.clear();
        }
        self.written += length;
        file.flush()?;
        Ok(std::mem::take(&mut agent.used))
    }
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(BufWriter::with_capacity(PIECE, File::create(path)?))
}

impl Transcript<'_> {
    /// A prompt, and answers until one asks for no tool.
    fn turn(&mut self) {
        let prompt = json!(text::message(self.random));
        self.record("user", &format!("\"message\":{{\"role\":\"user\",\"content\":{prompt}}}"));
        for _ in 0..self.random.between(1, 9) {
            let lines = self.random.between(1, 3);
            self.message(lines);
            self.tool_result();
        }
        self.message(1);
    }

    /// A response on so many lines, the last of which has its whole output.
    fn message(&mut self, lines: u64) {
        let usage = Tokens4 {
            input: self.random.between(1, 12),
            written: self.random.between(200, 6_000),
            read: self.cached,
            output: self.random.between(40, 1_600),
        };
        self.cached = (self.cached + usage.written) % 170_000;
        let (id, request) = (self.random.hex(22), self.random.hex(22));
        for line in 1..=lines {
            let is_last = line == lines;
            let content = if is_last && lines > 1 { self.tool_use() } else { self.text() };
            let output = if is_last { usage.output } else { self.random.between(1, 3) };
            let stop = if is_last { "\"tool_use\"" } else { "null" };
            let model = self.model;
            let Tokens4 { input, written, read, .. } = usage;
            self.record(
                "assistant",
                &format!(
                    "\"message\":{{\"model\":\"{model}\",\"id\":\"msg_{id}\",\"type\":\"message\",\
                     \"role\":\"assistant\",\"content\":[{content}],\"stop_reason\":{stop},\"stop_sequence\":null,\
                     \"usage\":{{\"input_tokens\":{input},\"cache_creation_input_tokens\":{written},\
                     \"cache_read_input_tokens\":{read},\"cache_creation\":{{\"ephemeral_5m_input_tokens\":{written},\
                     \"ephemeral_1h_input_tokens\":0}},\"output_tokens\":{output},\"service_tier\":\"standard\"}}}},\
                     \"requestId\":\"req_{request}\""
                ),
            );
        }
        self.used.calls += 1;
        self.used.sum += Tokens {
            input: usage.input + usage.written + usage.read,
            cache_read: usage.read,
            output: usage.output,
            reasoning: 0,
        };
    }

    fn text(&mut self) -> String {
        format!("{{\"type\":\"text\",\"text\":{}}}", json!(text::message(self.random)))
    }

    /// An edit of a file, or a command.
    fn tool_use(&mut self) -> String {
        let input = match self.random.one_in(2) {
            true => json!({"command": text::command(self.random), "description": text::words(self.random, 6)}),
            false => {
                let lines = self.random.between(3, 60);
                let (old, new) = (text::tool_output(self.random, lines / 2), text::tool_output(self.random, lines));
                json!({"file_path": text::file(self.random), "old_string": old, "new_string": new})
            }
        };
        format!(
            "{{\"type\":\"tool_use\",\"id\":\"toolu_{}\",\"name\":\"Edit\",\"input\":{input}}}",
            self.random.hex(22)
        )
    }

    /// What a tool printed, twice as its writer does; now and then with usage that is counted elsewhere.
    fn tool_result(&mut self) {
        let lines = match self.random.between(0, 9) {
            0..5 => self.random.between(1, 20),
            5..9 => self.random.between(20, 150),
            _ => self.random.between(150, 900),
        };
        let printed = json!(text::tool_output(self.random, lines));
        let result = match self.random.one_in(30) {
            true => "{\"status\":\"completed\",\"totalTokens\":9,\"usage\":{\"input_tokens\":4,\"output_tokens\":5}}"
                .to_owned(),
            false => format!("{{\"stdout\":{printed},\"stderr\":\"\",\"interrupted\":false}}"),
        };
        let tool = self.random.hex(22);
        self.record(
            "user",
            &format!(
                "\"message\":{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\"toolu_{tool}\",\
                 \"type\":\"tool_result\",\"content\":{printed}}}]}},\"toolUseResult\":{result}"
            ),
        );
    }

    /// Writes a record of this kind with these members of its own.
    fn record(&mut self, kind: &str, members: &str) {
        self.clock.advance_ms(self.random.between(80, 4_000));
        let time = self.clock.format(SecondsFormat::Millis);
        let (session, project, side) = (self.session, PROJECTS[self.project], self.is_sidechain);
        let (parent, id) = (self.random.uuid(), self.random.uuid());
        self.lines.push_str(&format!(
            "{{\"parentUuid\":\"{parent}\",\"isSidechain\":{side},\"userType\":\"external\",\
             \"cwd\":\"/srv/{project}\",\"sessionId\":\"{session}\",\"version\":\"2.1.41\",\"gitBranch\":\"main\",\
             \"type\":\"{kind}\",{members},\"uuid\":\"{id}\",\"timestamp\":\"{time}\"}}\n"
        ));
    }
}

/// Tokens in the provider's disjoint buckets.
#[derive(Clone, Copy)]
struct Tokens4 {
    input: u64,
    written: u64,
    read: u64,
    output: u64,
}
