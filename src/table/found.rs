//! The time that what was found lies in.

use crate::event::Time;

/// The first and the last time of what was found; `None` where nothing tells one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found(pub(super) Option<(Time, Time)>);

impl Found {
    pub(super) fn add(&mut self, time: Option<Time>) {
        let Some(time) = time else { return };
        let (first, last) = self.0.unwrap_or((time, time));
        self.0 = Some((first.min(time), last.max(time)));
    }
}
