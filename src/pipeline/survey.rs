//! What the sources are, and what they hold that nobody reads: a reading of its own, for `doctor`.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::options::Options;
use super::produce::file_name;
use crate::parse::{self, Format, Survey};
use crate::source::{Buffer, Chunks, Discovered, Input, is_archive, open};

/// What a look at all sources gave.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// Sources of each known format.
    pub formats: BTreeMap<&'static str, Sources>,
    /// What they hold that is not understood.
    pub survey: Survey,
}

/// Sources of one format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sources {
    /// The harness that writes them; `None` for forge's own files.
    pub harness: Option<&'static str>,
    /// How many there are.
    pub files: u64,
    /// Their bytes, after decompression.
    pub bytes: u64,
}

/// Looks at every source. What can't be read is told by [`super::read`], not here.
pub fn survey(discovered: &Discovered, options: &Options) -> Surveyed {
    let each = discovered.inputs.par_iter().filter_map(|input| look(input, options));
    each.reduce(Surveyed::default, Surveyed::merge)
}

fn look(input: &Input, options: &Options) -> Option<Surveyed> {
    let opened = open(input, &options.progress, Buffer::default()).ok()?;
    let format = parse::detect_named(&opened.head, file_name(input)).filter(|_| !is_archive(&opened.head))?;
    let (mut survey, mut bytes) = (Survey::default(), 0);
    for chunk in Chunks::new(opened.into_reader(), options.limits()) {
        bytes = chunk.base + chunk.end as u64;
        let lines = chunk.text.get(chunk.start..chunk.end).unwrap_or_default();
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !parse::is_anothers(line));
        lines.for_each(|line| survey.line(format, line));
    }
    Some(Surveyed { formats: BTreeMap::from([(format.name, sources(format, bytes))]), survey })
}

fn sources(format: &Format, bytes: u64) -> Sources {
    Sources { harness: format.harness, files: 1, bytes }
}

impl Surveyed {
    fn merge(mut self, other: Surveyed) -> Surveyed {
        for (format, sources) in other.formats {
            let known = self.formats.entry(format).or_default();
            known.harness = sources.harness;
            known.files += sources.files;
            known.bytes += sources.bytes;
        }
        self.survey = self.survey.merge(other.survey);
        self
    }
}
