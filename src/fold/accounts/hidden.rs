//! Calls that only a session log shows, and which of them the results of captured processes count.
//!
//! A result says what its process used, by model, and not when. A process's calls stand together in the log: where
//! those of a model come to just what a result says of it, these are the ones that it counts.

use std::collections::BTreeMap;
use std::ops::Range;

use super::account::Account;
use crate::event::{CallKey, Id, ModelUsage, Time, TokenUsage};
use crate::fold::facts::CallFacts;

/// So many results of cut captures are held against the log, each by itself; what others count stays open.
const MOST_COMPARED: usize = 256;

/// Tokens by model; by none where a result tells none.
pub(super) type ByModel = BTreeMap<Option<Id>, TokenUsage>;

/// A call that only the log shows.
#[derive(Debug)]
struct Hidden {
    time: Option<Time>,
    key: CallKey,
    usage: TokenUsage,
}

/// Such calls by model, in the order of their times.
type HiddenCalls = BTreeMap<Option<Id>, Vec<Hidden>>;

impl Account {
    /// Marks the calls that only a session log shows and a process's counter has counted as covered. These are:
    ///
    /// 1. All of them, if they fit in what the counter counts beside the calls that the capture shows.
    /// 2. Else, where the capture is whole, those in a row that come to just that rest.
    /// 3. Else, where it was cut, those in a row that come to all that the counter counts.
    ///
    /// Gives whether nothing tells which they are. Then all count as covered, and the log may go on beyond the counter.
    pub(super) fn cover_logged(&mut self) -> bool {
        let is_hidden = |call: &CallFacts| call.is_logged && call.captured_in.is_none() && !call.is_covered;
        if self.results.is_empty() || !self.calls.values().any(|call| is_hidden(call)) {
            return false;
        }
        let totals = || self.results.iter().flat_map(|result| &result.total);
        // Where one result tells no models, all are held against the calls of any.
        let names_models = totals().all(|total| total.model.is_some());
        let mut room = by_model(totals(), names_models);
        let model_of = |call: &CallFacts| call.model.clone().filter(|_| names_models);
        for call in self.calls.values().filter(|call| call.is_covered) {
            if let Some(room) = room.get_mut(&model_of(call)) {
                *room = room.minus(&call.usage);
            }
        }
        let (mut hidden, mut unseen) = (HiddenCalls::new(), ByModel::new());
        for (key, call) in self.calls.iter().filter(|(_, call)| is_hidden(call)) {
            let sum = unseen.entry(model_of(call)).or_default();
            *sum = sum.plus(&call.usage);
            // What a query tells without models leaves its sub-agents out.
            if names_models || !call.is_subagent {
                let call_of = Hidden { time: call.time, key: key.clone(), usage: call.usage };
                hidden.entry(model_of(call)).or_default().push(call_of);
            }
        }
        let fits = unseen.iter().all(|(model, sum)| room.get(model).is_some_and(|room| !sum.exceeds(room)));
        let mut cut = self.results.iter().filter(|result| !result.is_whole).peekable();
        let is_any_cut = cut.peek().is_some();
        hidden.values_mut().for_each(|calls| calls.sort_by(|a, b| (a.time, &a.key).cmp(&(b.time, &b.key))));
        let cut = cut.map(|result| by_model(&result.total, names_models));
        let found = match (fits, is_any_cut) {
            (true, _) => None,
            (false, true) => find(cut, &mut room, &mut hidden),
            (false, false) => Some(torn(&mut room, &mut hidden)),
        };
        let is_paid = self.is_paid();
        for (key, call) in self.calls.iter_mut().filter(|(_, call)| is_hidden(call)) {
            let is_found = found.as_ref().is_none_or(|found| found.calls.binary_search(key).is_ok());
            let is_beside = found.as_ref().is_some_and(|found| !names_models && found.is_amid(call));
            call.is_covered = is_found;
            call.is_paid |= is_paid && (is_found || is_beside);
        }
        !fits && found.is_none()
    }
}

/// The calls that results count.
#[derive(Debug, Default)]
struct Found {
    /// Their keys, sorted.
    calls: Vec<CallKey>,
    /// From when to when each result counts.
    spans: Vec<(Option<Time>, Option<Time>)>,
}

impl Found {
    /// Whether a sub-agent's call was made while a process worked whose result leaves sub-agents out.
    fn is_amid(&self, call: &CallFacts) -> bool {
        call.is_subagent && self.spans.iter().any(|(from, to)| (from..=to).contains(&&call.time))
    }

    fn add(&mut self, taken: Vec<(Option<Id>, Hidden)>, room: &mut ByModel) {
        let times = || taken.iter().map(|(_, call)| call.time);
        self.spans.extend(times().min().zip(times().max()));
        for (model, call) in taken {
            if let Some(room) = room.get_mut(&model) {
                *room = room.minus(&call.usage);
            }
            self.calls.push(call.key);
        }
    }
}

/// Which calls these results count, each by itself, or those that are left together; `room` is what all results count
/// beside the calls that are known. `None` if nothing tells.
fn find(results: impl Iterator<Item = ByModel>, room: &mut ByModel, hidden: &mut HiddenCalls) -> Option<Found> {
    let (mut found, mut is_open) = (Found::default(), false);
    for (nth, counted) in results.enumerate() {
        match (nth < MOST_COMPARED).then(|| take(&counted, hidden)).flatten() {
            Some(taken) => found.add(taken, room),
            None => is_open = true,
        }
    }
    if is_open {
        let taken = take(room, hidden)?;
        found.add(taken, room);
    }
    found.calls.sort();
    Some(found)
}

/// The calls that come to just what is left of what a model used: records of theirs were torn.
fn torn(room: &mut ByModel, hidden: &mut HiddenCalls) -> Found {
    let mut found = Found::default();
    let left: Vec<(Option<Id>, TokenUsage)> =
        room.iter().filter(|(_, left)| !left.is_zero()).map(|(model, left)| (model.clone(), *left)).collect();
    for (model, left) in left {
        let Some(calls) = hidden.get_mut(&model) else { continue };
        if let Some(stretch) = stretch(calls, &left) {
            found.add(calls.drain(stretch).map(|call| (model.clone(), call)).collect(), room);
        }
    }
    found.calls.sort();
    found
}

/// Takes the calls that come to what is counted. Of a model that used more than its calls of that time show, those are
/// meant. `None` if nothing tells which are.
fn take(counted: &ByModel, hidden: &mut HiddenCalls) -> Option<Vec<(Option<Id>, Hidden)>> {
    let mut stretches: Vec<(&Option<Id>, Range<usize>)> = Vec::new();
    let mut open: Vec<(&Option<Id>, &TokenUsage)> = Vec::new();
    for (model, counted) in counted.iter().filter(|(_, counted)| !counted.is_zero()) {
        let Some(calls) = hidden.get(model) else { continue };
        match stretch(calls, counted) {
            Some(stretch) => stretches.push((model, stretch)),
            None if calls.iter().all(|call| call.usage.exceeds(counted)) => {}
            None => open.push((model, counted)),
        }
    }
    let calls = |(model, stretch): &(&Option<Id>, Range<usize>)| hidden.get(*model)?.get(stretch.clone());
    let times = || stretches.iter().filter_map(calls).flatten().map(|call| call.time);
    let span = times().min().zip(times().max());
    for (model, counted) in open {
        let ((from, to), calls) = (span?, hidden.get(model)?);
        let start = calls.partition_point(|call| call.time < from);
        let end = calls.partition_point(|call| call.time <= to).max(start);
        let sum: TokenUsage = calls.get(start..end)?.iter().map(|call| &call.usage).sum();
        if sum.exceeds(counted) {
            return None;
        }
        // What there is room for beside them may be counted, too.
        let left = counted.minus(&sum);
        let mut others = calls.iter().enumerate().filter(|(place, _)| !(start..end).contains(place));
        if others.any(|(_, call)| !call.usage.exceeds(&left)) {
            return None;
        }
        stretches.push((model, start..end));
    }
    let mut taken = Vec::new();
    for (model, stretch) in stretches {
        let calls = hidden.get_mut(model)?.drain(stretch);
        taken.extend(calls.map(|call| (model.clone(), call)));
    }
    Some(taken)
}

/// The first calls in a row that come to just what is counted.
fn stretch(calls: &[Hidden], counted: &TokenUsage) -> Option<Range<usize>> {
    let (mut start, mut sum) = (0, TokenUsage::default());
    for (end, call) in calls.iter().enumerate() {
        sum = sum.plus(&call.usage);
        while sum.exceeds(counted) {
            sum = sum.minus(&calls.get(start)?.usage);
            start += 1;
        }
        if start <= end && !sum.fell_below(counted) {
            return Some(start..end + 1);
        }
    }
    None
}

/// What results count of each model, or of all where they don't name models.
pub(super) fn by_model<'a>(models: impl IntoIterator<Item = &'a ModelUsage>, names_models: bool) -> ByModel {
    let mut tokens = ByModel::new();
    for model in models {
        let sum = tokens.entry(model.model.clone().filter(|_| names_models)).or_default();
        *sum = sum.plus(&model.usage);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::{ByModel, Hidden, HiddenCalls, take};
    use crate::event::{CallKey, Time, TokenUsage};

    fn tokens(input_tokens: u64) -> TokenUsage {
        TokenUsage { input_tokens, ..TokenUsage::default() }
    }

    /// Calls of models, each with its second and its tokens.
    fn hidden(calls: &[(&str, i64, u64)]) -> HiddenCalls {
        let mut hidden = HiddenCalls::new();
        for (model, second, input) in calls {
            let key = CallKey::Message(format!("{model}{second}").into());
            let call = Hidden { time: Time::from_millis(second * 1000), key, usage: tokens(*input) };
            hidden.entry(Some((*model).into())).or_default().push(call);
        }
        hidden
    }

    fn taken(counted: &[(&str, u64)], calls: &[(&str, i64, u64)]) -> Option<Vec<String>> {
        let counted: ByModel = counted.iter().map(|(model, input)| (Some((*model).into()), tokens(*input))).collect();
        let taken = take(&counted, &mut hidden(calls))?;
        let name = |key: &CallKey| match key {
            CallKey::Message(id) => id.to_string(),
            _ => String::new(),
        };
        Some(taken.iter().map(|(_, call)| name(&call.key)).collect())
    }

    const CALLS: [(&str, i64, u64); 5] = [("a", 1, 10), ("b", 2, 3), ("a", 3, 7), ("a", 5, 8), ("b", 6, 4)];

    #[test]
    fn calls_in_a_row_that_come_to_what_is_counted_are_meant() {
        assert_eq!(taken(&[("a", 15)], &CALLS), Some(vec!["a3".to_owned(), "a5".to_owned()]));
        assert_eq!(taken(&[("a", 17), ("b", 3)], &CALLS).map(|calls| calls.len()), Some(3));
    }

    #[test]
    fn of_a_model_that_used_more_the_calls_of_that_time_are_meant() {
        let calls = taken(&[("a", 17), ("b", 5)], &CALLS);
        assert_eq!(calls, Some(vec!["a1".to_owned(), "a3".to_owned(), "b2".to_owned()]));
    }

    #[test]
    fn what_is_too_small_for_any_call_counts_none_of_them() {
        assert_eq!(taken(&[("a", 6), ("c", 90)], &CALLS), Some(Vec::new()));
    }

    #[test]
    fn what_comes_to_nothing_is_open() {
        assert_eq!(taken(&[("a", 18)], &[("a", 1, 10), ("a", 3, 7), ("a", 5, 9)]), None);
        assert_eq!(taken(&[("a", 17), ("b", 2)], &[("a", 1, 10), ("b", 2, 1), ("b", 2, 3), ("a", 3, 7)]), None);
    }
}
