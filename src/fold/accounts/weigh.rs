//! What an account comes to: its counter against its calls.

use std::collections::BTreeMap;

use super::account::{Account, Ending};
use super::parts::{Part, Rest, give_report};
use super::weighed::{Rows, Weighed, call_row};
use crate::event::{Id, Time, TokenUsage};
use crate::fold::facts::CallFacts;
use crate::fold::rows::{Quality, Reason, Reasons, Taken, UsageRow};

/// How well it is known which calls a counter counts. Those that it may count are marked as covered.
#[derive(Clone, Copy, PartialEq)]
enum Coverage {
    /// Just those that are marked.
    Known,
    /// The counter tells no time, or stands behind torn records: it may count none of the calls that other sources show,
    /// or all.
    UntimedCounter,
    /// Results may count some of the calls that only a session log shows, and nothing tells which.
    HiddenCalls,
}

/// What the calls that a counter covers come to.
#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    /// There is no counter.
    Alone,
    /// No more than the counter.
    Within,
    /// More than the counter.
    Exceeding,
}

impl Comparison {
    fn of(covered: &TokenUsage, total: &TokenUsage) -> Comparison {
        // Inputs tell it by themselves: of its output a call may show no more than a placeholder.
        match covered.total_tokens() > total.total_tokens() || covered.input_tokens > total.input_tokens {
            true => Comparison::Exceeding,
            false => Comparison::Within,
        }
    }
}

impl Account {
    /// When the latest call was answered that no sub-agent made; `None` without one of a known time.
    fn latest_own(&self) -> Option<Time> {
        let calls = self.calls.values().filter(|call| !call.is_subagent);
        calls.filter_map(|call| call.time).max().max(self.messages.latest_own())
    }

    fn sum(&self, of: impl Fn(&CallFacts) -> bool) -> TokenUsage {
        self.calls.values().filter(|call| of(call)).map(|call| &call.usage).sum()
    }

    /// Weighs the counter against the calls: a counter covers what came before its last reading,
    /// calls after it add to it, and calls that exceed it win.
    pub(in crate::fold) fn weigh(self, conversation: &Id) -> Weighed {
        let is_joined = self.is_joined;
        let weighed = self.weigh_witnesses(conversation);
        if is_joined { Weighed { taken: Taken::SessionByTime, ..weighed } } else { weighed }
    }

    fn weigh_witnesses(mut self, conversation: &Id) -> Weighed {
        if let Some(share) = self.log_share.take() {
            return share.weigh(conversation, self.ending.unfinished.and_then(|(time, _)| time));
        }
        if self.has_messages_alone() {
            return self.weigh_messages(conversation);
        }
        self.calls.extend(std::mem::take(&mut self.messages).unpack(conversation));
        let coverage = self.cover();
        match self.counted() {
            Some(parts) => {
                self.take_untold(&parts);
                self.weigh_counter(parts, coverage, conversation)
            }
            None => self.weigh_calls(conversation),
        }
    }

    /// Blended totals that a footer may repeat: of the calls, and of the counter.
    fn blended(&self) -> Vec<u64> {
        let seen = self.sum(|_| true).blended_tokens();
        std::iter::once(seen).chain(self.share.iter().map(|share| share.total.blended_tokens())).collect()
    }

    /// What the calls come to where no counter tells of them.
    fn weigh_calls(self, conversation: &Id) -> Weighed {
        let blended = self.blended();
        let is_doubtful = self.calls.values().any(|call| call.is_doubtful);
        let (quality, reasons) = self.judge(Comparison::Alone);
        let (rows, reached) = (Rows::Made(self.call_rows(conversation)), largest(&blended));
        Weighed { rows, quality, reasons, taken: Taken::Calls, agrees: None, blended, reached, is_doubtful }
    }

    /// What a counter, given by model, and the calls come to.
    fn weigh_counter(self, parts: BTreeMap<Option<Id>, Part>, coverage: Coverage, conversation: &Id) -> Weighed {
        let covered = self.sum(|call| call.is_covered);
        let total: TokenUsage = parts.values().map(|part| &part.usage).sum();
        let total = total.with_untold(&covered);
        let mut blended = self.blended();
        blended.push(total.plus(&self.sum(|call| !call.is_covered)).blended_tokens());
        let comparison = Comparison::of(&covered, &total);
        let exceeds = comparison == Comparison::Exceeding;
        let beyond = total.beyond(&covered);
        let is_doubtful = self.share.as_ref().is_some_and(|share| share.is_doubtful)
            || self.calls.values().any(|call| call.is_doubtful && (exceeds || !call.is_covered));
        let is_open = match coverage {
            Coverage::Known => false,
            // Where they come to just what it counts, or to more, it counts all of them.
            Coverage::UntimedCounter => !exceeds && covered != total,
            Coverage::HiddenCalls => true,
        };
        let (quality, reasons) = match self.judge(comparison) {
            _ if is_open => (Quality::Partial, Reason::UntimedCounter.into()),
            // Neither tells all that the other does.
            (_, reasons) if exceeds && !beyond.is_zero() => (Quality::Partial, reasons),
            judged => judged,
        };
        let is_floor = self.share.as_ref().is_some_and(|share| share.is_floor);
        let may_hide_calls = coverage == Coverage::HiddenCalls;
        let is_compared = !covered.is_zero() && (!may_hide_calls || !exceeds) && !self.is_restored();
        let agrees = is_compared.then_some(is_floor || !covered.exceeds(&total));
        let is_nothing = total.is_zero() && self.calls.is_empty() && !is_floor && parts.is_empty();
        let rest = match (may_hide_calls, exceeds) {
            (true, _) => Rest::OfEach,
            (false, true) => Rest::Beyond(beyond),
            (false, false) => Rest::Of(total.minus(&covered)),
        };
        let mut rest = self.remainders(parts, rest, conversation);
        if is_nothing {
            rest.push(UsageRow { conversation: Some(conversation.clone()), ..UsageRow::of(total) });
        }
        let taken = if exceeds { Taken::Calls } else { Taken::Counter };
        let (rows, reached) = (Rows::Made(self.rows_beside(rest, comparison, conversation)), largest(&blended));
        Weighed { rows, quality, reasons, taken, agrees, blended, reached, is_doubtful }
    }

    fn has_messages_alone(&self) -> bool {
        !self.messages.is_empty() && self.calls.is_empty() && self.share.is_none() && self.results.is_empty()
    }

    /// What the calls come to where nothing tells of usage but packed ones.
    fn weigh_messages(self, conversation: &Id) -> Weighed {
        let (quality, reasons) = self.judge(Comparison::Alone);
        let rows: Vec<UsageRow> =
            self.messages.calls(conversation).map(|(key, call)| call_row(key, call, false)).collect();
        let seen: TokenUsage = rows.iter().filter_map(|row| row.usage.as_ref()).sum();
        let (rows, reached) = (Rows::Made(rows), seen.blended_tokens());
        let (taken, blended) = (Taken::Calls, vec![reached]);
        Weighed { rows, quality, reasons, taken, agrees: None, blended, reached, is_doubtful: false }
    }

    /// Marks the calls that the counter or the results count as covered. Tells how well that is known.
    fn cover(&mut self) -> Coverage {
        self.cover_bare();
        let is_untimed = self.cover_untimed() | self.cover_torn();
        match (self.cover_logged(), is_untimed) {
            (true, _) => Coverage::HiddenCalls,
            (false, true) => Coverage::UntimedCounter,
            (false, false) => Coverage::Known,
        }
    }

    /// A run's counter counts what a bare trace shows of the time before its last reading.
    fn cover_bare(&mut self) {
        let Some(read) = self.share.as_ref().filter(|share| !share.is_floor).and_then(|share| share.time) else {
            return;
        };
        let is_elsewhere = |call: &CallFacts| call.is_bare && call.runs.is_empty() && call.time < Some(read);
        for call in self.calls.values_mut().filter(|call| !call.is_covered && is_elsewhere(call)) {
            call.is_covered = true;
        }
    }

    /// A counter that tells no time may count every call that no source shows behind it: another source's calls are its
    /// witnesses and add nothing to it. Tells whether there are any.
    fn cover_untimed(&mut self) -> bool {
        if self.share.as_ref().is_none_or(|share| share.place.is_none()) {
            return false;
        }
        let mut is_any = false;
        for call in self.calls.values_mut().filter(|call| !call.is_covered && !call.is_beyond) {
            (call.is_covered, is_any) = (true, true);
        }
        is_any
    }

    /// Whether a process ended without a result, and no log tells what else it did: that a copy knows the whole output
    /// of calls that it shows doesn't end it.
    fn has_open_process(&self) -> bool {
        let is_open = |call: &CallFacts| call.captured_in.is_some() && !call.is_covered && !call.is_subagent;
        let is_any_open = self.ending.has_open_capture || self.calls.values().any(|call| is_open(call));
        !self.results.is_empty() && !self.has_log && is_any_open
    }

    /// Whether an answer was streaming at the end, and nothing that is known came after it.
    fn ends_within_an_answer(&self) -> bool {
        // Sub-agents work beside it: that they went on doesn't tell that it did.
        let latest = self.latest_own().max(self.share.as_ref().and_then(|share| share.time));
        self.ending.unfinished.as_ref().is_some_and(|(time, _)| match time {
            Some(_) => *time >= latest,
            // Records without times were dropped if a later reading counts them (`drop_counted_ends`). That was asked
            // of readings without times alone.
            None => self.share.as_ref().is_none_or(|share| share.place.is_some()),
        })
    }

    /// Whether a result counts earlier processes, too, and how much isn't known: then it stands for its latest query.
    fn is_restored(&self) -> bool {
        self.results.iter().any(|result| result.is_floor)
    }

    /// Whether sub-agents were at work when the process summed up, and no log tells what any of them did.
    fn leaves_agents(&self) -> bool {
        let is_told = |call: &CallFacts| call.is_subagent && call.is_logged;
        let is_known = || self.calls.values().any(|call| is_told(call)) || self.messages.has_subagents();
        self.results.iter().any(|result| result.leaves_agents == Some(true)) && !is_known()
    }

    /// How much is known, and why.
    fn judge(&self, comparison: Comparison) -> (Quality, Reasons) {
        let exceeds = comparison == Comparison::Exceeding;
        let is_placeholder = |call: &CallFacts| !call.is_final && (exceeds || !call.is_covered);
        let has_placeholder = self.messages.has_placeholder() || self.calls.values().any(|call| is_placeholder(call));
        let Ending { may_be_more, is_counted_more, .. } = self.ending;
        let is_restored = self.is_restored();
        let is_cut = self.ends_within_an_answer() || self.has_open_process() || self.is_unmeasured;
        // A process's result counts what its sub-agents used.
        let leaves_agents = self.leaves_agents();
        let is_all_counted =
            !self.results.is_empty() && !leaves_agents && self.calls.values().all(|call| call.is_covered);
        let lacks_agent = leaves_agents || self.lacks_agent && !is_all_counted;
        let lacks_compaction = self.lacks_compaction && !is_all_counted;
        let lacks_any = lacks_agent || lacks_compaction;
        let has_share = self.share.as_ref().is_some_and(|share| !share.is_floor);
        let has_results = !self.results.is_empty();
        let is_counted = has_share || has_results;
        // Where a counter leaves calls out, others may have been left out before the output's part that is in view.
        let is_in_view = self.begins || self.share.as_ref().is_some_and(|share| share.starts_in_view);
        let is_counted_whole = is_counted && (!exceeds || has_results || is_in_view);
        let is_whole = is_counted_whole || self.is_joined || (self.share.is_none() && self.begins);
        let mut reasons = Reasons::default();
        reasons.add_if(has_share, Reason::CounterCovers);
        reasons.add_if(has_results, Reason::ResultCovers);
        reasons.add_if(is_restored, Reason::RestoredResult);
        reasons.add_if(
            is_whole && !is_counted && !is_cut && !lacks_any && !may_be_more && !is_counted_more,
            Reason::CallsComplete,
        );
        reasons.add_if(exceeds && !is_restored, Reason::CallsExceedCounter);
        reasons.add_if(!is_whole && !has_share && self.share.is_some(), Reason::NoBaseline);
        reasons.add_if(!is_whole && (has_share || self.share.is_none()), Reason::NoBeginning);
        let is_uncounted = self.ending.is_uncounted && self.ends_within_an_answer();
        reasons.add_if(is_cut && !is_uncounted, Reason::StillStreaming);
        reasons.add_if(is_uncounted, Reason::Uncounted);
        reasons.add_if(lacks_agent, Reason::MissingAgent);
        reasons.add_if(lacks_compaction, Reason::MissingCompaction);
        reasons.add_if(has_placeholder, Reason::Placeholder);
        reasons.add_if(may_be_more, Reason::EndUntold);
        reasons.add_if(is_counted_more, Reason::CountedMore);
        let is_exact =
            is_whole && !is_restored && !may_be_more && !is_counted_more && !is_cut && !lacks_any && !has_placeholder;
        (if is_exact { Quality::Exact } else { Quality::Partial }, reasons)
    }

    /// The rows of its calls, and those of what the counter tells beyond them.
    fn rows_beside(self, rest: Vec<UsageRow>, comparison: Comparison, conversation: &Id) -> Vec<UsageRow> {
        let mut rows = self.call_rows(conversation);
        let rest: Vec<UsageRow> = rest.into_iter().filter_map(|row| give_report(row, &mut rows)).collect();
        rows.extend(rest);
        // The harness reports the cost of what its counter counts.
        let exceeds = comparison == Comparison::Exceeding;
        rows.iter_mut().for_each(|row| row.is_underpaid = exceeds && row.is_paid);
        rows
    }

    /// The rows of its calls, which are used up.
    fn call_rows(self, conversation: &Id) -> Vec<UsageRow> {
        let is_paid = self.is_paid();
        let of = |call: Box<CallFacts>| CallFacts { conversation: Some(conversation.clone()), ..*call };
        self.calls.into_iter().map(|(key, call)| call_row(key, of(call), is_paid)).collect()
    }
}

fn largest(blended: &[u64]) -> u64 {
    blended.iter().copied().max().unwrap_or(0)
}
