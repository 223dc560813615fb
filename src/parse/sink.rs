//! Where the ordered pass puts its events.

use crate::event::{Defect, Event, Fact, Needs, RunId, Time};

/// Hands events on; drops those that nobody asked for.
pub struct Sink<'a> {
    needs: Needs,
    emit: &'a mut dyn FnMut(Event),
}

impl<'a> Sink<'a> {
    pub(super) fn new(needs: Needs, emit: &'a mut dyn FnMut(Event)) -> Sink<'a> {
        Sink { needs, emit }
    }

    pub(super) fn event(
        &mut self,
        offset: u64,
        run: Option<RunId>,
        harness: Option<&'static str>,
        time: Option<Time>,
        fact: Fact,
    ) {
        if self.needs.include(&fact) {
            (self.emit)(Event { offset, run, harness: harness.map(Into::into), time, fact });
        }
    }

    /// It for what stands in the output of a run, or in none.
    pub(super) fn in_run<'s>(&'s mut self, run: Option<&'s RunId>) -> RunSink<'s, 'a> {
        RunSink { run, sink: self }
    }

    pub(super) fn defect(&mut self, offset: u64, run: Option<RunId>, defect: Defect) {
        self.event(offset, run, None, None, Fact::Defect(defect));
    }
}

/// Hands on what is said of one run's output, or of what is no run's.
pub(super) struct RunSink<'s, 'a> {
    run: Option<&'s RunId>,
    sink: &'s mut Sink<'a>,
}

impl RunSink<'_, '_> {
    /// Whether a run's output is told of.
    pub(super) fn is_run(&self) -> bool {
        self.run.is_some()
    }

    pub(super) fn defect(&mut self, offset: u64, defect: Defect) {
        self.sink.defect(offset, self.run.cloned(), defect);
    }
}
