//! forge's loop logs: the whole output of every run of a loop, parted by forge's own lines
//! `[<time>] <message>`. The output of a run follows `run <run_id> start (profile=<name>)`.

use std::collections::HashSet;

use uuid::Uuid;

use super::content::Content;
use super::format::{Format, Hit, Lines, Shape};
use super::lines::{clean, lines};
use super::mark::{Mark, MarkKind};
use super::marker;
use super::needles::Needle;
use super::region::Region;
use super::sink::Sink;
use crate::event::{Defect, Fact, Run, RunId, Time};

/// forge's loop logs: `~/.local/share/forge/logs/loops/*.log`.
pub(super) static FORMAT: Format =
    Format { name: "forge-loop-log", harness: None, roots: &[], sniff, shape: Shape::LoopLog };

/// The log's own lines.
pub(super) const LINES: Lines = Lines::new(
    None,
    &[
        Needle::new("\n[20", "\n[20"),
        Needle::new("Z] run ", "Z] r"),
        Needle::new("Z] pause for ", "Z] p"),
        Needle::new("Z] graceful stop requested", "requ"),
        Needle::new("Z] kill requested", "Z] k"),
        Needle::new("Z] loop ", "Z] l"),
    ],
    read,
);

fn sniff(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let begins = |line: &str| marker(line).is_some_and(|(_, run)| run.is_some() || marker::stamped(line).is_some());
    lines(head).next().is_some_and(|line| begins(&clean(line)))
}

/// What forge notes after or within an output.
const NOTES: [&str; 4] = ["pause for ", "graceful stop requested", "kill requested", "loop "];

/// The time and, where a run starts, its id and profile. At the end of a line a marker may follow unterminated output.
fn marker(line: &str) -> Option<(Time, Option<(Uuid, String)>)> {
    if let Some((time, message)) = marker::stamped(line) {
        return Some((Time::parse(time)?, starts(message).and_then(run_of)));
    }
    let (time, message) = marker::stamped(marker::at_end(line)?)?;
    let start = starts(message);
    // Logs of all sorts have such stamps within their lines.
    let is_forges = start.is_some() || NOTES.iter().any(|note| message.starts_with(note));
    is_forges.then(|| Some((Time::parse(time)?, start.and_then(run_of))))?
}

/// The id and the profile in `run <id> start (profile=<name>)`.
fn starts(message: &str) -> Option<(&str, &str)> {
    let (id, rest) = message.strip_prefix("run ")?.split_at_checked(36)?;
    let profile = rest.strip_prefix(" start (profile=")?.strip_suffix(')')?;
    let is_id = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (is_id && !profile.contains(['(', ')'])).then_some((id, profile))
}

fn run_of((id, profile): (&str, &str)) -> Option<(Uuid, String)> {
    Some((Uuid::try_parse(id).ok()?, profile.to_owned()))
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let Some((time, run)) = marker(&line) else { return };
    let run = run.map(|(id, profile)| {
        let profile = Some(profile).filter(|name| !name.is_empty());
        Box::new(Run { profile: profile.map(Into::into), started_at: Some(time), ..Run::new(id.to_string().into()) })
    });
    marks.push(hit.mark(None, MarkKind::Marker(run)).at(Some(time)));
}

/// The ordered pass over a loop log: decides which markers stand, and hands what follows to the run.
#[derive(Debug)]
pub(super) struct Pass {
    now: Time,
    latest: Option<Time>,
    seen: HashSet<RunId>,
    content: Content,
    region: Region,
    /// Where the latest run began.
    began: Option<u64>,
    /// Where forge's first line behind its output stands, and when it was written.
    over_by: Option<(u64, Time)>,
}

impl Pass {
    pub(super) fn new(now: Time) -> Pass {
        Pass {
            now,
            latest: None,
            seen: HashSet::new(),
            content: Content::whole(),
            region: Region::nowhere(),
            began: None,
            over_by: None,
        }
    }

    pub(super) fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let mut stands = Vec::new();
        self.content.push(mark, &mut sink.in_run(self.region.run()), &mut stands);
        for mark in stands {
            self.take(mark, sink);
        }
    }

    pub(super) fn finish(mut self, sink: &mut Sink<'_>) {
        for mark in self.content.flush(&mut sink.in_run(self.region.run())) {
            self.take(mark, sink);
        }
        match self.began {
            Some(offset) if self.over_by.is_none() && !self.region.is_told() => self.region.break_off(offset, sink),
            _ => self.region.finish_by(self.over_by, sink),
        }
    }

    fn take(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let is_aside = mark.is_aside();
        match (mark.kind, mark.time) {
            (MarkKind::Marker(run), Some(time)) => self.marker(mark.offset, time, run.map(|run| *run), sink),
            (kind, _) => {
                // Nothing of a run follows its end: it goes on. What only some ask for has no say in it.
                if !is_aside && !matches!(kind, MarkKind::Timing(_)) {
                    self.over_by = None;
                }
                self.region.push(Mark { kind, ..mark }, sink);
            }
        }
    }

    /// A run's start never goes back in time and is never of the future, and run ids never repeat.
    /// forge's other lines stand between runs, where nothing is written: they end nothing, so an agent
    /// that prints one gains nothing. At the end of the log one tells that the run is over. A stop is asked for while a
    /// run is at work, too: its output goes on then.
    fn marker(&mut self, offset: u64, time: Time, run: Option<Run>, sink: &mut Sink<'_>) {
        let is_own = self.latest.is_none_or(|latest| time >= latest) && time <= self.now;
        let Some(run) = run else {
            self.over_by = self.over_by.or(Some((offset, time)).filter(|_| is_own));
            return;
        };
        if self.seen.contains(&run.id) || !is_own {
            sink.defect(offset, self.region.run().cloned(), Defect::QuotedEntry);
            return;
        }
        self.latest = Some(time);
        self.began = Some(offset);
        self.seen.insert(run.id.clone());
        self.content.begin_run();
        let next = Region::in_run(run.id.clone()).since(run.started_at);
        let over_by = self.over_by.take().or(Some((offset, time)));
        std::mem::replace(&mut self.region, next).finish_by(over_by, sink);
        sink.event(offset, None, None, None, Fact::Run(Box::new(run)));
    }
}

#[cfg(test)]
mod tests {
    use super::marker;

    #[test]
    fn a_run_start_counts_at_the_end_of_a_line_too() {
        let start = "[2026-05-12T07:03:00Z] run 01a06200-0000-7000-8000-0000000000a1 start (profile=codex1)";
        let (_, run) = marker(start).expect("a marker");
        assert_eq!(run.expect("a run").1, "codex1");
        assert!(marker(&format!("unterminated{start}")).is_some_and(|(_, run)| run.is_some()));
        assert!(marker("[2026-05-12T07:04:00Z] pause for 30s").is_some_and(|(_, run)| run.is_none()));
        assert!(marker("unterminated[2026-05-12T07:04:00Z] pause for 30s").is_some_and(|(_, run)| run.is_none()));
        assert!(marker("10.0.0.1 [2026-05-12T07:04:00Z] GET /").is_none());
        assert!(marker("[1] note").is_none());
        assert!(marker(&format!("{start} and more")).is_some_and(|(_, run)| run.is_none()));
        assert!(marker(&format!("unterminated{start} and more")).is_none());
        assert!(
            marker(&format!("{}{start}", "[2026-05-12T07:03:00Z] run ".repeat(3)))
                .is_some_and(|(_, run)| run.is_none())
        );
        assert!(marker(&format!("é {}", start.replace("07:03", "99:03"))).is_none());
    }
}
