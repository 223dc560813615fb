//! What a conversation's counter counted in turns of which responses' own records tell: nothing more, unless a record was
//! torn.

use rustc_hash::FxHashMap;

use crate::event::{Id, Time, TokenUsage};
use crate::fold::facts::{LogCall, LogKey};

/// Adds what the counter counted in such turns, as far as the records don't tell it. `may_hide_own`: of what may be
/// copied, some may be a call whose record was torn. Gives whether what is added may be too little.
pub(super) fn add_unrecorded(
    calls: &mut Vec<LogCall>,
    mut turns: FxHashMap<Option<Id>, RecordedTurn>,
    may_hide_own: bool,
) -> bool {
    for call in calls.iter().filter(|call| is_by_response(call)) {
        let turn = turns.entry(call.context.turn.clone()).or_default();
        turn.begin(call.time());
        *turn.responses.entry(call.usage()).or_default() += 1;
    }
    let mut turns: Vec<(Option<Id>, RecordedTurn)> = turns.into_iter().collect();
    turns.sort_by(|a, b| (a.1.began, &a.0).cmp(&(b.1.began, &b.0)));
    let mut uncounted = TokenUsage::default();
    turns.into_iter().fold(false, |is_floor, (_, mut turn)| {
        turn.match_responses();
        let may_lack = may_hide_own && !turn.doubtful.is_empty();
        turn.add_rest(calls, &mut uncounted) || may_lack || is_floor
    })
}

/// A turn with responses' own records.
#[derive(Debug, Default)]
pub(super) struct RecordedTurn {
    /// When the first of what follows was written.
    began: Option<Time>,
    /// How many responses of each size their records tell of.
    responses: FxHashMap<TokenUsage, usize>,
    /// What the counter counted in it.
    counted: Vec<LogCall>,
    /// What it counted, if that isn't a copy.
    doubtful: Vec<LogCall>,
}

impl RecordedTurn {
    /// Adds what the counter counted in it.
    pub(super) fn count(&mut self, call: LogCall, is_doubtful: bool) {
        self.begin(call.time());
        if is_doubtful { &mut self.doubtful } else { &mut self.counted }.push(call);
    }

    fn begin(&mut self, time: Option<Time>) {
        self.began = [self.began, time].into_iter().flatten().min();
    }

    /// Leaves what no record tells, and no reading. What may be copied has what the rest leaves.
    fn match_responses(&mut self) {
        let RecordedTurn { responses, counted, doubtful, .. } = self;
        for calls in [counted, doubtful] {
            calls.retain(|call| match responses.get_mut(&call.usage()) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            });
        }
    }

    /// Adds what the counter counted of which no response tells, as its record was torn. `uncounted` is what responses
    /// of earlier turns used and the counter hadn't counted by then, as its reading was torn. Gives whether the counter
    /// may leave some out, as it does compactions: then what is added may be too little.
    fn add_rest(self, calls: &mut Vec<LogCall>, uncounted: &mut TokenUsage) -> bool {
        let RecordedTurn { responses, mut counted, .. } = self;
        let rest = responses.into_iter().flat_map(|(usage, count)| std::iter::repeat_n(usage, count));
        let rest: TokenUsage = rest.sum();
        if rest.is_zero() && uncounted.is_zero() {
            calls.append(&mut counted);
            return false;
        }
        // One reading may count several responses.
        let grown: TokenUsage = counted.iter().map(LogCall::usage).sum();
        let more = grown.minus(&rest);
        let unrecorded = more.minus(uncounted);
        *uncounted = uncounted.plus(&rest.minus(&grown)).minus(&more);
        let last = counted.into_iter().max_by(|a, b| a.key.cmp(&b.key)).filter(|_| !unrecorded.is_zero());
        calls.extend(last.map(|last| last.with_usage(&unrecorded)));
        !more.is_zero()
    }
}

/// Whether it is known by the record of its response.
pub(super) fn is_by_response(call: &LogCall) -> bool {
    matches!(call.key, LogKey::Response(_))
}
