//! What a reading of a cumulative counter says of the latest call in it.

use crate::event::TokenUsage;

/// What a reading of a counter says of the latest call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latest {
    /// That it used nothing: there was none.
    Nothing,
    /// That it is all that the counter holds.
    All,
    /// That it is this part of that. `None`: nothing at all.
    Part(Option<TokenUsage>),
}

impl Latest {
    /// Whether the counter grew from `previous` to `total` by the latest call alone.
    pub fn is_growth(self, previous: &TokenUsage, total: &TokenUsage) -> bool {
        match self {
            Latest::Nothing => false,
            Latest::All => previous.is_zero(),
            Latest::Part(last) => last.is_some_and(|last| last.total_tokens() == total.minus(previous).total_tokens()),
        }
    }

    /// What a counter of this value says by telling what the latest call used; `None` where it doesn't.
    pub fn of(last: Option<TokenUsage>, total: &TokenUsage) -> Latest {
        match last {
            Some(last) if last.is_zero() => Latest::Nothing,
            Some(last) if last == *total => Latest::All,
            last => Latest::Part(last),
        }
    }

    /// What the counter read before the latest call, where that isn't all that it holds.
    pub fn before(self, total: &TokenUsage) -> Option<TokenUsage> {
        let Latest::Part(Some(last)) = self else { return None };
        (!last.exceeds(total)).then(|| total.minus(&last))
    }

    /// What the counter read before the latest call, where that is more than `previous`: a reading between them is not
    /// in view.
    pub fn unread(self, previous: &TokenUsage, total: &TokenUsage) -> Option<TokenUsage> {
        let before = self.before(total)?;
        let is_between = !before.fell_below(previous) && previous.fell_below(&before);
        is_between.then_some(before)
    }
}
