//! Calls of a session log that a trace shows, too, under another name.

use rustc_hash::FxHashMap;

use crate::event::{CallKey, Time, TokenUsage};
use crate::fold::facts::{CallFacts, LogCall, MARGIN_MS};

/// The calls of a log that a trace shows too, and what else it shows.
pub(super) struct Twins {
    /// For each call of the log: what a trace shows of it; `None` if none does.
    pub(super) of_call: Vec<Option<Box<CallFacts>>>,
    /// In the order of their times.
    pub(super) unmatched: Vec<(CallKey, Box<CallFacts>)>,
}

/// Pairs calls of the same size and time: a session log and a trace name the same call differently. What a log lost was
/// answered at any time since the call before it.
pub(super) fn twins(calls: &[LogCall], seen: Vec<(CallKey, Box<CallFacts>)>) -> Twins {
    let size = |usage: &TokenUsage| (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens);
    let mut by_size: FxHashMap<_, Vec<(CallKey, Box<CallFacts>)>> = FxHashMap::default();
    for (key, call) in seen {
        by_size.entry(size(&call.usage)).or_default().push((key, call));
    }
    for seen in by_size.values_mut() {
        // From the latest to the earliest, so that the earliest is taken first.
        seen.sort_by(|a, b| (b.1.time, &b.0).cmp(&(a.1.time, &a.0)));
    }
    let mut unmatched = Vec::new();
    let of_call = calls.iter().zip(since(calls)).map(|(call, since)| {
        let seen = by_size.get_mut(&size(&call.usage()))?;
        while let Some((key, candidate)) = seen.pop() {
            let ahead = candidate.time.zip(call.time()).map_or(0, |(then, now)| then.millis_since(now));
            let is_lost = ahead < 0 && call.may_be_several && candidate.time >= since;
            if ahead.abs() <= MARGIN_MS || is_lost {
                return Some(candidate);
            }
            if ahead > 0 {
                seen.push((key, candidate));
                return None;
            }
            unmatched.push((key, candidate));
        }
        None
    });
    let of_call = of_call.collect();
    unmatched.extend(by_size.into_values().flatten());
    unmatched.sort_by(|a, b| (a.1.time, &a.0).cmp(&(b.1.time, &b.0)));
    Twins { of_call, unmatched }
}

/// From when on each call may have been answered: where the log lost readings, since the one before it.
pub(super) fn since(calls: &[LogCall]) -> Vec<Option<Time>> {
    let before = std::iter::once(None).chain(calls.iter().map(LogCall::time));
    calls.iter().zip(before).map(|(call, before)| if call.may_be_several { before } else { call.time() }).collect()
}
