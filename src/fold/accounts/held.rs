//! What counters read in outputs, held against session logs.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::log_share::LogShares;
use crate::event::{Id, RunId, Time, TokenUsage};
use crate::fold::facts::{LogCall, Reading};
use crate::fold::origins::Own;

/// What counters read in the session logs, in any of them.
#[derive(Debug, Default)]
pub(super) struct LoggedReadings(FxHashSet<TokenUsage>);

impl LoggedReadings {
    pub(super) fn of(own: &FxHashMap<Id, Own>) -> LoggedReadings {
        LoggedReadings(own.values().flat_map(|own| &own.readings).map(|(_, total)| without_parts(total)).collect())
    }
}

/// A counter's value, as those tell it too that leave cache writes and reasoning out.
fn without_parts(total: &TokenUsage) -> TokenUsage {
    TokenUsage { cache_creation_input_tokens: 0, reasoning_output_tokens: None, ..*total }
}

/// Compares the readings that outputs show (`shown`) with the log's (`logged`). What an output's counter counted beyond
/// the end of the log goes to the run whose output it is.
///
/// `recorded` is what the log's counter came to with responses that stand behind its last reading, `has_baseline`
/// whether it is known what that counter began with.
pub(super) fn hold_against(
    shares: &mut LogShares,
    shown: Vec<Reading>,
    logged: &[(Option<Time>, TokenUsage)],
    recorded: &[(Option<Time>, TokenUsage)],
    everywhere: &LoggedReadings,
    has_baseline: bool,
) {
    let known: FxHashSet<TokenUsage> = logged.iter().chain(recorded).map(|(_, total)| without_parts(total)).collect();
    let own = || shares.values().flat_map(|share| &share.calls).map(LogCall::usage).sum();
    let mut last = logged.last().map_or_else(own, |(_, total)| *total);
    if let Some((_, counted)) = recorded.last() {
        // Where an output's counter came to less, it counts none of the responses: they are compactions.
        let is_less =
            |total: TokenUsage| !total.fell_below(&without_parts(&last)) && total.fell_below(&without_parts(counted));
        let read = shown.iter().map(|reading| without_parts(&reading.total));
        if !read.filter(|total| !known.contains(total)).any(is_less) {
            last = *counted;
        }
    }
    let mut beyond: Vec<Reading> = Vec::new();
    for reading in shown {
        let share = shares.entry(reading.run.clone()).or_default();
        let total = without_parts(&reading.total);
        if known.contains(&total) {
            share.agrees = Some(share.agrees.unwrap_or(true));
        } else if !everywhere.0.contains(&total) {
            match total.fell_below(&without_parts(&last)) {
                true => share.agrees = Some(false),
                false if has_baseline => beyond.push(reading),
                false => share.is_floor = true,
            }
        }
    }
    beyond.sort_by(|a, b| (a.total.total_tokens(), a.time, &a.run).cmp(&(b.total.total_tokens(), b.time, &b.run)));
    let mut grown: BTreeMap<Option<RunId>, (TokenUsage, Option<Time>)> = BTreeMap::new();
    for reading in beyond {
        let (growth, time) = grown.entry(reading.run).or_default();
        let total = reading.total.with_untold(&last);
        if !total.fell_below(&last) {
            *growth = growth.plus(&total.minus(&last));
            last = total;
        }
        *time = (*time).max(reading.time);
    }
    for (run, (growth, time)) in grown {
        shares.entry(run).or_default().counted_beyond(growth, time);
    }
}
