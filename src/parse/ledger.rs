//! forge's ledgers: append-only Markdown, an entry a run, the tail of the harness's output in a
//! fence that is not escaped.
//!
//! Everything between an entry's fences was printed by a program that an agent drives: an entry
//! begins only where the writer's exact header stands. This file knows no harness.

use std::collections::HashSet;

use uuid::Uuid;

use super::content::Content;
use super::format::{Entry, Format, Hit, Lines, Mark, MarkKind, Shape};
use super::lines::{clean, lines, lines_backwards};
use super::region::{Region, Sink};
use crate::event::{Defect, Fact, Id, Run, RunId, Time};

/// See the module.
pub(super) static FORMAT: Format = Format { name: "forge-ledger", harness: None, sniff, shape: Shape::Ledger };

/// The ledger's own lines that matter.
pub(super) const LINES: Lines =
    Lines { harness: None, needles: &["\n## 2", "\n### Git Summary"], is_noise: None, read, last_named: None, time: None };

const FENCE: &str = "```";

fn sniff(head: &[u8]) -> bool {
    FrontMatter::read(head).is_some()
}

/// What the ledger says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FrontMatter {
    name: Id,
    repo: Option<Id>,
}

impl FrontMatter {
    /// Reads the block between two `---` at the start; `None` if it isn't a ledger's.
    fn read(head: &[u8]) -> Option<FrontMatter> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let mut lines = lines(head).map(clean);
        if lines.next()? != "---" {
            return None;
        }
        let (mut name, mut repo) = (None, None);
        for line in lines.take(50).take_while(|line| line != "---") {
            match line.split_once(": ") {
                Some(("loop_name" | "workflow_name", value)) => name = Some(Id::from(value)),
                Some(("repo_path", value)) => repo = Some(Id::from(value)),
                _ => {}
            }
        }
        Some(FrontMatter { name: name?, repo })
    }
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    if line.starts_with("## ") {
        if let Some(entry) = header(hit, &line) {
            marks.push(hit.mark(None, MarkKind::Entry(Box::new(entry))));
        }
    } else if line == "### Git Summary" && follows_fence_or_header(hit.before()) && opens_fence(hit) {
        marks.push(hit.mark(None, MarkKind::GitSummary));
    }
}

/// A heading is followed by a blank line and a fence of its own.
fn opens_fence(hit: &Hit<'_>) -> bool {
    hit.following().find(|line| !line.is_empty()).is_some_and(|line| line == FENCE)
}

/// `## <time>`, a blank line, `- run_id: <uuid>`, `- loop_name: …`, more keys, a blank line.
fn header(hit: &Hit<'_>, line: &str) -> Option<Entry> {
    let appended = Time::parse(line.strip_prefix("## ")?)?;
    let mut offset = hit.base + hit.line.end as u64 + 1;
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut output = None;
    let mut blanks = 0;
    let from = (hit.line.end + 1).min(hit.text.len());
    let to = (from + super::format::LOOK).min(hit.text.len());
    for raw in lines(&hit.text[from..to]) {
        let line = clean(raw);
        let field = line.strip_prefix("- ").and_then(|field| field.split_once(": "));
        match (&*line, blanks, field) {
            ("", 0 | 1, _) => blanks += 1,
            // An empty value loses its blank to trimming editors.
            (_, 1, None) if line.starts_with("- ") && line.ends_with(':') => {}
            (_, 1, Some((key, value))) => fields.push((key.to_owned(), value.to_owned())),
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
    let is_writers = fields.first().is_some_and(|(key, _)| key == "run_id")
        && fields.get(1).is_some_and(|(key, _)| key == "loop_name" || key == "workflow_name");
    let run = run(&fields).filter(|_| is_writers)?;
    Some(Entry { run, output, appended, in_place: follows_fence_or_header(hit.before()) })
}

fn run(fields: &[(String, String)]) -> Option<Run> {
    // The first of each key counts.
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
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
    })
}

/// Loops number their runs with UUIDs, workflows with `wfr_` and a word.
fn run_id(text: &str) -> Option<RunId> {
    let of_workflow = text.strip_prefix("wfr_").is_some_and(|word| {
        !word.is_empty() && word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    if of_workflow { Some(text.into()) } else { Uuid::try_parse(text).ok().map(|id| id.to_string().into()) }
}

/// Whether the writer could put a header here: after a closed fence, another header's fields, the
/// title, or at the very start.
fn follows_fence_or_header(before: &[u8]) -> bool {
    let mut backwards = lines_backwards(before).map(|(_, line)| clean(line));
    let blank = backwards.next();
    if blank.as_deref().is_some_and(|line| !line.is_empty()) {
        return false;
    }
    match backwards.find(|line| !line.is_empty()) {
        Some(line) => {
            line == FENCE
                || line.starts_with("# Loop Ledger:")
                || line.starts_with("# Workflow Ledger:")
                || (line.starts_with("- ") && (line.contains(':') || line.contains("] status=")))
        }
        None => true,
    }
}

/// The ordered pass over a ledger: decides which headers stand, and hands what each run's fence
/// holds to that run.
///
/// Candidates are collected first: whether a header stands depends on those that follow.
#[derive(Debug)]
pub(super) struct Pass {
    front: Option<FrontMatter>,
    now: Time,
    /// Harnesses whose records we know; what another one printed tells for itself.
    harnesses: Vec<&'static str>,
    marks: Vec<Mark>,
}

impl Pass {
    /// `head` is what the ledger begins with, `now` the time that no entry can be much later than.
    pub(super) fn new(head: &[u8], now: Time, harnesses: Vec<&'static str>) -> Pass {
        Pass { front: FrontMatter::read(head), now, harnesses, marks: Vec::new() }
    }

    pub(super) fn push(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    pub(super) fn finish(self, sink: &mut Sink<'_>) {
        let stands = self.standing();
        let mut open: Option<Output> = None;
        for (mark, stands) in self.marks.into_iter().zip(stands) {
            match (mark.kind, &mut open) {
                (MarkKind::Entry(entry), _) if stands => {
                    if let Some(output) = open.take() {
                        output.finish(sink);
                    }
                    let repo = self.front.as_ref().and_then(|front| front.repo.clone());
                    open = Some(Output::begin(mark.offset, *entry, repo, &self.harnesses, sink));
                }
                (MarkKind::Entry(_), _) => {
                    let run = open.as_ref().and_then(|output| output.region.run());
                    sink.defect(mark.offset, run, Defect::QuotedEntry);
                }
                (kind, Some(output)) => output.push(Mark { kind, ..mark }, sink),
                (_, None) => {}
            }
        }
        if let Some(output) = open {
            output.finish(sink);
        }
    }

    /// Whether each mark, if it is an entry's header, is the writer's own: entry times never fall,
    /// run ids never repeat, the name is the ledger's.
    fn standing(&self) -> Vec<bool> {
        let name = self.front.as_ref().map(|front| &front.name);
        let could = |entry: &Entry| entry.in_place && name.is_some() && entry.run.loop_name.as_ref() == name;
        let (mut latest, mut seen) = (None, HashSet::new());
        let mut stands = Vec::with_capacity(self.marks.len());
        for (index, mark) in self.marks.iter().enumerate() {
            let MarkKind::Entry(entry) = &mark.kind else {
                stands.push(false);
                continue;
            };
            let is_next = could(entry) && latest.is_none_or(|latest| latest <= entry.appended);
            let refuted = is_next && self.is_of_the_future(entry.appended) && {
                // Entries of today follow it: it was printed by an agent, not appended.
                let mut later = self.marks[index + 1..].iter().filter_map(|mark| match &mark.kind {
                    MarkKind::Entry(later) if could(later) => Some(later.appended),
                    _ => None,
                });
                later.any(|later| later < entry.appended && latest.is_none_or(|latest| latest <= later))
            };
            let is_own = is_next && !refuted && seen.insert(entry.run.id.clone());
            if is_own {
                latest = Some(entry.appended);
            }
            stands.push(is_own);
        }
        stands
    }

    fn is_of_the_future(&self, appended: Time) -> bool {
        appended.millis_since(self.now) > 24 * 60 * 60 * 1000
    }
}

/// One entry's output, while it is read.
#[derive(Debug)]
struct Output {
    region: Region,
    content: Content,
    /// Where its fence opens; `None` without output.
    fence: Option<u64>,
    /// Whether a git summary's heading was passed since.
    in_summary: bool,
}

impl Output {
    fn begin(offset: u64, entry: Entry, repo: Option<Id>, known: &[&str], sink: &mut Sink<'_>) -> Output {
        let run = Run { repo, ..entry.run };
        // A clock that was set back during the run makes its start no bound.
        let start = run.started_at.map(|start| start.min(run.finished_at.unwrap_or(start)));
        let mut region = Region::in_run(run.id.clone()).since(start);
        if let Some(harness) = run.harness.as_deref().filter(|name| known.contains(name)) {
            region = region.written_by(harness);
        }
        sink.event(offset, None, None, None, Fact::Run(Box::new(run)));
        Output { region, content: Content::from(entry.output.unwrap_or(offset)), fence: entry.output, in_summary: false }
    }

    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        if matches!(mark.kind, MarkKind::GitSummary) {
            self.in_summary = true;
        } else if self.fence.is_none_or(|fence| mark.offset < fence) {
            // Without a fence there is no output.
        } else if self.in_summary && matches!(mark.kind, MarkKind::Fact(Fact::Footer(_))) {
            // Two lines that may stand in any file's text.
        } else {
            // git prints no records: under a true heading there are none, under a forged one they
            // are the run's.
            if self.in_summary && mark.is_usage() {
                sink.defect(mark.offset, self.region.run(), Defect::QuotedRecord);
            }
            self.take(mark, sink);
        }
    }

    fn take(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        for mark in self.content.push(mark, self.region.run().as_ref(), sink) {
            self.region.push(mark, sink);
        }
    }

    fn finish(mut self, sink: &mut Sink<'_>) {
        for mark in self.content.flush() {
            self.region.push(mark, sink);
        }
        self.region.finish(sink);
    }
}

#[cfg(test)]
mod tests {
    use super::{FrontMatter, follows_fence_or_header};

    #[test]
    fn the_front_matter_names_loop_and_repository() {
        let head = b"\xef\xbb\xbf---\r\nloop_id: x\r\nloop_name: a b\r\nrepo_path: /srv\r\n---\r\n";
        let front = FrontMatter::read(head).expect("front matter");
        assert_eq!((&*front.name, front.repo.as_deref()), ("a b", Some("/srv")));
        assert_eq!(FrontMatter::read(b"---\ntitle: notes\n---\n"), None);
    }

    #[test]
    fn a_header_follows_a_closed_fence() {
        assert!(follows_fence_or_header(b"text\n```\n\n"));
        assert!(follows_fence_or_header(b"- exit_code: 0\n\n"));
        assert!(!follows_fence_or_header(b"text\n\n"));
        assert!(!follows_fence_or_header(b"```\n"));
    }
}
