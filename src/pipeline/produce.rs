//! One source becomes events, in the order of its records.

use std::io::BufReader;
use std::ops::ControlFlow;

use super::lines::Lines;
use super::out::{Out, Reached, SourceOut, bare, broken_off};
use super::readers::Readers;
use crate::event::{Defect, Event, Fact, Loss, Skip, Source, unpacked_name};
use crate::parse::{self, FileName, Format, SourceReader};
#[cfg(feature = "sqlite")]
use crate::source::Rest;
use crate::source::{self, Input, Opened, Progress, open};

/// Hands on the events of one source; gives the number of its bytes, after decompression. What goes wrong is
/// an event like everything else.
pub(super) fn produce(input: &Input, readers: &Readers<'_>, out: &mut Out<'_>) -> u64 {
    let options = readers.options;
    let name = input.name();
    let mut named = SourceOut::new(&name, out);
    let loss = if matches!(input, Input::File { is_named: false, .. }) { Loss::Found } else { Loss::Named };
    let opened = match open(input, &options.progress, readers.memory()) {
        Ok(opened) => opened,
        Err(cause) => {
            named.push(skipped(0, cause.to_string(), loss));
            return 0;
        }
    };
    #[cfg(feature = "sqlite")]
    if let (true, Some(path), &Rest::Plain(_, length)) = (source::is_database(&opened.head), input.path(), &opened.rest)
    {
        super::database::read(path, readers, &mut named).unwrap_or_else(|reason| named.push(skipped(0, reason, loss)));
        options.progress.add(length);
        return length;
    }
    if source::is_archive(&opened.head) {
        // Found on the way it may hold anything; who names it means what is in it.
        let loss = if loss == Loss::Named { loss } else { Loss::None };
        named.push(skipped(0, "a tar archive; unpack it, and give what was in it".to_owned(), loss));
        return 0;
    }
    let Some(format) = parse::detect_named(&opened.head, file_name(input)) else {
        // What it would have been isn't known.
        named.push(match opened.broken {
            Some(cause) => skipped(0, broken_off(opened.head.len() as u64, &cause).to_string(), loss),
            None => skipped(0, unknown(&opened.head).to_owned(), Loss::None),
        });
        return 0;
    };
    let Reached { bytes, broken } = read(format, input, opened, readers, &mut named);
    if let Some(cause) = broken {
        // What was read until then counts.
        named.push(skipped(bytes, cause.to_string(), loss));
    }
    bytes
}

fn skipped(offset: u64, reason: String, loss: Loss) -> Event {
    bare(offset, Fact::Skipped(Skip { reason, loss }))
}

/// What a source's file is called.
pub(super) fn file_name(input: &Input) -> FileName<'_> {
    FileName { name: unpacked_name(input.file_name()), folder: input.folder_name() }
}

fn unknown(head: &[u8]) -> &'static str {
    match head {
        [] => "empty",
        _ if memchr::memchr(0, head).is_some() => "binary, of no known format",
        _ => "no known format",
    }
}

fn read(
    format: &'static Format,
    input: &Input,
    opened: Opened,
    readers: &Readers<'_>,
    out: &mut SourceOut<'_, '_>,
) -> Reached {
    let options = readers.options;
    // Bytes after decompression, which nobody is shown on the way.
    let counted = Progress::default();
    if parse::is_events(format) {
        let mut reader = BufReader::new(counted.watch(opened.into_reader()));
        let read = parse::read_events(format, &mut reader, &mut |source, mut event| {
            if let Fact::Source(found) = &mut event.fact {
                found.host = found.host.take().or_else(|| options.host.clone());
            }
            if options.needs.include(&event.fact) {
                out.out.push(source, event);
            }
            if out.out.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        return Reached { bytes: counted.bytes(), broken: read.err() };
    }
    out.push(bare(0, Fact::Source(Source { format: format.name.into(), host: options.host.clone() })));
    let name = file_name(input);
    if let Some(reading) = SourceReader::new(format, name.name, &opened.head, options.now, options.needs) {
        return Lines { reading, readers, out }.read(input, opened);
    }
    let mut reader = BufReader::new(counted.watch(opened.into_reader()));
    let read = parse::read_document(format, name, &mut reader, options.needs, &mut |event| out.push(event));
    let bytes = counted.bytes();
    let broken = read.err().map(|cause| {
        out.push(bare(bytes, Fact::Defect(Defect::Truncated)));
        broken_off(bytes, &cause)
    });
    Reached { bytes, broken }
}
