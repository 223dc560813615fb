//! What all of opencode's formats share: how what a record tells is handed on.

use super::lost::Lost;
use super::record::Found;
use crate::event::{Defect, Fact, Time, Uncounted};
use crate::parse::document;
pub(super) use crate::parse::document::start_of;
use crate::parse::mark::{Mark, MarkKind};

pub(super) const HARNESS: &str = "opencode";

/// Hands on what a record tells. A message that can't be read makes its session a floor, unless a copy tells of it.
pub(super) fn tell(found: Result<Option<Found>, Lost>, position: u64, emit: &mut dyn FnMut(Mark)) {
    let mark = |fact| document::mark(position, HARNESS, MarkKind::Fact(fact));
    match found {
        Ok(Some(Found { fact, conversation, time, has_two_readings })) => {
            emit(mark(fact).at(time).of(conversation));
            if has_two_readings {
                emit(document::defect_aside(position, Defect::TwoReadings));
            }
        }
        Ok(None) => {}
        Err(lost) => {
            emit(mark(Fact::Defect(lost.defect)));
            let (key, time) = (lost.key(), lost.created.and_then(Time::from_millis));
            if let Some(told) = lost.told {
                let session = told.id.clone();
                emit(mark(Fact::Conversation(told)).at(time).of(Some(session)));
            }
            if let Some(session) = lost.session.filter(|_| !lost.is_other) {
                let uncounted = Fact::Uncounted(Box::new(Uncounted::call(session.clone(), key)));
                emit(mark(uncounted).at(time).of(Some(session)));
            }
        }
    }
}
