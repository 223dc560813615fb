//! Events that this program wrote down: JSON Lines of [`crate::event::Line`].

mod told;

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use memchr::memmem;
use serde::de::IgnoredAny;

use super::format::{Format, Shape};
use crate::event::{Defect, Event, Fact, Line, SCHEMA_VERSION};
use told::Told;

/// What `forge-usage events` wrote: a JSON line for each event.
pub(super) static FORMAT: Format =
    Format { name: "events", harness: None, roots: &[], sniff, shape: Shape::Events(read) };

/// No event is longer.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What some editors and shells put before a text.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// How a line begins.
const BEGINNING: &[u8] = b"{\"schema_version\":";

/// What every line has, whatever its version.
#[derive(serde::Deserialize)]
struct Stamp<'a> {
    schema_version: u32,
    #[serde(borrow, rename = "source")]
    _source: std::borrow::Cow<'a, str>,
    #[serde(borrow, rename = "kind")]
    _kind: std::borrow::Cow<'a, str>,
}

/// The first line decides, or the one behind it where that is torn: a text may quote whole events, but does not begin as
/// what is left of one.
fn sniff(head: &[u8]) -> bool {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let is_event = |line: &[u8]| serde_json::from_slice::<Stamp>(line).is_ok();
    let Some(first) = lines.next() else { return false };
    let is_left = first.starts_with(BEGINNING) || first.ends_with(b"}");
    let is_torn = is_left && serde_json::from_slice::<IgnoredAny>(first).is_err();
    is_event(first) || (is_torn && lines.next().is_some_and(is_event))
}

/// Reads line by line. A line that is no event costs only itself, and makes what it may tell of a floor; one of another
/// version ends the reading, as what follows could be misread.
fn read(
    input: &mut dyn BufRead,
    tells_end: fn(&str) -> bool,
    emit: &mut dyn FnMut(&str, Event) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut out = Out { told: Told::default(), tells_end, emit };
    let read = read_lines(input, &mut out);
    let _ = match read {
        Ok(ControlFlow::Continue(())) => out.finish(),
        Ok(ControlFlow::Break(())) => ControlFlow::Break(()),
        Err(_) => (out.emit)(&out.told.source, out.told.broken_off()),
    };
    read.map(drop)
}

fn read_lines(input: &mut dyn BufRead, out: &mut Out<'_>) -> io::Result<ControlFlow<()>> {
    let (mut line, mut is_first) = (Vec::new(), true);
    loop {
        line.clear();
        let length = (&mut *input).take(LONGEST).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        let text = line.strip_prefix(BOM).filter(|_| is_first).unwrap_or(&line);
        is_first = false;
        let is_cut = length == LONGEST && !line.ends_with(b"\n");
        let (torn, found) = event(text)?;
        // What would follow on a line that never ended was cut off with its rest.
        out.told.lacks_end |= torn.is_some() && !line.ends_with(b"\n") && !out.told.is_over;
        let torn = torn.map_or(ControlFlow::Continue(()), |torn| {
            out.torn(if is_cut { Defect::LineTooLong } else { Defect::Torn }, torn)
        });
        let found = found.filter(|_| torn.is_continue()).map_or(torn, |found| out.event(found));
        if found.is_break() {
            return Ok(found);
        }
        if is_cut {
            input.skip_until(b'\n')?;
        }
    }
}

/// Where the events go.
struct Out<'a> {
    told: Told,
    tells_end: fn(&str) -> bool,
    emit: &'a mut dyn FnMut(&str, Event) -> ControlFlow<()>,
}

impl Out<'_> {
    fn event(&mut self, Line { source, event, .. }: Line<'_>) -> ControlFlow<()> {
        // Nothing is of what was passed over.
        if matches!(event.fact, Fact::Skipped(_)) {
            return (self.emit)(&source, event);
        }
        if source != self.told.source {
            self.end()?;
            self.told.begin(&source);
        }
        let missing = self.told.learn(&event, self.tells_end);
        (self.emit)(&source, event)?;
        missing.into_iter().flatten().try_for_each(|missing| (self.emit)(&source, missing))
    }

    fn torn(&mut self, defect: Defect, line: &[u8]) -> ControlFlow<()> {
        let lost = self.told.lose(defect, line);
        lost.into_iter().flatten().try_for_each(|lost| (self.emit)(&self.told.source, lost))
    }

    fn finish(&mut self) -> ControlFlow<()> {
        self.end()?;
        self.told.first().map_or(ControlFlow::Continue(()), |first| (self.emit)(&self.told.source, first))
    }

    fn end(&mut self) -> ControlFlow<()> {
        self.told.end().map_or(ControlFlow::Continue(()), |missing| (self.emit)(&self.told.source, missing))
    }
}

/// What is torn of a line, and its event, which may stand behind that; neither of a blank one.
fn event(line: &[u8]) -> io::Result<(Option<&[u8]>, Option<Line<'_>>)> {
    if line.trim_ascii().is_empty() {
        return Ok((None, None));
    }
    let whole = |line| serde_json::from_slice::<Line>(line).ok().filter(|line| line.schema_version == SCHEMA_VERSION);
    if let Some(found) = whole(line) {
        return Ok((None, Some(found)));
    }
    match serde_json::from_slice::<Stamp>(line) {
        Ok(stamp) if stamp.schema_version != SCHEMA_VERSION => {
            let version = stamp.schema_version;
            let reason = format!("events of schema version {version}; this program reads version {SCHEMA_VERSION}");
            Err(io::Error::new(io::ErrorKind::InvalidData, reason))
        }
        _ => {
            // What a writer that was killed left is followed by the line of the next one.
            let (torn, rest) = line.split_at(memmem::rfind(line, BEGINNING).unwrap_or(0));
            let found = whole(rest);
            Ok((Some(if found.is_some() { torn } else { line }), found))
        }
    }
}
