//! What the harness tells its model of tasks in the background: a sub-agent or a workflow of several is done, and used
//! something. The tokens in it are those of the sub-agent's latest call, so they can't be counted.
//!
//! Such a note is queued, and stands again where the model is shown it (2.1.123 and later). Its tokens were a text at
//! first, then `total_tokens`, and are `subagent_tokens` in versions of summer 2026. An agent that was resumed notifies
//! again.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Id, Uncounted};
use crate::parse::json::{Text, part};
use crate::parse::lines::id;

/// So much of a record's beginning tells whether it is such a note.
const HEAD: usize = 1024;

const BEGIN: &str = "<task-notification>";
const END: &str = "</task-notification>";

static NOTE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEGIN));

/// A record that may hold a note.
#[derive(Deserialize)]
struct Holder<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    /// What is done to the queue.
    #[serde(borrow, default)]
    operation: Text<'a>,
    #[serde(borrow, default)]
    content: Text<'a>,
    #[serde(borrow)]
    origin: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    #[serde(borrow)]
    attachment: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment<'a> {
    #[serde(borrow, default)]
    command_mode: Text<'a>,
    #[serde(borrow)]
    prompt: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    text: Text<'a>,
}

/// Whether a record may hold a note.
pub(super) fn seems_note(line: &[u8]) -> bool {
    NOTE.find(&line[..line.len().min(HEAD)]).is_some()
}

/// What notes tell that the harness wrote into a record. Prompts and what tools answer may but quote one.
pub(super) fn told(line: &[u8], conversation: &Id) -> Vec<Uncounted> {
    let texts = std::str::from_utf8(line).ok().and_then(texts_of).unwrap_or_default();
    texts.iter().filter_map(|text| note(text.get()?, conversation)).collect()
}

/// The texts that a record has where the harness puts notes.
fn texts_of(line: &str) -> Option<Vec<Text<'_>>> {
    let holder = part::<Holder<'_>>(line).ok()?;
    match holder.r#type.get()? {
        "queue-operation" if holder.operation.is("enqueue") => Some(vec![holder.content]),
        "user" => {
            part::<Origin<'_>>(holder.origin?.get()).ok().filter(|origin| origin.kind.is("task-notification"))?;
            Some(texts_in(holder.message?.content?))
        }
        "attachment" => {
            let attachment = part::<Attachment<'_>>(holder.attachment?.get()).ok()?;
            attachment.command_mode.is("task-notification").then_some(attachment.prompt).flatten().map(texts_in)
        }
        _ => None,
    }
}

/// A text, or those of a list of blocks.
fn texts_in(content: &RawValue) -> Vec<Text<'_>> {
    match part::<Text<'_>>(content.get()) {
        Ok(text) if text.get().is_some() => vec![text],
        _ => part::<Vec<Block<'_>>>(content.get()).map_or_else(|_| Vec::new(), texts_of_blocks),
    }
}

fn texts_of_blocks(blocks: Vec<Block<'_>>) -> Vec<Text<'_>> {
    blocks.into_iter().map(|block| block.text).collect()
}

/// What a note tells; `None` for what is none, and for one of a task that used no tokens, such as a command.
fn note(text: &str, conversation: &Id) -> Option<Uncounted> {
    let note = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    // What the agent answered stands between its names and its usage.
    let names = note.split("<summary>").next().unwrap_or(note);
    let usage = note.rsplit_once("<usage>")?.1.trim_end().strip_suffix("</usage>")?;
    let tokens = ["subagent_tokens", "total_tokens"].iter().find_map(|key| number(usage, key));
    tokens.or_else(|| number_in_line(usage, "total_tokens: ")).filter(|tokens| *tokens > 0)?;
    let task = element(names, "task-id").and_then(id)?;
    let tool_call = element(names, "tool-use-id").and_then(id);
    let agent_count = number(usage, "agent_count").map(|all| {
        // What failed may have been refused before it used anything, and what was skipped never began.
        number(usage, "agents_done").unwrap_or(if note.contains("<failures>") { 1 } else { all }).clamp(1, all.max(1))
    });
    Some(Uncounted { agent_count, ..Uncounted::work(conversation.clone(), task, tool_call) })
}

/// What the first element of this name holds.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(value, _)| value)
}

fn number(text: &str, name: &str) -> Option<u64> {
    element(text, name)?.trim().parse().ok()
}

fn number_in_line(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.trim().strip_prefix(key))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::told;

    fn note(usage: &str) -> String {
        format!(
            "<task-notification>\n<task-id>a1</task-id>\n<tool-use-id>toolu_1</tool-use-id>\n<status>completed</status>\n\
             <summary>Agent \"look\" finished</summary>\n<result>done</result>\n{usage}\n</task-notification>"
        )
    }

    const NEW: &str = "<usage><subagent_tokens>220</subagent_tokens><tool_uses>3</tool_uses></usage>";

    /// The names and the number of sub-agents in what a record tells.
    fn names(record: &serde_json::Value) -> Vec<(String, Option<u64>)> {
        let told = told(record.to_string().as_bytes(), &"c".into());
        told.into_iter().map(|told| (told.agent.expect("a name").to_string(), told.agent_count)).collect()
    }

    fn queued(text: &str) -> serde_json::Value {
        json!({"type": "queue-operation", "operation": "enqueue", "sessionId": "c", "content": text})
    }

    #[test]
    fn each_form_of_its_usage_tells_of_a_sub_agent() {
        for usage in [
            NEW,
            "<usage><total_tokens>220</total_tokens><tool_uses>3</tool_uses></usage>",
            "<usage>total_tokens: 220\ntool_uses: 3\nduration_ms: 9</usage>",
        ] {
            assert_eq!(names(&queued(&note(usage))), [("a1".to_owned(), None)], "{usage}");
        }
    }

    #[test]
    fn each_place_where_the_harness_puts_it_tells() {
        let text = note(NEW);
        let user = json!({"type": "user", "origin": {"kind": "task-notification"}, "message": {"content": text}});
        let blocks = json!({"type": "user", "origin": {"kind": "task-notification"},
            "message": {"content": [{"type": "text", "text": text}]}});
        let shown = json!({"type": "attachment",
            "attachment": {"type": "queued_command", "prompt": text, "commandMode": "task-notification"}});
        for record in [user, blocks, shown] {
            assert_eq!(names(&record), [("a1".to_owned(), None)], "{record}");
        }
    }

    #[test]
    fn what_quotes_one_tells_nothing() {
        let text = note(NEW);
        for record in [
            json!({"type": "user", "message": {"content": text}}),
            json!({"type": "user", "origin": {"kind": "human"}, "message": {"content": text}}),
            json!({"type": "user", "message": {"content": [{"type": "tool_result", "content": text}]}}),
            json!({"type": "attachment", "attachment": {"prompt": text, "commandMode": "prompt"}}),
            queued(&format!("what does this mean: {text}")),
            queued(&text.replace(NEW, "")),
            queued(
                &text
                    .replace("<result>done</result>", &format!("<result>{NEW}</result>"))
                    .replace(&format!("\n{NEW}\n</task"), "\n</task"),
            ),
            queued(&text.replace("220", "0")),
        ] {
            assert_eq!(names(&record), [], "{record}");
        }
    }

    #[test]
    fn a_workflow_tells_how_many_sub_agents_did_something() {
        let of = |counts: &str| note(&format!("<usage>{counts}<subagent_tokens>9</subagent_tokens></usage>"));
        let count = |text: &str| names(&queued(text)).first().and_then(|(_, count)| *count);
        assert_eq!(count(&of("<agent_count>4</agent_count>")), Some(4));
        assert_eq!(count(&of("<agent_count>4</agent_count><agents_done>3</agents_done>")), Some(3));
        assert_eq!(count(&of("<agent_count>4</agent_count><agents_done>0</agents_done>")), Some(1));
        let failed = of("<agent_count>4</agent_count>").replace("<usage>", "<failures>[a] failed</failures>\n<usage>");
        assert_eq!(count(&failed), Some(1));
    }
}
