//! From paths to events and facts: the only room that sees sources, parsers and folds together, and the
//! only one that runs in parallel.

#[cfg(feature = "sqlite")]
mod database;
mod homes;
mod lines;
mod options;
mod out;
mod produce;
mod readers;
mod survey;

use std::ops::ControlFlow;
use std::path::Path;

use rayon::prelude::*;

use crate::event::{Event, Fact, Loss, Skip, Skipped};
use crate::fold::{Facts, IsHome, Settled, SourceFold, settle, settle_with};
use crate::source::{Discovered, Input};
pub use homes::{Sessions, has_sessions, sessions, sessions_of};
pub use options::Options;
pub use survey::{Sources, Surveyed, survey};

use out::{Out, bare};
use produce::produce;
use readers::Readers;

/// What one reading of the sources gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Everything the sources tell.
    pub facts: Facts,
    /// Sources of a known format.
    pub files: u64,
    /// Bytes of theirs, after decompression.
    pub bytes: u64,
    /// What was passed over.
    pub skipped: Vec<Skipped>,
}

impl Outcome {
    fn merge(mut self, other: Outcome) -> Outcome {
        self.skipped.extend(other.skipped);
        Outcome {
            facts: self.facts.merge(other.facts),
            files: self.files + other.files,
            bytes: self.bytes + other.bytes,
            skipped: self.skipped,
        }
    }

    /// Weighs the facts, which are used up: who wants to know what else the reading gave, hands them to
    /// [`settle`](crate::fold::settle()) alone.
    pub fn settle(self) -> Settled {
        settle(self.facts)
    }

    /// The same where it is known which sources may stand in the home of which profile: `is_home` is given both.
    pub fn settle_with(self, is_home: IsHome<'_>) -> Settled {
        settle_with(self.facts, is_home)
    }
}

/// Reads every source. A source that can't be read costs only itself.
pub fn read(discovered: Discovered, options: &Options) -> Outcome {
    let mut walked = Folding::default();
    tell_unwalked(&discovered, &mut |source, event| walked.apply(source, event));
    let readers = Readers::new(options);
    let read = discovered.inputs.par_iter().map(|input| {
        let mut folding = Folding::default();
        let mut take = |source: &str, event| {
            folding.apply(source, event);
            ControlFlow::Continue(())
        };
        let bytes = produce(input, &readers, &mut Out::new(&mut take));
        Outcome { bytes, ..folding.finish() }
    });
    let mut outcome = read.reduce(Outcome::default, Outcome::merge).merge(walked.finish());
    // In the order in which files are read.
    outcome.skipped.sort_by(|a, b| (Path::new(&a.path), a).cmp(&(Path::new(&b.path), b)));
    outcome
}

/// Hands the events of every source on, source after source, as they are read: with constant memory, whatever
/// the sources hold. `take` is given each event with the name of its source, and stops the reading with
/// [`ControlFlow::Break`].
pub fn events(discovered: &Discovered, options: &Options, take: &mut dyn FnMut(&str, Event) -> ControlFlow<()>) {
    let mut out = Out::new(take);
    let readers = Readers::new(options);
    tell_unwalked(discovered, &mut |source, event| out.push(source, event));
    let mut inputs = discovered.inputs.as_slice();
    while let Some(input) = inputs.first()
        && !out.is_stopped()
    {
        // Small sources are read several at once, and held until it is their turn.
        let small = inputs.iter().take(AT_ONCE).take_while(|input| is_small(input)).count();
        let (now, later) = inputs.split_at(small.max(1));
        inputs = later;
        if small < 2 {
            produce(input, &readers, &mut out);
            continue;
        }
        let read: Vec<Option<Vec<(String, Event)>>> = now.par_iter().map(|input| hold(input, &readers)).collect();
        for (input, held) in now.iter().zip(read) {
            let Some(held) = held else {
                produce(input, &readers, &mut out);
                continue;
            };
            for (source, event) in held {
                out.push(&source, event);
            }
        }
    }
}

/// How many small sources are read at once.
const AT_ONCE: usize = 64;

/// Length of the largest file that is small.
const SMALL: u64 = 256 * 1024;

fn is_small(input: &Input) -> bool {
    let file = input.path().and_then(|path| std::fs::metadata(path).ok());
    file.is_some_and(|file| file.is_file() && file.len() <= SMALL)
}

/// Most events of a source that are held. A small file may be a large one, compressed.
const MOST_HELD: usize = 2 * 1024;

/// The events of a small source; `None` if there are too many to hold.
fn hold(input: &Input, readers: &Readers<'_>) -> Option<Vec<(String, Event)>> {
    let mut held = Vec::new();
    let mut take = |source: &str, event| {
        held.push((source.to_owned(), event));
        if held.len() <= MOST_HELD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let mut out = Out::new(&mut take);
    produce(input, readers, &mut out);
    (!out.is_stopped()).then_some(held)
}

/// Says what could not be walked.
fn tell_unwalked(discovered: &Discovered, take: &mut dyn FnMut(&str, Event)) {
    for (path, reason) in &discovered.skipped {
        let skip = Skip { reason: reason.clone(), loss: Loss::Found };
        take(&path.display().to_string(), bare(0, Fact::Skipped(skip)));
    }
    for path in &discovered.unfollowed {
        let skip = Skip { reason: "a link to a folder above; give that as a path".to_owned(), loss: Loss::None };
        take(&path.display().to_string(), bare(0, Fact::Skipped(skip)));
    }
}

/// Folds events of one source after another.
#[derive(Default)]
struct Folding {
    current: Option<(String, SourceFold)>,
    done: Outcome,
}

impl Folding {
    fn apply(&mut self, source: &str, event: Event) {
        match event.fact {
            Fact::Skipped(skip) => {
                let is_part = event.offset > 0;
                return self.done.skipped.push(Skipped { path: source.to_owned(), skip, is_part });
            }
            Fact::Source(_) => self.begin(source),
            _ if self.current.as_ref().is_none_or(|(name, _)| name != source) => self.begin(source),
            _ => {}
        }
        if let Some((_, fold)) = &mut self.current {
            fold.apply(event);
        }
    }

    fn begin(&mut self, source: &str) {
        self.end();
        self.done.files += 1;
        self.current = Some((source.to_owned(), SourceFold::new(source)));
    }

    fn end(&mut self) {
        if let Some((_, fold)) = self.current.take() {
            let facts = std::mem::take(&mut self.done.facts);
            self.done.facts = facts.merge(fold.finish());
        }
    }

    fn finish(mut self) -> Outcome {
        self.end();
        self.done
    }
}
