//! Readings that a session log lost: the next one counts their calls, too, which may be another run's.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::event::{RunId, Time, TokenUsage};
use crate::fold::facts::{LogCall, Reading};

/// Splits calls that count lost ones where an output shows what the counter read between; adds that to `readings`, the
/// log's own. `shown` are those in outputs.
pub(super) fn fill(
    calls: &mut Vec<LogCall>,
    readings: &mut Vec<(Option<Time>, TokenUsage)>,
    lost_after: &FxHashSet<TokenUsage>,
    shown: &[Reading],
) {
    if lost_after.is_empty() || shown.is_empty() {
        return;
    }
    let mut read: Vec<TokenUsage> = shown.iter().map(|reading| reading.total).collect();
    read.sort_by_key(|total| (total.total_tokens(), *total));
    let mut filled = Vec::with_capacity(calls.len() + lost_after.len());
    let mut last: Option<(Option<Time>, TokenUsage)> = None;
    for call in std::mem::take(calls) {
        let Some(total) = call.key.total() else {
            filled.push(call);
            continue;
        };
        let (since, from) = last.unwrap_or_default();
        // A counter that began anew counts nothing of before.
        let counts_lost = lost_after.contains(&from) && call.usage() == total.minus(&from);
        let is_between = |read: &TokenUsage| !read.fell_below(&from) && !read.exceeds(&total) && *read != total;
        let next = read.partition_point(|total| total.total_tokens() <= from.total_tokens());
        match read.get(next).copied().filter(|read| counts_lost && is_between(read)) {
            Some(read) => {
                let part = call.until(&read, &read.minus(&from), since);
                readings.push((part.time(), read));
                filled.extend([part, call.with_usage(&total.minus(&read))]);
            }
            None => filled.push(call),
        }
        last = Some((filled.last().and_then(LogCall::time), total));
    }
    readings.sort();
    *calls = filled;
}

/// Takes calls behind a lost reading from their runs where they may count calls of another run, too. Gives the runs
/// concerned. `runs` are the runs of each call, `starts_in` tells whether the conversation began in one.
pub(super) fn take_shared(
    calls: &[LogCall],
    runs: &mut [Option<RunId>],
    lost_after: &FxHashSet<TokenUsage>,
    starts_in: impl Fn(&RunId) -> bool,
) -> BTreeSet<RunId> {
    let mut concerned = BTreeSet::new();
    if lost_after.is_empty() {
        return concerned;
    }
    let mut last: Option<(TokenUsage, Option<RunId>)> = None;
    for (call, run) in calls.iter().zip(runs) {
        let Some(total) = call.key.total() else { continue };
        let own = run.clone();
        let (is_lost, is_border) = match &last {
            Some((from, earlier)) => (lost_after.contains(from), *earlier != own),
            None => {
                let is_older = own.as_ref().is_some_and(|run| !starts_in(run));
                (lost_after.contains(&TokenUsage::default()), is_older)
            }
        };
        if is_lost && is_border {
            concerned.extend(last.and_then(|(_, earlier)| earlier));
            concerned.extend(run.take());
        }
        last = Some((total, own));
    }
    concerned
}
