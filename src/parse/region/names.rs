//! Whom an output names, and whether anything else tells that they were at work in it.

use crate::event::Id;

/// The conversations that an output named first and last: which ones are named between depends on how the source is
/// cut.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The one that was named first, and where.
    first: Option<(Id, u64)>,
    /// Whether anything else tells that it was at work here.
    is_first_told: bool,
    /// The one that was named last.
    latest: Option<Id>,
    /// Whether the first or the latest name is older than the output: as a quote, it names nobody here.
    is_first_old: bool,
    is_latest_old: bool,
}

impl Names {
    /// Takes the next name, and where it stands.
    pub(super) fn add(&mut self, id: &Id, offset: u64, is_old: bool) {
        self.is_latest_old = is_old;
        if self.first.is_none() {
            self.first = Some((id.clone(), offset));
            self.is_first_old = is_old;
        }
        if self.latest.as_ref() != Some(id) {
            self.latest = Some(id.clone());
        }
    }

    /// Learns that a conversation was at work here.
    pub(super) fn tell(&mut self, id: &Id) {
        self.is_first_told |= self.first.as_ref().is_some_and(|(first, _)| first == id);
    }

    /// The conversation that was named last.
    pub(super) fn latest(&self) -> Option<&Id> {
        self.latest.as_ref()
    }

    /// The conversation that was named both first and last, and where, if nothing else tells that it was at work.
    pub(super) fn untold(&self) -> Option<(Id, u64)> {
        let is_name_alone = !self.is_first_told && !self.is_first_old && !self.is_latest_old;
        self.first.clone().filter(|(first, _)| is_name_alone && self.latest.as_ref() == Some(first))
    }
}
