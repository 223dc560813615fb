//! What is known of a run.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::at_work::AtWork;
use super::footers::{add_footer, add_sure_footer};
use super::hosts::Hosts;
use crate::event::{Defect, Harness, Id, Run, RunId, Time, TokenUsage};

/// Runs by their id.
pub type Runs = FxHashMap<RunId, Box<RunFacts>>;

/// What is known of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFacts {
    /// What a ledger's entry says of it; `None` where no ledger names it.
    pub ledger: Option<Run>,
    /// What a loop log says of it; `None` where no loop log names it.
    pub log: Option<Run>,
    /// Whether a source ends within its output.
    pub is_open: bool,
    /// Whether a source holds its output to the end.
    pub is_closed: bool,
    /// The harness whose records its output holds; `None` where it holds none.
    pub harness: Option<Harness>,
    /// The machines that its sources come from.
    pub hosts: Hosts,
    /// What its harness counted in it, at least; `None` where its output doesn't tell.
    pub counted: Option<TokenUsage>,
    /// Blended totals that its output shows, each with the conversation that was named before it, if one was.
    pub footers: BTreeSet<(Option<Id>, u64)>,
    /// Those of them of which nothing says that they may be quoted.
    pub sure_footers: BTreeSet<u64>,
    /// Defects in its output. A copy of it has the same ones, a tail has fewer.
    pub defects: BTreeMap<Defect, u64>,
}

impl RunFacts {
    /// What forge wrote down: a ledger's word goes before a loop log's. `None` if only records name
    /// the run.
    pub(in crate::fold) fn run(&self) -> Option<Run> {
        match (self.ledger.clone(), self.log.clone()) {
            (Some(ledger), Some(log)) => Some(Run {
                id: ledger.id,
                loop_name: ledger.loop_name,
                repo: ledger.repo,
                profile: ledger.profile.or(log.profile),
                harness: ledger.harness,
                auth_kind: ledger.auth_kind,
                status: ledger.status,
                exit_code: ledger.exit_code,
                started_at: ledger.started_at.or(log.started_at),
                finished_at: ledger.finished_at,
                over_by: ledger.over_by.or(log.over_by),
            }),
            (ledger, log) => ledger.or(log),
        }
    }

    /// When the run began, where forge wrote it down.
    pub(in crate::fold) fn started_at(&self) -> Option<Time> {
        let of = |run: &Option<Run>| run.as_ref().and_then(|run| run.started_at);
        of(&self.ledger).or(of(&self.log))
    }

    /// When it ended, or by when it was over.
    pub(in crate::fold) fn ended_at(&self) -> Option<Time> {
        let of = |run: &Option<Run>| run.as_ref().and_then(|run| run.finished_at.or(run.over_by));
        of(&self.ledger).or(of(&self.log))
    }

    /// When it was at work.
    pub(in crate::fold) fn at_work(&self) -> AtWork {
        AtWork { start: self.started_at(), end: self.ended_at() }
    }

    /// Whether forge wrote down when it ended.
    pub(in crate::fold) fn is_end_told(&self) -> bool {
        self.ledger.as_ref().or(self.log.as_ref()).is_some_and(|run| run.finished_at.is_some())
    }

    /// Whether its output may go on behind the end of a source, whose facts alone these are.
    pub(in crate::fold) fn may_go_on(&self) -> bool {
        self.is_open || self.ledger.is_none() && self.ended_at().is_none()
    }

    /// Takes what forge wrote down; only ledgers name the loop.
    pub(in crate::fold) fn add_run(&mut self, found: Run) {
        let known = if found.loop_name.is_some() { &mut self.ledger } else { &mut self.log };
        *known = Some(match known.take() {
            Some(known) => fuller(known, found),
            None => found,
        });
    }

    pub(super) fn merge(&mut self, other: RunFacts) {
        for run in [other.ledger, other.log].into_iter().flatten() {
            self.add_run(run);
        }
        self.is_open |= other.is_open;
        self.is_closed |= other.is_closed;
        self.harness = self.harness.take().max(other.harness);
        self.hosts.merge(other.hosts);
        self.counted = self.counted.max(other.counted);
        for (whose, blended) in other.footers {
            add_footer(&mut self.footers, whose, blended);
        }
        for blended in other.sure_footers {
            add_sure_footer(&mut self.sure_footers, blended);
        }
        for (defect, count) in other.defects {
            let known = self.defects.entry(defect).or_default();
            *known = (*known).max(count);
        }
    }
}

/// What two copies of an entry say together: one that was cut says less.
fn fuller(a: Run, b: Run) -> Run {
    Run {
        id: a.id,
        loop_name: a.loop_name.max(b.loop_name),
        repo: a.repo.max(b.repo),
        profile: a.profile.max(b.profile),
        harness: a.harness.max(b.harness),
        auth_kind: a.auth_kind.max(b.auth_kind),
        status: a.status.max(b.status),
        exit_code: a.exit_code.max(b.exit_code),
        started_at: a.started_at.max(b.started_at),
        finished_at: a.finished_at.max(b.finished_at),
        over_by: a.over_by.max(b.over_by),
    }
}
