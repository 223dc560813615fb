//! Codex homes: folders of rollouts as version 0.98 writes them, forks, sub-agents and archives among them. Records of every
//! second one are numbered, as from 0.154 on.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::random::Random;
use super::text;
use super::{Clock, Counted, PIECE, Tokens, Totals};

const MODELS: &[&str] = &["gpt-5.3-codex", "gpt-5.2-codex"];

/// Writes a home of about this many bytes, and says what it holds.
pub fn write_codex_home(folder: &Path, seed: u64, bytes: u64) -> io::Result<Totals> {
    let mut home = Home {
        folder: folder.to_owned(),
        random: Random::new(seed),
        clock: Clock::new(),
        begun: 0,
        written: 0,
        totals: Totals::default(),
    };
    let (mut conversations, mut calls) = (0, 0);
    let mut latest: Option<Rollout> = None;
    while home.written < bytes {
        let parent = latest.take().filter(|_| home.random.one_in(6));
        let mut rollout = match parent {
            Some(parent) if home.random.one_in(2) => home.fork(&parent)?,
            Some(parent) => home.sub_agent(&parent)?,
            None => home.begin(Value::Null)?,
        };
        let turns = home.random.between(1, 12);
        for _ in 0..turns {
            home.turn(&mut rollout)?;
        }
        rollout.out.flush()?;
        home.written += rollout.out.written;
        conversations += 1;
        calls += rollout.calls;
        if home.random.one_in(20) {
            home.written += home.archive(&rollout)?;
        }
        latest = Some(rollout);
    }
    home.totals.conversations = Some(conversations);
    home.totals.calls = Some(calls);
    Ok(home.totals)
}

struct Home {
    folder: PathBuf,
    random: Random,
    clock: Clock,
    begun: u64,
    written: u64,
    totals: Totals,
}

/// One rollout while it is written.
struct Rollout {
    path: PathBuf,
    id: String,
    header: Value,
    out: Counted<BufWriter<File>>,
    /// What the counter says.
    total: Tokens,
    last: Tokens,
    calls: u64,
    /// The number of the next record, in the newer form, which every second rollout has.
    ordinal: Option<u64>,
}

impl Rollout {
    fn write(&mut self, clock: Clock, kind: &str, payload: &Value) -> io::Result<()> {
        let (time, number) = (clock.format(SecondsFormat::Millis), self.number());
        writeln!(self.out, "{{\"timestamp\":\"{time}\",{number}\"type\":\"{kind}\",\"payload\":{payload}}}")
    }

    fn number(&mut self) -> String {
        self.ordinal.as_mut().map_or_else(String::new, |next| {
            *next += 1;
            format!("\"ordinal\":{},", *next - 1)
        })
    }
}

impl Home {
    fn begin(&mut self, lineage: Value) -> io::Result<Rollout> {
        self.clock.advance_ms(self.random.between(60_000, 900_000));
        let id = self.random.uuid_at(self.clock.unix_ms()).to_string();
        let time = self.clock.format(SecondsFormat::Millis);
        let folder = self.folder.join("sessions").join(time[..10].replace('-', "/"));
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("rollout-{}-{id}.jsonl", time[..19].replace(':', "-")));
        let mut header = json!({
            "id": id, "timestamp": time, "cwd": "/srv/harbour", "originator": "codex_exec", "cli_version": "0.98.0",
            "source": "exec", "model_provider": "openai",
            "base_instructions": {"text": text::words(&mut self.random, 1800)},
            "git": {"commit_hash": self.random.hex(32), "branch": "main"},
        });
        if let (Some(header), Value::Object(lineage)) = (header.as_object_mut(), lineage) {
            header.extend(lineage);
        }
        let out = Counted::new(BufWriter::with_capacity(PIECE, File::create(&path)?));
        let (total, last) = (Tokens::default(), Tokens::default());
        self.begun += 1;
        let ordinal = self.begun.is_multiple_of(2).then_some(0);
        let mut rollout = Rollout { path, id, header, out, total, last, calls: 0, ordinal };
        let header = rollout.header.clone();
        rollout.write(self.clock, "session_meta", &header)?;
        Ok(rollout)
    }

    /// A conversation that begins with all that was said in another one.
    fn fork(&mut self, parent: &Rollout) -> io::Result<Rollout> {
        let mut rollout = self.begin(json!({"forked_from_id": parent.id}))?;
        for line in fs::read_to_string(&parent.path)?.lines() {
            let time = self.clock.format(SecondsFormat::Millis);
            let rest = line.split_once("\"type\"").map_or("", |(_, rest)| rest);
            let number = rollout.number();
            writeln!(rollout.out, "{{\"timestamp\":\"{time}\",{number}\"type\"{rest}")?;
            self.clock.advance_micros(90);
        }
        self.clock.advance_ms(1);
        (rollout.total, rollout.last) = (parent.total, parent.last);
        Ok(rollout)
    }

    /// A conversation of a sub-agent, whose counter starts at zero.
    fn sub_agent(&mut self, parent: &Rollout) -> io::Result<Rollout> {
        let source = json!({"subagent": {"thread_spawn": {"parent_thread_id": parent.id, "depth": 1}}});
        let mut rollout = self.begin(json!({"forked_from_id": parent.id, "source": source}))?;
        let header = parent.header.clone();
        rollout.write(self.clock, "session_meta", &header)?;
        Ok(rollout)
    }

    /// The same rollout once more, where old ones are kept.
    fn archive(&self, rollout: &Rollout) -> io::Result<u64> {
        let folder = self.folder.join("archived_sessions");
        fs::create_dir_all(&folder)?;
        fs::copy(&rollout.path, folder.join(rollout.path.file_name().expect("a file")))
    }

    fn turn(&mut self, rollout: &mut Rollout) -> io::Result<()> {
        self.clock.advance_ms(self.random.between(2_000, 60_000));
        if rollout.calls > 0 {
            // A resumed conversation shows where its counter stood.
            self.reading(rollout)?;
        }
        let turn = self.random.uuid_at(self.clock.unix_ms()).to_string();
        rollout.write(self.clock, "event_msg", &json!({"type": "task_started", "turn_id": turn}))?;
        let model = self.random.pick(MODELS);
        let instructions = text::words(&mut self.random, 150);
        let context = json!({
            "turn_id": turn, "cwd": "/srv/harbour", "approval_policy": "never", "model": model, "effort": "high",
            "summary": "auto", "user_instructions": instructions,
        });
        rollout.write(self.clock, "turn_context", &context)?;
        let prompt = text::message(&mut self.random);
        self.item(
            rollout,
            &json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}),
        )?;
        for _ in 0..self.random.between(2, 14) {
            self.call(rollout)?;
        }
        let answer = text::message(&mut self.random);
        let event = json!({"type": "agent_message", "message": answer});
        rollout.write(self.clock, "event_msg", &event)?;
        self.item(
            rollout,
            &json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]}),
        )?;
        let event =
            json!({"type": "task_complete", "turn_id": turn, "last_agent_message": answer, "duration_ms": 9000});
        rollout.write(self.clock, "event_msg", &event)
    }

    /// A request that ends in a tool's work.
    fn call(&mut self, rollout: &mut Rollout) -> io::Result<()> {
        self.clock.advance_ms(self.random.between(900, 20_000));
        let thoughts: String = (0..self.random.between(12, 80)).map(|_| self.random.hex(32)).collect();
        let summary = text::words(&mut self.random, 30);
        self.item(
            rollout,
            &json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": summary}], "encrypted_content": thoughts}),
        )?;
        let call_id = format!("call_{}", self.random.hex(24));
        let arguments = json!({"command": ["bash", "-lc", text::command(&mut self.random)]}).to_string();
        self.item(
            rollout,
            &json!({"type": "function_call", "name": "shell", "arguments": arguments, "call_id": call_id}),
        )?;
        self.count(rollout);
        self.reading(rollout)?;
        let lines = self.random.between(2, 260);
        let output = json!({"output": text::tool_output(&mut self.random, lines), "metadata": {"exit_code": 0}});
        self.item(rollout, &json!({"type": "function_call_output", "call_id": call_id, "output": output.to_string()}))?;
        if self.random.one_in(8) {
            self.reading(rollout)?;
        }
        Ok(())
    }

    fn item(&mut self, rollout: &mut Rollout, payload: &Value) -> io::Result<()> {
        self.clock.advance_ms(1);
        rollout.write(self.clock, "response_item", payload)
    }

    fn count(&mut self, rollout: &mut Rollout) {
        let input = self.random.between(9_000, 180_000);
        let output = self.random.between(20, 2_500);
        let tokens = Tokens {
            input,
            cache_read: input * self.random.between(0, 97) / 100,
            output,
            reasoning: output * self.random.between(0, 80) / 100,
        };
        rollout.total += tokens;
        rollout.last = tokens;
        rollout.calls += 1;
        self.totals.add(tokens);
    }

    fn reading(&mut self, rollout: &mut Rollout) -> io::Result<()> {
        let (time, used) = (self.clock.format(SecondsFormat::Millis), self.random.between(0, 100));
        let number = rollout.number();
        let (total, last, resets_at) = (usage(rollout.total), usage(rollout.last), self.clock.unix_seconds() + 9_000);
        writeln!(
            rollout.out,
            "{{\"timestamp\":\"{time}\",{number}\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\"info\":{{\
             \"total_token_usage\":{total},\"last_token_usage\":{last},\"model_context_window\":258400}},\
             \"rate_limits\":{{\"limit_id\":\"codex\",\"primary\":{{\"used_percent\":{used}.0,\"window_minutes\":300,\
             \"resets_at\":{resets_at}}},\"secondary\":{{\"used_percent\":31.0,\"window_minutes\":10080,\
             \"resets_at\":1790697271}},\"credits\":null,\"plan_type\":\"pro\"}}}}}}"
        )
    }
}

fn usage(tokens: Tokens) -> String {
    let Tokens { input, cache_read, output, reasoning } = tokens;
    format!(
        "{{\"input_tokens\":{input},\"cached_input_tokens\":{cache_read},\"output_tokens\":{output},\
         \"reasoning_output_tokens\":{reasoning},\"total_tokens\":{}}}",
        tokens.total()
    )
}
