//! forge's ledgers: append-only Markdown, an entry a run, the tail of the harness's output in a
//! fence that is not escaped.
//!
//! Everything between an entry's fences was printed by a program that an agent drives: an entry
//! begins only where the writer's exact header stands. This file knows no harness.

mod front_matter;
mod pass;

use std::borrow::Cow;

use uuid::Uuid;

use crate::event::{Id, Run, RunId, Time};
use crate::parse::format::{Format, Hit, LOOK, Lines, Shape};
use crate::parse::lines::{clean, lines, lines_backwards};
use crate::parse::mark::{Behind, Entry, Mark, MarkKind};
use crate::parse::needles::Needle;
use front_matter::FrontMatter;
pub(in crate::parse) use pass::Pass;

/// forge's ledgers: `.forge/ledgers/*.md` of a repository.
pub(in crate::parse) static FORMAT: Format =
    Format { name: "forge-ledger", harness: None, roots: &[], sniff, shape: Shape::Ledger };

/// The ledger's own lines that matter.
pub(in crate::parse) const LINES: Lines =
    Lines::new(None, &[Needle::new("\n## 2", "## 2"), Needle::new("\n### Git Summary", "## G")], read);

const FENCE: &str = "```";

/// As many fields as an entry has.
const USUAL_FIELDS: usize = 16;

fn sniff(head: &[u8]) -> bool {
    FrontMatter::read(head).is_some()
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    if line.starts_with("## ") {
        if let Some(entry) = header(hit, &line) {
            marks.push(hit.mark(None, MarkKind::Entry(Box::new(entry))));
        }
    } else if line == "### Git Summary" && behind(hit.before()) != Behind::Text && opens_fence(hit) {
        marks.push(hit.mark(None, MarkKind::GitSummary));
    }
}

/// A heading is followed by a blank line and a fence of its own.
fn opens_fence(hit: &Hit<'_>) -> bool {
    hit.following().find(|line| !line.is_empty()).is_some_and(|line| line == FENCE)
}

/// `- <key>: <value>`.
struct Field<'a> {
    line: Cow<'a, str>,
    /// Where the colon stands in it.
    colon: usize,
}

impl Field<'_> {
    fn key(&self) -> &str {
        self.line.get("- ".len()..self.colon).unwrap_or_default()
    }

    fn value(&self) -> &str {
        self.line.get(self.colon + ": ".len()..).unwrap_or_default()
    }
}

/// `## <time>`, a blank line, `- run_id: <uuid>`, `- loop_name: …`, more keys, a blank line.
fn header(hit: &Hit<'_>, line: &str) -> Option<Entry> {
    let appended = Time::parse(line.strip_prefix("## ")?)?;
    let mut offset = hit.base + hit.line.end as u64 + 1;
    let mut fields = Vec::with_capacity(USUAL_FIELDS);
    let mut output = None;
    let mut blanks = 0;
    let from = (hit.line.end + 1).min(hit.text.len());
    let to = (from + LOOK).min(hit.text.len());
    for raw in lines(&hit.text[from..to]) {
        let line = clean(raw);
        let colon = line.strip_prefix("- ").and_then(|field| field.find(": "));
        match (&*line, blanks, colon) {
            ("", 0 | 1, _) => blanks += 1,
            // An empty value loses its blank to trimming editors.
            (_, 1, None) if line.starts_with("- ") && line.ends_with(':') => {}
            (_, 1, Some(colon)) => fields.push(Field { line, colon: "- ".len() + colon }),
            // A workflow's steps stand between the fields and the output.
            ("", 2, _) | ("### Steps", 2, _) => {}
            (_, 2, Some(_)) if line.contains(" [") => {}
            (_, 2, _) if line.starts_with("- ") && line.contains("] status=") => {}
            (FENCE, 2, _) => {
                output = Some(offset);
                break;
            }
            _ => break,
        }
        offset += raw.len() as u64 + 1;
    }
    let is_writers = fields.first().is_some_and(|field| field.key() == "run_id")
        && fields.get(1).is_some_and(|field| matches!(field.key(), "loop_name" | "workflow_name"));
    let run = run(&fields).filter(|_| is_writers)?;
    let run = Run { over_by: Some(appended).filter(|_| run.finished_at.is_none()), ..run };
    Some(Entry { run, output, appended, behind: behind(hit.before()) })
}

fn run(fields: &[Field<'_>]) -> Option<Run> {
    // The first of each key counts.
    let get = |name: &str| fields.iter().find(|field| field.key() == name).map(Field::value);
    let id = |name: &str| get(name).filter(|value| !value.is_empty()).map(Id::from);
    let time = |name: &str| get(name).and_then(Time::parse);
    Some(Run {
        id: run_id(get("run_id")?)?,
        loop_name: id("loop_name").or_else(|| id("workflow_name")),
        repo: None,
        profile: id("profile"),
        harness: id("harness"),
        auth_kind: id("auth_kind"),
        status: id("status"),
        exit_code: get("exit_code").and_then(|code| code.trim().parse().ok()),
        started_at: time("started_at"),
        finished_at: time("finished_at"),
        over_by: None,
    })
}

/// Loops number their runs with UUIDs, workflows with `wfr_` and a word.
fn run_id(text: &str) -> Option<RunId> {
    let of_workflow = text.strip_prefix("wfr_").is_some_and(|word| {
        !word.is_empty() && word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    if of_workflow { Some(text.into()) } else { Uuid::try_parse(text).ok().map(|id| id.to_string().into()) }
}

/// What a header stands behind, and the blank line that the writer puts before it. Where Git marks two sides of a
/// merge is as good as blank; what people write under a title is no output.
fn behind(before: &[u8]) -> Behind {
    let is_title = |line: &str| line.starts_with("# Loop Ledger:") || line.starts_with("# Workflow Ledger:");
    let is_field = |line: &str| line.starts_with("- ") && (line.contains(':') || line.contains("] status="));
    let mut backwards = lines_backwards(before)
        .map(|(_, line)| clean(line))
        .skip_while(|line| ["<<<<<<< ", "=======", ">>>>>>> "].iter().any(|marker| line.starts_with(marker)))
        .peekable();
    let is_parted = backwards.peek().is_none_or(|line| line.is_empty());
    match backwards.find(|line| !line.is_empty()) {
        Some(line) if is_title(&line) => Behind::Title,
        Some(line) if is_parted && (line == FENCE || is_field(&line)) => Behind::Entry,
        Some(_) if backwards.take_while(|line| !line.starts_with(FENCE)).any(|line| is_title(&line)) => Behind::Title,
        Some(_) => Behind::Text,
        None => Behind::Entry,
    }
}

#[cfg(test)]
mod tests {
    use super::behind;
    use crate::parse::mark::Behind;

    #[test]
    fn a_header_follows_a_closed_fence_fields_or_the_title() {
        assert_eq!(behind(b"text\n```\n\n"), Behind::Entry);
        assert_eq!(behind(b"- exit_code: 0\n\n"), Behind::Entry);
        assert_eq!(behind(b"# Loop Ledger: night\n\n"), Behind::Title);
        assert_eq!(behind(b"# Loop Ledger: night\n\nThe night shift.\n\n"), Behind::Title);
        assert_eq!(behind(b"# Loop Ledger: night\n\n```\n\nThe night shift.\n\n"), Behind::Text);
        assert_eq!(behind(b"text\n\n"), Behind::Text);
        assert_eq!(behind(b"```\n"), Behind::Text);
    }

    #[test]
    fn what_git_puts_between_two_sides_of_a_merge_is_as_good_as_blank() {
        assert_eq!(behind(b"```\n\n<<<<<<< HEAD\n"), Behind::Entry);
        assert_eq!(behind(b"```\n\n=======\n"), Behind::Entry);
        assert_eq!(behind(b"text\n\n=======\n"), Behind::Text);
    }
}
