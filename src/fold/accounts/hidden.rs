//! Calls that only a session log shows, and which of them the results of captured processes count.
//!
//! A result says what its process used, by model, and not when. But a process's calls stand together in the log, and what
//! was called in the midst of them is its own. Of what stands beside them it may count what there is room for.

use super::account::Account;
use super::spans::{ByModel, MOST_COMPARED, Seen, Span, Sum, Timeline, add, counted};
use crate::event::{Id, TokenUsage};
use crate::fold::facts::{CallFacts, ResultFacts};

/// What a result says of a call that only the log shows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Mark {
    /// Nothing.
    #[default]
    Beside,
    /// Its cost includes it, its tokens leave it out.
    Paid,
    /// It counts it.
    Covered,
}

/// What results say of an account's calls.
struct Marks {
    /// Of each in the order of their keys.
    of: Vec<Mark>,
    /// Whether some are marked as covered of which nothing tells for certain.
    is_open: bool,
}

fn is_hidden(call: &CallFacts) -> bool {
    call.is_logged && call.captured_in.is_none() && !call.is_covered
}

impl Account {
    /// Marks the calls that only a session log shows and a process's result counts as covered.
    ///
    /// Gives whether some are in doubt. These are marked, too, though the log may go on beyond the results.
    pub(super) fn cover_logged(&mut self) -> bool {
        if self.results.is_empty() || !self.calls.values().any(|call| is_hidden(call)) {
            return false;
        }
        let timeline = Timeline::new(&self.calls);
        let marks = self.all_counted(&timeline).unwrap_or_else(|| Marks::new(&timeline, &self.results, self.is_of_run));
        let is_paid = self.is_paid();
        for (call, mark) in self.calls.values_mut().zip(marks.of).filter(|(call, _)| is_hidden(call)) {
            call.is_covered = mark == Mark::Covered;
            call.is_paid |= is_paid && mark != Mark::Beside;
        }
        marks.is_open
    }

    /// Marks all such calls of a run whose end is told, if they fit in what its results count beside the other calls;
    /// else `None`.
    fn all_counted(&self, timeline: &Timeline<'_>) -> Option<Marks> {
        let names_models = self.results.iter().all(ResultFacts::names_models);
        let is_mixed = !names_models && self.results.iter().any(ResultFacts::names_models);
        if !self.is_of_run || !self.ending.is_told || is_mixed {
            return None;
        }
        let mut room = ByModel::new();
        self.results.iter().flat_map(counted).for_each(|(model, counted)| plus(&mut room, model, &counted));
        let (mut known, mut hidden) = (ByModel::new(), ByModel::new());
        add(&mut known, timeline.calls.iter().filter(|seen| seen.call.is_covered), names_models);
        add(&mut hidden, timeline.calls.iter().filter(|seen| is_hidden(seen.call)), names_models);
        let fits = |(model, hidden): (&Option<&Id>, &Sum)| {
            let known = known.get(model).map(|known| known.usage).unwrap_or_default();
            room.get(model).is_some_and(|room| !hidden.usage.exceeds(&room.minus(&known)))
        };
        hidden.iter().all(fits).then(|| {
            let mut marks = Marks::none(timeline);
            timeline.calls.iter().for_each(|seen| marks.count(seen, names_models));
            marks
        })
    }
}

impl Marks {
    fn none(timeline: &Timeline<'_>) -> Marks {
        Marks { of: vec![Mark::default(); timeline.calls.len()], is_open: false }
    }

    /// What results say, each by itself.
    fn new(timeline: &Timeline<'_>, results: &[ResultFacts], is_of_run: bool) -> Marks {
        let mut marks = Marks::none(timeline);
        let spans = timeline.spans(results, is_of_run);
        for (result, span) in results.iter().zip(&spans) {
            let own = span.iter().flat_map(|span| timeline.within(&span.mains));
            own.for_each(|seen| marks.count(seen, result.names_models()));
        }
        let is_too_many = spans.iter().filter(|span| span.is_none()).count() > MOST_COMPARED;
        if is_too_many {
            marks.of.iter_mut().filter(|mark| **mark == Mark::Beside).for_each(|mark| *mark = Mark::Covered);
            marks.is_open = true;
        }
        for (result, span) in results.iter().zip(&spans).filter(|(_, span)| !is_too_many || span.is_some()) {
            let mut own = ByModel::new();
            match span {
                Some(span) => add(&mut own, timeline.within(&span.mains), result.names_models()),
                // A sole result counts what captures show; of several results, any may.
                None if results.len() == 1 => {
                    add(&mut own, timeline.calls.iter().filter(|seen| seen.call.is_covered), result.names_models());
                }
                None => {}
            }
            let mut rest = counted(result);
            for (model, own) in own {
                rest.entry(model).and_modify(|rest| *rest = rest.minus(&own.usage));
            }
            marks.count_beside(timeline, result, span.as_ref(), &rest);
            if !result.names_models() {
                marks.pay_beside(timeline, result, span.as_ref(), is_of_run);
            }
        }
        marks
    }

    /// Marks calls beside a process's own ones in a row that its result has room for: it may have made them.
    fn count_beside(
        &mut self,
        timeline: &Timeline<'_>,
        result: &ResultFacts,
        span: Option<&Span>,
        rest: &ByModel<'_, TokenUsage>,
    ) {
        let names_models = result.names_models();
        let is_closed = result.shown.is_some() || span.is_some_and(|span| span.is_closed);
        let (before, after) = match span {
            Some(span) if is_closed => (timeline.before(&span.mains), timeline.after(&span.mains)),
            Some(span) => (timeline.until_after(&span.mains), &[][..]),
            None => (&timeline.calls[..], &[][..]),
        };
        let beside = before.iter().chain(after).filter(|seen| self.is_left(seen));
        let may_be_counted = |seen: &&Seen<'_>| {
            let rest = rest.get(&seen.call.model.as_ref().filter(|_| names_models));
            let is_own = !is_closed || !seen.is_main;
            is_own && (names_models || seen.is_main) && rest.is_some_and(|rest| !seen.call.usage.exceeds(rest))
        };
        let possible: Vec<&Seen<'_>> = beside.filter(may_be_counted).collect();
        let mut sums = ByModel::new();
        add(&mut sums, possible.iter().copied(), names_models);
        let is_all = sums.iter().all(|(model, sum)| rest.get(model).is_some_and(|rest| sum.comes_to(rest)));
        self.is_open |= !is_all;
        possible.into_iter().for_each(|seen| self.count(seen, names_models));
    }

    /// Marks what a result without models pays for and doesn't count: what sub-agents did before the main loop went on,
    /// and of a run what earlier queries did. Without a place all sub-agents' may be.
    fn pay_beside(&mut self, timeline: &Timeline<'_>, result: &ResultFacts, span: Option<&Span>, is_of_run: bool) {
        let (paid, is_any) = match span {
            Some(span) if is_of_run && result.shown.is_none() => (timeline.until_after(&span.mains), true),
            Some(span) => (timeline.after(&span.mains), false),
            None => (&timeline.calls[..], false),
        };
        for seen in paid.iter().filter(|seen| is_any || !seen.is_main) {
            if self.is_left(seen) {
                self.is_open |= span.is_none();
                self.set(seen, Mark::Paid);
            }
        }
    }

    /// Whether only the log shows a call, and no result that was looked at counts it.
    fn is_left(&self, seen: &Seen<'_>) -> bool {
        is_hidden(seen.call) && self.of.get(seen.nth) == Some(&Mark::Beside)
    }

    /// Marks a call that a result counts, or one without models pays for.
    fn count(&mut self, seen: &Seen<'_>, names_models: bool) {
        self.set(seen, if names_models || seen.is_main { Mark::Covered } else { Mark::Paid });
    }

    fn set(&mut self, seen: &Seen<'_>, mark: Mark) {
        if let Some(known) = self.of.get_mut(seen.nth) {
            *known = mark;
        }
    }
}

fn plus<'a>(sums: &mut ByModel<'a, TokenUsage>, model: Option<&'a Id>, usage: &TokenUsage) {
    let sum = sums.entry(model).or_default();
    *sum = sum.plus(usage);
}
