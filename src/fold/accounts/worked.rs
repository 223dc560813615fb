//! Which runs of a conversation were at work at a time, found without asking each: there may be thousands.

use rustc_hash::FxHashMap;

use crate::event::{RunId, Time};
use crate::fold::facts::{AtWork, Showing};

/// The runs of a conversation.
pub(super) struct Worked {
    /// In the order of their beginnings.
    runs: Vec<(AtWork, RunId)>,
    /// From the beginning of all until the end of all runs up to this one.
    up_to: Vec<AtWork>,
}

impl Worked {
    pub(super) fn of(runs: &Showing, at_work: &FxHashMap<RunId, AtWork>) -> Worked {
        Worked::new(runs.keys().filter_map(|run| Some((*at_work.get(run)?, run.clone()))))
    }

    fn new(runs: impl Iterator<Item = (AtWork, RunId)>) -> Worked {
        let mut runs: Vec<(AtWork, RunId)> = runs.collect();
        runs.sort_by(|(a, one), (b, other)| (a.start, one).cmp(&(b.start, other)));
        let mut up_to: Vec<AtWork> = Vec::with_capacity(runs.len());
        for (run, _) in &runs {
            let end = match up_to.last() {
                None => run.end,
                // A run without an end is over after all others.
                Some(before) => before.end.zip(run.end).map(|(end, own)| end.max(own)),
            };
            up_to.push(AtWork { start: None, end });
        }
        Worked { runs, up_to }
    }

    /// Those that began at this time or later, the first first; all, where none is told.
    pub(super) fn since(&self, time: Option<Time>) -> impl Iterator<Item = &RunId> {
        let before = self.runs.partition_point(|(run, _)| run.start < time);
        self.runs.iter().skip(before).map(|(_, id)| id)
    }

    /// Those that were at work then, the latest first.
    pub(super) fn at(&self, time: Time) -> impl Iterator<Item = &RunId> {
        let begun = self.runs.partition_point(|(run, _)| run.start.is_none_or(|start| start <= time));
        let may_hold = move |at: &usize| self.up_to.get(*at).is_some_and(|run| run.holds(time));
        let runs = (0..begun).rev().take_while(may_hold).filter_map(|at| self.runs.get(at));
        runs.filter(move |(run, _)| run.holds(time)).map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::Worked;
    use crate::event::{RunId, Time};
    use crate::fold::facts::AtWork;

    fn worked(runs: &[(&str, Option<i64>, Option<i64>)]) -> Worked {
        let time = |second: i64| Time::from_millis(second * 1000).expect("a time");
        let run = |(id, start, end): &(&str, Option<i64>, Option<i64>)| {
            (AtWork { start: start.map(time), end: end.map(time) }, RunId::from(*id))
        };
        Worked::new(runs.iter().map(run))
    }

    fn at(worked: &Worked, second: i64) -> Vec<String> {
        let time = Time::from_millis(second * 1000).expect("a time");
        worked.at(time).map(|run| run.to_string()).collect()
    }

    #[test]
    fn a_short_run_hides_no_longer_one_that_began_before_it() {
        let worked =
            worked(&[("short", Some(20), Some(30)), ("long", Some(10), Some(90)), ("late", Some(95), Some(99))]);
        assert_eq!(at(&worked, 25), ["short", "long"]);
        assert_eq!(at(&worked, 50), ["long"]);
        assert_eq!(at(&worked, 93), [""; 0]);
        assert_eq!(at(&worked, 96), ["late"]);
        assert_eq!(at(&worked, 5), [""; 0]);
    }

    #[test]
    fn a_run_without_an_end_or_a_beginning_holds_what_is_on_that_side() {
        let worked = worked(&[("endless", Some(10), None), ("first", None, Some(5)), ("later", Some(20), Some(30))]);
        assert_eq!(at(&worked, 1), ["first"]);
        assert_eq!(at(&worked, 8), [""; 0]);
        assert_eq!(at(&worked, 25), ["later", "endless"]);
        assert_eq!(at(&worked, 99), ["endless"]);
    }
}
