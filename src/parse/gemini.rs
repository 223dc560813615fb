//! Gemini CLI's recorded chats (`tmp/<project>/chats/*.json`, newer ones `*.jsonl`): one object with its messages,
//! or its members and messages a line each, some of them again when they grew.
//!
//! `input` includes what was read from the cache; `output` leaves thoughts out, and `input` what tools were asked
//! with (<https://ai.google.dev/api/generate-content#UsageMetadata>).

mod message;
mod output;

pub(super) use self::output::OUTPUT;

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use self::message::{Changes, Message, is_question, messages, work};
use self::output::HARNESS;
use super::document::{self, Layout, Piece};
use super::format::{FileName, Format, Home, Root, Shape};
use super::json::{Text, part};
use super::lines::{id, key, model};
use super::mark::{Mark, MarkKind};
use crate::event::{Call, CallKey, Conversation, Defect, Fact, Id, Time, Uncounted};

/// Gemini CLI's chats: `~/.gemini/tmp/*/chats/*.json`.
pub(super) static FORMAT: Format =
    Format { name: "gemini-chat", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Document(read) };

const ROOT: Root = Root {
    homes: &[Home::Variable("GEMINI_CLI_HOME", ".gemini"), Home::User(".gemini*")],
    logs: &["tmp/*/chats"],
    endings: &[".json", ".jsonl"],
};

/// The chat's own members, and those of a message on a line of its own.
const MEMBERS: [&str; 10] =
    ["sessionId", "kind", "startTime", "id", "type", "timestamp", "model", "tokens", "toolCalls", "$set"];

/// So many calls may wait for the chat's name, which nearly always stands before them, and its kind, which may stand last.
const WAITING: usize = 1 << 16;

fn sniff(head: &[u8]) -> bool {
    let Some(start) = document::start_of(head) else { return false };
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    start.starts_with('{') && has("sessionId") && (has("projectHash") || (has("messages") && has("startTime")))
}

fn read(_: FileName<'_>, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let mut chat = Chat {
        emit,
        session: None,
        is_subagent: false,
        is_kind_told: false,
        is_answered: false,
        agents: BTreeMap::new(),
        uncounted: BTreeSet::new(),
        waiting: Vec::new(),
        own: Own::default(),
        is_torn: false,
        is_of_lines: false,
        position: 0,
        began: 0,
    };
    let read = document::read(input, Layout::Wholes("messages", &MEMBERS), &mut |piece| chat.take(piece));
    chat.release();
    chat.tell_agents();
    chat.tell_answered();
    chat.tell_uncounted();
    if read.is_ok() {
        chat.tell_end();
    }
    read
}

/// A chat being read.
struct Chat<'e> {
    emit: &'e mut dyn FnMut(Mark),
    session: Option<Id>,
    is_subagent: bool,
    /// Whether its kind is told, which chats of people in older versions don't.
    is_kind_told: bool,
    /// Its sub-agents, and where and when one is told to have worked.
    agents: BTreeMap<Id, Option<(u64, Option<Time>)>>,
    /// Whether a model answered without telling what it used, which the reader doesn't know yet.
    is_answered: bool,
    /// Answers that tell nothing of what they used, unless they were written again.
    uncounted: BTreeSet<Id>,
    /// Calls, each with its message's own key and where that stands, until the chat's name and kind are known.
    waiting: Vec<(Id, Call, Option<Time>, u64)>,
    /// The members of the object, which may be a message itself.
    own: Own,
    /// Whether something can't be read that may be an answer.
    is_torn: bool,
    /// Whether the chat has a line for each message, as what stands behind a whole object tells.
    is_of_lines: bool,
    position: u64,
    /// Where the latest whole message or line stands, or what can't be read.
    began: u64,
}

/// Members of an object, as JSON.
#[derive(Default)]
struct Own(Vec<(&'static str, String)>);

impl Chat<'_> {
    fn take(&mut self, piece: Piece<'_>) {
        self.position += 1;
        let is_over = !matches!(piece, Piece::Member(..));
        self.understand(piece);
        if is_over {
            self.began = self.position;
        }
    }

    fn understand(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Record(json) => self.message(json),
            Piece::Member("sessionId", json) => self.named(json),
            Piece::Member("kind", json) => self.kind(json),
            Piece::Member("startTime", _) => {}
            Piece::Member("$set", json) => {
                for message in part::<Changes<'_>>(json).map(|changes| changes.messages).unwrap_or_default() {
                    self.message(message.get());
                }
            }
            // What tools were given and gave may be long.
            Piece::Member("toolCalls", json) => self.agents(json),
            Piece::Member(name, json) => self.own.0.push((name, json.to_owned())),
            Piece::End => {
                self.is_of_lines = true;
                self.release_if_known();
                let own = std::mem::take(&mut self.own);
                let is_answer = own.0.iter().any(|(name, json)| (*name, json.as_str()) == ("type", "\"gemini\""));
                self.is_answered |= is_answer;
                if is_answer || own.0.iter().any(|(name, _)| *name == "tokens") {
                    let members: Vec<String> = own.0.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
                    self.message(&format!("{{{}}}", members.join(",")));
                }
                self.tell_answered();
            }
            Piece::Defect(defect, beginning) => {
                self.own = Own::default();
                // How many members of it can be read depends on where it is torn.
                self.position = self.began + 1;
                let messages = if self.is_of_lines { messages(beginning) } else { 1 };
                if messages == 1 && is_question(beginning) {
                    return (self.emit)(document::defect_aside(self.position, defect));
                }
                self.is_torn = true;
                for more in 0..messages {
                    self.position += u64::from(more > 0);
                    self.defect(defect);
                }
            }
        }
    }

    fn named(&mut self, json: &str) {
        let Some(session) = part::<Text<'_>>(json).ok().and_then(|text| text.get().and_then(id)) else { return };
        if self.session.as_ref() == Some(&session) {
            return;
        }
        let is_subagent = self.is_subagent;
        let conversation = Conversation { begins: true, is_subagent, ..Conversation::new(session.clone()) };
        self.session = Some(session.clone());
        self.tell(self.position, session, Fact::Conversation(Box::new(conversation)));
        self.release_if_known();
    }

    /// Learns whose chat it is, which may stand behind its name and its messages.
    fn kind(&mut self, json: &str) {
        self.is_kind_told = true;
        let is_news = !std::mem::replace(&mut self.is_subagent, json == "\"subagent\"") && self.is_subagent;
        if let Some(session) = self.session.clone().filter(|_| is_news) {
            let conversation = Conversation { is_subagent: true, ..Conversation::new(session.clone()) };
            self.tell(self.position, session, Fact::Conversation(Box::new(conversation)));
        }
        self.release_if_known();
    }

    fn message(&mut self, json: &str) {
        let message: Message<'_> = match part(json) {
            Ok(message) => message,
            Err(defect) => return self.defect(defect),
        };
        if let Some(calls) = message.tool_calls {
            self.agents(calls.get());
        }
        if !message.r#type.is("gemini") {
            return;
        }
        // An id may be of any length.
        let name = key(message.id.get().or(message.timestamp.get()).unwrap_or(""));
        let Some(tokens) = message.tokens else {
            self.is_answered = true;
            if self.uncounted.len() < WAITING {
                self.uncounted.insert(name);
            }
            return;
        };
        self.uncounted.remove(&name);
        let usage = tokens.usage();
        if usage.is_zero() {
            return;
        }
        let time = message.timestamp.get().and_then(Time::parse);
        let call = Call {
            model: message.model.get().and_then(model),
            is_logged: true,
            ..Call::new(CallKey::Message(name.clone()), usage)
        };
        self.waiting.push((name, call, time, self.position));
        match self.waiting.len() {
            WAITING.. => self.release(),
            _ => self.release_if_known(),
        }
    }

    /// Learns of sub-agents that tools had work, whose chats are named after them.
    fn agents(&mut self, json: &str) {
        for work in work(json) {
            if let Some(agent) = work.agent().filter(|_| self.agents.len() < WAITING) {
                let told = self.agents.entry(agent).or_default();
                *told = told.or(work.is_done().then_some((self.position, work.time())));
            }
        }
    }

    /// Says who worked for the chat: how much they used, their own chats tell.
    fn tell_agents(&mut self) {
        let Some(session) = self.session.clone() else { return };
        for (agent, done) in std::mem::take(&mut self.agents) {
            let named = Conversation { parent: Some(session.clone()), ..Conversation::new(agent.clone()) };
            let named = Conversation { is_subagent: true, ..named };
            self.tell(self.position, agent.clone(), Fact::Conversation(Box::new(named)));
            if let Some((position, time)) = done {
                let uncounted = Uncounted::work(session.clone(), agent, None);
                let mark = MarkKind::Fact(Fact::Uncounted(Box::new(uncounted)));
                (self.emit)(document::mark(position, HARNESS, mark).at(time).of(Some(session.clone())));
            }
        }
    }

    /// Says that a model answered: without any count, the chat used an unknown amount.
    fn tell_answered(&mut self) {
        let Some(session) = self.session.clone().filter(|_| std::mem::take(&mut self.is_answered)) else { return };
        let conversation = Conversation { is_answered: true, ..Conversation::new(session.clone()) };
        self.tell(self.position, session, Fact::Conversation(Box::new(conversation)));
    }

    /// Says that there are answers that used an unknown amount, whatever others tell.
    fn tell_uncounted(&mut self) {
        let Some(session) = self.session.clone().filter(|_| !self.uncounted.is_empty()) else { return };
        self.tell(self.position, session.clone(), Fact::Unfinished(session));
    }

    /// Says where a whole chat ends, behind wherever a copy of it may break off. Older versions give the chats of
    /// sub-agents their caller's name.
    fn tell_end(&mut self) {
        let Some(session) = self.session.clone().filter(|_| !self.is_torn) else { return };
        if !self.is_subagent {
            let conversation = Conversation { is_main: true, ..Conversation::new(session.clone()) };
            self.tell(self.position, session.clone(), Fact::Conversation(Box::new(conversation)));
        }
        if !self.uncounted.is_empty() {
            return;
        }
        self.tell(self.position + 1, session.clone(), Fact::Ended(session));
    }

    fn tell(&mut self, position: u64, session: Id, fact: Fact) {
        (self.emit)(document::mark(position, HARNESS, MarkKind::Fact(fact)).of(Some(session)));
    }

    /// Hands on what waited, once it is known whose it is.
    fn release_if_known(&mut self) {
        if self.session.is_some() && (self.is_kind_told || self.is_of_lines) {
            self.release();
        }
    }

    /// Hands on what waited. A message's id is its chat's own.
    fn release(&mut self) {
        let is_subagent = self.is_subagent;
        for (name, call, time, position) in std::mem::take(&mut self.waiting) {
            let session = self.session.clone();
            let key = CallKey::Message(key(&format!("{} {name}", session.as_deref().unwrap_or(""))));
            let agent = session.clone().filter(|_| is_subagent);
            let call = Call { key, conversation: session.clone(), is_subagent, agent, ..call };
            let mark = document::mark(position, HARNESS, MarkKind::Fact(Fact::Call(Box::new(call))));
            (self.emit)(mark.at(time).of(session));
        }
    }

    fn defect(&mut self, defect: Defect) {
        (self.emit)(document::mark(self.position, HARNESS, MarkKind::Fact(Fact::Defect(defect))));
    }
}
