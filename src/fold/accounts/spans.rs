//! Where the calls of captured processes stand among those of their conversation.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::event::{CallKey, Id, TokenUsage};
use crate::fold::facts::{CallFacts, ResultFacts, id_of};

/// So many results of cut captures are held against the calls, each by itself; of the others nothing tells.
pub(super) const MOST_COMPARED: usize = 256;

/// A call.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// Its place in the order of keys.
    pub(super) nth: usize,
    pub(super) key: &'a CallKey,
    pub(super) call: &'a CallFacts,
    /// Whether the main loop made it.
    pub(super) is_main: bool,
}

/// A conversation's calls in the order of their times; those without one come first.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    pub(super) calls: Vec<Seen<'a>>,
    /// The main loop's of a known time that used something, each with its place in `calls`.
    mains: Vec<(usize, &'a CallFacts)>,
}

/// The calls of a process.
#[derive(Debug)]
pub(super) struct Span {
    /// Which of the main loop's they are.
    pub(super) mains: Range<usize>,
    /// Whether the main loop made no others for it.
    pub(super) is_closed: bool,
}

/// What calls add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) usage: TokenUsage,
    /// Whether one of them may have put out more.
    has_placeholder: bool,
    has_main: bool,
}

/// By model; by none where a result tells none.
pub(super) type ByModel<'a, T> = BTreeMap<Option<&'a Id>, T>;

impl Sum {
    fn add(&mut self, seen: &Seen<'_>) {
        self.usage = self.usage.plus(&seen.call.usage);
        self.has_placeholder |= !seen.call.is_final;
        self.has_main |= seen.is_main;
    }

    /// Whether this is just what was counted.
    pub(super) fn comes_to(&self, counted: &TokenUsage) -> bool {
        let input =
            |usage: &TokenUsage| (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens);
        let output = self.usage.output_tokens;
        let is_output = output == counted.output_tokens || self.has_placeholder && output < counted.output_tokens;
        input(&self.usage) == input(counted) && is_output
    }
}

/// What a result counts.
pub(super) fn counted(result: &ResultFacts) -> ByModel<'_, TokenUsage> {
    let names_models = result.names_models();
    let mut counted = ByModel::new();
    for model in &result.total {
        let sum: &mut TokenUsage = counted.entry(model.model.as_ref().filter(|_| names_models)).or_default();
        *sum = sum.plus(&model.usage);
    }
    counted
}

/// Adds up what a result may count of calls: by model, or without models of the main loop alone.
pub(super) fn add<'a: 'b, 'b>(
    sums: &mut ByModel<'a, Sum>,
    calls: impl IntoIterator<Item = &'b Seen<'a>>,
    names_models: bool,
) {
    for seen in calls.into_iter().filter(|seen| names_models || seen.is_main) {
        sums.entry(seen.call.model.as_ref().filter(|_| names_models)).or_default().add(seen);
    }
}

impl<'a> Timeline<'a> {
    pub(super) fn new(all: &'a BTreeMap<CallKey, Box<CallFacts>>) -> Timeline<'a> {
        // A call's totals, and so a query's, leave its steps out.
        let is_step = |key: &CallKey| key.step_of().is_some_and(|call| all.contains_key(&call));
        let seen = all.iter().enumerate().map(|(nth, (key, call))| {
            let is_main = !call.is_subagent && !is_step(key);
            Seen { nth, key, call, is_main }
        });
        let mut calls: Vec<Seen<'_>> = seen.collect();
        calls.sort_by_key(|seen| (seen.call.time, seen.nth));
        let is_main = |seen: &Seen<'_>| seen.is_main && seen.call.time.is_some() && !seen.call.usage.is_zero();
        let mains = calls.iter().enumerate().filter(|(_, seen)| is_main(seen));
        let mains = mains.map(|(place, seen)| (place, seen.call)).collect();
        Timeline { calls, mains }
    }

    /// Where the calls of each process stand, as far as anything tells: where its capture shows them all, from the first
    /// to the last; else where the main loop's come to what its latest query used. `is_of_run`: none was made before a
    /// run began.
    pub(super) fn spans(&self, results: &[ResultFacts], is_of_run: bool) -> Vec<Option<Span>> {
        let mains = self.mains.iter().enumerate();
        let place = |(nth, (place, _)): (usize, &(usize, _))| Some((id_of(self.calls.get(*place)?.key)?, nth));
        let places: FxHashMap<&str, usize> = mains.filter_map(place).collect();
        let shown = |result: &ResultFacts| {
            let (first, last) = result.shown.as_ref()?;
            let (first, last) = (*places.get(first.as_str())?, *places.get(last.as_str())?);
            Some(Span { mains: first.min(last)..first.max(last) + 1, is_closed: true })
        };
        let mut spans: Vec<Option<Span>> = results.iter().map(shown).collect();
        let mut is_taken = vec![false; self.mains.len()];
        let take = |mains: &Range<usize>, is_taken: &mut Vec<bool>| {
            is_taken.get_mut(mains.clone()).into_iter().for_each(|taken| taken.fill(true));
        };
        spans.iter().flatten().for_each(|span| take(&span.mains, &mut is_taken));
        let cut = results.iter().zip(&mut spans).filter(|(result, _)| result.shown.is_none());
        for (result, span) in cut.take(MOST_COMPARED) {
            let Some(query) = result.query.and_then(|query| self.stretch(&query, &is_taken)) else { continue };
            let found = self.whole_of(query, result, &is_taken, is_of_run);
            take(&found.mains, &mut is_taken);
            *span = Some(found);
        }
        spans
    }

    /// The calls of the main loop in a row, none of another process, that come to what a query used; `None` if several
    /// do.
    fn stretch(&self, query: &TokenUsage, is_taken: &[bool]) -> Option<Range<usize>> {
        let (mut start, mut sum, mut found) = (0, TokenUsage::default(), None);
        for (end, ((_, call), is_taken)) in self.mains.iter().zip(is_taken).enumerate() {
            if *is_taken {
                (start, sum) = (end + 1, TokenUsage::default());
                continue;
            }
            sum = sum.plus(&call.usage);
            while sum.input_tokens > query.input_tokens && start <= end {
                sum = sum.minus(&self.mains.get(start)?.1.usage);
                start += 1;
            }
            if start > end || sum.input_tokens != query.input_tokens {
                continue;
            }
            let has_placeholder = self.mains.get(start..=end)?.iter().any(|(_, call)| !call.is_final);
            if (Sum { usage: sum, has_placeholder, has_main: true }).comes_to(query) {
                if found.is_some() {
                    return None;
                }
                found = Some(start..end + 1);
            }
        }
        found
    }

    /// The calls of a process from its beginning to the end of its latest query: with as many before it as the result has
    /// room for, if those are all of a run's or come to all that the main loop's models used. Else nothing tells but of
    /// the query's.
    fn whole_of(&self, query: Range<usize>, result: &ResultFacts, is_taken: &[bool], is_of_run: bool) -> Span {
        if !result.names_models() {
            return Span { mains: query, is_closed: true };
        }
        let counted = counted(result);
        let counts = |model: &Option<&Id>, is: &dyn Fn(&TokenUsage) -> bool| counted.get(model).is_some_and(is);
        let (mut start, mut own) = (query.start, ByModel::new());
        add(&mut own, self.within(&query), true);
        let before = |start: usize| start.checked_sub(1).filter(|before| is_taken.get(*before) == Some(&false));
        while let Some(before) = before(start) {
            let mut more = own.clone();
            add(&mut more, self.part(self.start(before)..self.start(start)), true);
            if more.iter().any(|(model, sum)| !counts(model, &|counted| !sum.usage.exceeds(counted))) {
                break;
            }
            (start, own) = (before, more);
        }
        let is_all = is_of_run && before(start).is_none()
            || own.iter().all(|(model, sum)| !sum.has_main || counts(model, &|counted| sum.comes_to(counted)));
        Span { mains: if is_all { start } else { query.start }..query.end, is_closed: is_all }
    }

    /// The calls from the first to the last of these of the main loop.
    pub(super) fn within(&self, mains: &Range<usize>) -> &[Seen<'a>] {
        self.part(self.start(mains.start)..self.end(mains.end.saturating_sub(1)))
    }

    /// Those between the one of the main loop before these and the first of them.
    pub(super) fn before(&self, mains: &Range<usize>) -> &[Seen<'a>] {
        let from = mains.start.checked_sub(1).map_or(0, |before| self.end(before));
        self.part(from..self.start(mains.start))
    }

    /// Those between the last of these and the next one of the main loop.
    pub(super) fn after(&self, mains: &Range<usize>) -> &[Seen<'a>] {
        self.part(self.end(mains.end.saturating_sub(1))..self.start(mains.end))
    }

    /// Those from the first of all to the next one of the main loop after these.
    pub(super) fn until_after(&self, mains: &Range<usize>) -> &[Seen<'a>] {
        self.part(0..self.start(mains.end))
    }

    fn part(&self, places: Range<usize>) -> &[Seen<'a>] {
        self.calls.get(places).unwrap_or_default()
    }

    /// Where the calls begin that were answered with this one of the main loop or later.
    fn start(&self, main: usize) -> usize {
        let time = self.mains.get(main).and_then(|(_, call)| call.time);
        time.map_or(self.calls.len(), |time| self.calls.partition_point(|seen| seen.call.time < Some(time)))
    }

    /// Where those end that were answered with it or earlier.
    fn end(&self, main: usize) -> usize {
        let time = self.mains.get(main).and_then(|(_, call)| call.time);
        time.map_or(self.calls.len(), |time| self.calls.partition_point(|seen| seen.call.time <= Some(time)))
    }
}

#[cfg(test)]
mod tests;
