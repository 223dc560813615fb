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

    pub(super) fn defect(&mut self, offset: u64, run: Option<RunId>, defect: Defect) {
        self.event(offset, run, None, None, Fact::Defect(defect));
    }
}
