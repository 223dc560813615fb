//! What counters read in outputs, held against session logs.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::conversation::{ConversationFacts, Reading};
use super::log::LogCall;
use super::logged::{Logged, MARGIN_MS};
use super::own::Own;
use crate::event::{Id, RunId, Time, TokenUsage};

/// What the counters of all conversations with a session log read.
#[derive(Debug, Default)]
pub(super) struct Readings(FxHashSet<TokenUsage>);

impl Readings {
    pub(super) fn of(own: &FxHashMap<Id, Own>) -> Readings {
        Readings(own.values().flat_map(|own| &own.readings).map(|(_, total)| without_parts(total)).collect())
    }
}

/// A counter's value, as those tell it too that leave cache writes and reasoning out.
fn without_parts(total: &TokenUsage) -> TokenUsage {
    TokenUsage { cache_creation_input_tokens: 0, reasoning_output_tokens: None, ..*total }
}

/// Holds what counters in outputs read against the log. What they counted beyond its end is theirs who read it.
/// `recorded` is what the log's counter came to with responses that stand behind its last reading.
pub(super) fn hold_against(
    joined: &mut BTreeMap<Option<RunId>, Logged>,
    readings: Vec<Reading>,
    logged: &[(Option<Time>, TokenUsage)],
    recorded: &[(Option<Time>, TokenUsage)],
    everywhere: &Readings,
    has_baseline: bool,
) {
    let known: FxHashSet<TokenUsage> = logged.iter().chain(recorded).map(|(_, total)| without_parts(total)).collect();
    let own = || joined.values().flat_map(|part| &part.calls).map(LogCall::usage).sum();
    let mut last = logged.last().map_or_else(own, |(_, total)| *total);
    if let Some((_, counted)) = recorded.last() {
        // A counter that comes to less counts none of them: they are compactions.
        let is_less =
            |total: TokenUsage| !total.fell_below(&without_parts(&last)) && total.fell_below(&without_parts(counted));
        let read = readings.iter().map(|reading| without_parts(&reading.total));
        if !read.filter(|total| !known.contains(total)).any(is_less) {
            last = *counted;
        }
    }
    let mut beyond: Vec<Reading> = Vec::new();
    for reading in readings {
        let part = joined.entry(reading.run.clone()).or_default();
        let total = without_parts(&reading.total);
        if known.contains(&total) {
            part.agrees = Some(part.agrees.unwrap_or(true));
        } else if !everywhere.0.contains(&total) {
            match total.fell_below(&without_parts(&last)) {
                true => part.agrees = Some(false),
                false if has_baseline => beyond.push(reading),
                false => part.is_floor = true,
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
        joined.entry(run).or_default().counted_beyond(growth, time);
    }
}

/// Gives readings that nothing names to the conversation whose session log holds the same one, if there is one only.
pub(super) fn name_by_reading(conversations: &mut FxHashMap<Id, Box<ConversationFacts>>) {
    let unnamed: Vec<Id> = conversations
        .iter()
        .filter(|(id, facts)| id.is_anonymous() && !facts.readings.is_empty() && !facts.is_logged)
        .map(|(id, _)| id.clone())
        .collect();
    if unnamed.is_empty() {
        return;
    }
    let mut named: FxHashMap<TokenUsage, Option<(Id, Option<Time>)>> = FxHashMap::default();
    for (id, facts) in conversations.iter() {
        for (total, time) in facts.log.dated_readings() {
            let known = named.entry(total).or_insert_with(|| Some((id.clone(), time)));
            if known.as_ref().is_some_and(|(other, _)| other != id) {
                *known = None;
            }
        }
    }
    for unnamed in unnamed {
        let last = conversations.get(&unnamed).and_then(|facts| facts.readings.last());
        let Some(last) = last.map(|last| (last.total, last.stamp)) else { continue };
        let Some(Some((id, time))) = named.get(&last.0) else { continue };
        let apart = last.1.zip(*time).map_or(0, |(here, there)| here.millis_since(there));
        if apart.abs() <= MARGIN_MS {
            let readings = conversations.remove(&unnamed).map(|facts| facts.readings).unwrap_or_default();
            conversations.entry(id.clone()).or_default().readings.extend(readings);
        }
    }
}
