//! Calls that a log tells of, and of which nothing says what they used.

use crate::event::{Id, Time, TokenUsage};
use crate::parse::mark::Response;

/// Where and when a record was written.
pub(super) type At = (u64, Option<Time>);

/// What a log tells of its conversation's own calls beside what they used.
#[derive(Debug, Default)]
pub(super) struct Missed {
    responses: Responses,
    answers: Answers,
    /// Compactions whose response is named, and wasn't recorded yet.
    compactions: Vec<(Id, At)>,
}

/// The responses that have records of their own.
#[derive(Debug, Default)]
struct Responses {
    latest: Option<Id>,
    /// Whether one was recorded, the conversation's own or not.
    is_any: bool,
}

/// Whether the log has the items that a model made before the reading that counts them, as newer versions of Codex write
/// them: each item as soon as it is whole, and what was used when the response is over. In which version that began isn't
/// known: the log tells.
#[derive(Debug, Default)]
struct Answers {
    come_first: bool,
    /// What the turn has first: an answer, or a reading. `None`: no turn began, or neither is there.
    first: Option<First>,
    is_in_turn: bool,
    /// Whether a review is over, and what comes next is what Codex says of it, in a message as of a model's.
    is_review_told: bool,
    /// The latest answer behind which the counter wasn't read yet.
    open: Option<At>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Answer,
    Reading,
}

impl Missed {
    /// A review is over.
    pub(super) fn reviewed(&mut self) {
        self.answers.is_review_told = true;
    }

    /// An item of a model's kind was written; tells whether a model made it.
    pub(super) fn answered(&mut self, at: At) -> bool {
        let answers = &mut self.answers;
        if std::mem::take(&mut answers.is_review_told) {
            return false;
        }
        answers.first = answers.first.or(Some(First::Answer)).filter(|_| answers.is_in_turn);
        answers.open = Some(at);
        true
    }

    /// The counter is read, or a response recorded: what was answered before it is counted.
    pub(super) fn counted(&mut self) {
        let answers = &mut self.answers;
        answers.open = None;
        if answers.is_in_turn {
            let first = *answers.first.get_or_insert(First::Reading);
            // Only what comes first in a turn tells whether the answers before a reading are those that it counts.
            answers.come_first = first == First::Answer;
        }
    }

    /// A turn begins, or the log ends. Gives an answer of the turn before that nothing counts.
    pub(super) fn begin_turn(&mut self) -> Option<At> {
        let answers = &mut self.answers;
        (answers.first, answers.is_in_turn, answers.is_review_told) = (None, true, false);
        answers.open.take().filter(|_| answers.come_first)
    }

    /// A response is recorded. `so_far`: whether anything that the conversation used was told before. Gives whether its
    /// thread had used more than that by then.
    pub(super) fn recorded(&mut self, response: &Response, is_own: bool, so_far: bool) -> bool {
        let is_first = !std::mem::replace(&mut self.responses.is_any, true) && is_own && !so_far;
        if is_own {
            self.responses.latest.clone_from(&response.response);
            self.compactions.retain(|(id, _)| Some(id) != response.response.as_ref());
        }
        is_first && response.thread.is_some_and(|thread: TokenUsage| thread.exceeds(&response.usage))
    }

    /// Whether a response that a later record tells of has none of its own, as far as is known.
    pub(super) fn is_unrecorded(&self, response: &Response) -> bool {
        response.response.is_some() && response.response != self.responses.latest
    }

    /// The history was compacted, by this response. Gives whether nothing will tell what that used: before 0.154, no
    /// counter had what the provider's own compaction used (`is_remote`), and no record.
    pub(super) fn compacted(&mut self, response: Option<Id>, is_remote: bool, at: At) -> bool {
        match response {
            Some(response) if self.responses.latest.as_ref() != Some(&response) => {
                self.compactions.push((response, at));
                false
            }
            Some(_) => false,
            None => is_remote && !self.responses.is_any,
        }
    }

    /// The log ends. Gives the compactions whose responses were named and never recorded.
    pub(super) fn compactions(&mut self) -> impl Iterator<Item = At> + use<> {
        std::mem::take(&mut self.compactions).into_iter().map(|(_, at)| at)
    }
}
