//! Where what lines say of time stands among a chunk's other candidates.

use super::chunk::Chunk;
use super::format::ReadTiming;
use super::mark::{Mark, MarkKind};
use super::timing::Sign;
use crate::event::{CallKey, Fact};

/// Adds to a chunk's candidates what its lines say of time, each in its place.
pub(super) fn among(marks: Vec<Mark>, chunk: &Chunk<'_>, read: ReadTiming) -> Vec<Mark> {
    let parting: Vec<u64> = marks.iter().filter(|mark| mark.parts_content()).map(|mark| mark.offset).collect();
    let mut timings = Vec::new();
    read(chunk, &parting, &mut timings);
    timings.sort_by_key(|mark| mark.offset);
    let mut all = Vec::with_capacity(marks.len() + timings.len());
    let mut timings = timings.into_iter().peekable();
    // The other candidates keep their order, which is not quite that of their offsets.
    for mark in marks {
        while let Some(timing) = timings.next_if(|timing| is_before(timing, &mark)) {
            all.push(timing);
        }
        let key = match &mark.kind {
            MarkKind::Fact(Fact::Call(call)) => Some(call.key.clone()),
            _ => None,
        };
        let offset = mark.offset;
        all.push(mark);
        if let Some(key) = key {
            all.extend(timings.next_if(|timing| timing.offset == offset).map(|timing| completed(timing, key)));
        }
    }
    all.extend(timings);
    all
}

/// What completes a call, with the call that its line tells of.
fn completed(mut mark: Mark, key: CallKey) -> Mark {
    if let MarkKind::Timing(timing) = &mut mark.kind
        && let Sign::Completed(call, _) = &mut timing.sign
    {
        *call = Some(key);
    }
    mark
}

/// On one line: a tool's or a prompt's record goes before the text that begins there, a record that an output quotes
/// before the end of it, a stream's event before the start of a run, and what completes a call behind the call.
fn is_before(timing: &Mark, mark: &Mark) -> bool {
    let parts = |kind: &MarkKind| {
        matches!(
            kind,
            MarkKind::Prompt(_) | MarkKind::Open | MarkKind::Close | MarkKind::MayClose { .. } | MarkKind::Marker(_)
        )
    };
    timing.offset < mark.offset || (timing.offset == mark.offset && parts(&mark.kind))
}
