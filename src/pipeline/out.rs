//! Where events go, and those that no parser tells.

use std::io;
use std::ops::ControlFlow;

use crate::event::{Event, Fact};

/// Where events go, until whoever takes them has had enough.
pub(super) struct Out<'a> {
    take: &'a mut dyn FnMut(&str, Event) -> ControlFlow<()>,
    is_stopped: bool,
}

impl<'a> Out<'a> {
    pub(super) fn new(take: &'a mut dyn FnMut(&str, Event) -> ControlFlow<()>) -> Out<'a> {
        Out { take, is_stopped: false }
    }

    pub(super) fn push(&mut self, source: &str, event: Event) {
        if !self.is_stopped {
            self.is_stopped = (self.take)(source, event).is_break();
        }
    }

    /// Whether reading on is in vain.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }
}

/// Where the events of one source go.
pub(super) struct SourceOut<'o, 'a> {
    source: &'o str,
    /// Where those of any source go.
    pub(super) out: &'o mut Out<'a>,
}

impl<'o, 'a> SourceOut<'o, 'a> {
    pub(super) fn new(source: &'o str, out: &'o mut Out<'a>) -> SourceOut<'o, 'a> {
        SourceOut { source, out }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.out.push(self.source, event);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.out.is_stopped()
    }
}

/// How far a source was read.
pub(super) struct Reached {
    /// Its bytes, after decompression.
    pub(super) bytes: u64,
    /// Why it could be read no further; `None` if that was its end.
    pub(super) broken: Option<io::Error>,
}

/// An event of no run and no harness.
pub(super) fn bare(offset: u64, fact: Fact) -> Event {
    Event { offset, run: None, harness: None, time: None, fact }
}

/// Why a source that broke off after so many bytes is read no further.
pub(super) fn broken_off(bytes: u64, cause: &io::Error) -> io::Error {
    io::Error::new(cause.kind(), format!("breaks off after {bytes} bytes: {cause}"))
}
