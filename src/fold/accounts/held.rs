//! What counters read in outputs, held against session logs.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::bounds::Bounds;
use super::growth::{LoggedUpTo, Uncovered, shares};
use super::log_share::LogShares;
use super::share::Share;
use super::split::SplitLog;
use crate::event::{Id, RunId, Time, TokenUsage};
use crate::fold::facts::{LogCall, Reading};
use crate::fold::origins::Own;
use crate::fold::rows::Reason;

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

/// What a conversation's session log tells of its counter.
pub(super) struct LoggedCounter<'a> {
    /// What it read, and when, in their order.
    pub(super) logged: &'a [(Option<Time>, TokenUsage)],
    /// What the counter came to with responses that stand behind its last reading.
    pub(super) recorded: &'a [(Option<Time>, TokenUsage)],
    /// What counters read in all session logs: such a reading of another conversation was copied.
    pub(super) everywhere: &'a LoggedReadings,
    /// Whether it is known what the counter began with.
    pub(super) has_baseline: bool,
    /// When the latest of what it tells happened.
    pub(super) end: Option<Time>,
}

/// The runs that hold calls of a session log, `None` among them, and the one that holds the last if nothing tells that
/// it made no more.
pub(super) struct Holding {
    pub(super) runs: BTreeSet<Option<RunId>>,
    pub(super) open: Option<RunId>,
}

impl LoggedCounter<'_> {
    /// What the counter read last, held against what outputs show.
    fn last(&self, known: &FxHashSet<TokenUsage>, own: TokenUsage, shown: &[Reading]) -> TokenUsage {
        let last = self.logged.last().map_or(own, |(_, total)| *total);
        let Some((_, counted)) = self.recorded.last() else { return last };
        // A counter that comes to less counts none of them: they are compactions.
        let is_less =
            |total: TokenUsage| !total.fell_below(&without_parts(&last)) && total.fell_below(&without_parts(counted));
        let read = shown.iter().map(|reading| without_parts(&reading.total));
        let is_any_less = read.filter(|total| !known.contains(total)).any(is_less);
        if is_any_less { last } else { *counted }
    }
}

/// Compares the readings that outputs show (`shown`) with the log's. What an output's counter counted beyond the end of
/// the log goes to the run whose output it is, as far as it is not an earlier one's. `uncovered` are calls behind that end
/// which no reading of their own run counts.
pub(super) fn hold_against<'a>(
    split: &mut SplitLog,
    shown: Vec<Reading>,
    log: &LoggedCounter<'_>,
    holding: Holding,
    uncovered: &[Uncovered],
    is_behind: impl Fn(&RunId) -> bool,
    bounds: impl Fn(&RunId) -> Bounds<'a>,
) {
    let known = log.logged.iter().chain(log.recorded).map(|(_, total)| without_parts(total));
    let known: FxHashSet<TokenUsage> = known.collect();
    let own = split.logged.values().flat_map(|share| &share.calls).map(LogCall::usage).sum();
    let last = log.last(&known, own, &shown);
    let Holding { runs, mut open } = holding;
    let mut beyond: Vec<Reading> = Vec::new();
    for reading in shown {
        let total = without_parts(&reading.total);
        let is_last = total == without_parts(&last);
        let is_known = known.contains(&total);
        let is_elsewhere = !is_known && log.everywhere.0.contains(&total);
        if reading.run.as_ref().is_some_and(&is_behind) {
            if is_last && let Some(earlier) = open.take() {
                // There the counter stood when a later run began.
                split.logged.entry(Some(earlier)).or_default().read = Some(reading.total);
            }
            if !is_known && !is_elsewhere {
                beyond.push(reading);
            }
            continue;
        }
        let share = split.logged.entry(reading.run.clone()).or_default();
        if is_known {
            share.agrees = Some(share.agrees.unwrap_or(true));
            if is_last {
                share.read = Some(reading.total);
                open.take_if(|open| reading.run.as_ref() == Some(open));
            }
        } else if !is_elsewhere {
            match total.fell_below(&without_parts(&last)) {
                true => share.agrees = Some(false),
                false if log.has_baseline => beyond.push(reading),
                false => share.floor = Some(Reason::PossibleCopies),
            }
        }
    }
    let from = LoggedUpTo { total: last, time: log.end, runs, open };
    for (run, grown) in shares(beyond, uncovered, bounds, Some(&from).filter(|_| log.has_baseline)) {
        match run {
            Some(run) if is_behind(&run) => split.behind.entry(run).or_default().share = Some(grown),
            run => add_growth(&mut split.logged, run, grown),
        }
    }
}

/// Adds what an output's counter counted beyond the log's end to the run's share of the log.
fn add_growth(shares: &mut LogShares, run: Option<RunId>, grown: Share) {
    let share = shares.entry(run).or_default();
    let growth = grown.by_model.values().map(|(usage, _)| usage).sum();
    share.read = Some(grown.total);
    share.counted_beyond(growth, grown.time);
    if let Some(unsure) = grown.unsure {
        share.lack(Reason::NoBaseline);
        let usage = unsure.usage.filter(|_| unsure.blended.is_none());
        let others = shares.entry(None).or_default();
        others.unsure.extend(usage.map(|usage| (usage, unsure)));
    }
}
