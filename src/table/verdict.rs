//! What a check of budgets found: plain data, made by [`crate::budget`] and written by [`crate::render`].

use std::sync::Arc;

use super::caveat::PriceNote;
use super::columns::Kind;
use super::report::Window;
use super::sources::Sources;
use super::warnings::Warning;
use crate::event::{Time, Usd};

/// How a group stands against a limit, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Within the limit.
    Ok,
    /// Within the limit, but not far from it.
    Warn,
    /// Not known to be beyond the limit, and too little is known to say more.
    Unproven,
    /// Beyond the limit, whatever isn't known.
    Exceeded,
}

impl State {
    /// All of them, from the best to the worst.
    pub const ALL: [State; 4] = [State::Ok, State::Warn, State::Unproven, State::Exceeded];

    /// The word that stands in every output.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Unproven => "unproven",
            State::Exceeded => "exceeded",
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Where the limits come from.
    pub policy: Policy,
    /// One for each limit of each budget, in the order of the policy.
    pub limits: Vec<Judged>,
    /// The exit code that the check ends with.
    pub exit_code: u8,
    /// What everything that was read costs; `None` unless all of it is known.
    pub cost: Option<Usd>,
    /// Its floor.
    pub cost_low: Option<Usd>,
    /// Whether all of it is known, usage and cost.
    pub is_complete: bool,
    /// Date of the price book.
    pub price_book: Option<String>,
    /// What the costs of everything that was read rest on; `None` where there is nothing to say of them.
    pub prices: Option<PriceNote>,
    /// The window that was asked for.
    pub window: Window,
    /// What was read.
    pub sources: Sources,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
}

impl Verdict {
    /// Whether a limit fails the check.
    pub fn fails(&self) -> bool {
        self.limits.iter().any(|limit| limit.groups.iter().any(|group| group.fails))
    }

    /// The warnings for people: what lacks a price is no matter where nothing limits costs.
    pub fn told_warnings(&self) -> Vec<Warning> {
        let is_told = |warning: &&Warning| self.limits_costs() || !warning.code.is_of_prices();
        self.warnings.iter().filter(is_told).cloned().collect()
    }

    /// Whether any limit is one of costs.
    pub fn limits_costs(&self) -> bool {
        self.limits.iter().any(|limit| limit.kind == Kind::Usd)
    }

    /// The worst state of a limit.
    pub fn state(&self) -> State {
        self.limits.iter().map(Judged::state).max().unwrap_or(State::Ok)
    }

    /// Groups in this state; a limit towards which nothing counts is one that is ok.
    pub fn count(&self, state: State) -> usize {
        self.limits.iter().map(|limit| limit.count(state)).sum()
    }
}

/// Where limits come from.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The policy file; `None` where the command line holds all limits.
    pub path: Option<String>,
    /// The commit that holds this very file, short.
    pub commit: Option<String>,
    /// Whether the file differs from the commit's.
    pub is_changed: bool,
    /// The report that figures are compared with.
    pub baseline: Option<String>,
}

/// One limit, and every group that it holds for.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The budget's name.
    pub budget: String,
    /// Name of the measure.
    pub measure: &'static str,
    /// Its words for people, after a number; empty where the number tells.
    pub words: &'static str,
    /// What the values are, and so the unit of all of them: pico-dollars, tokens, milliseconds, or a count of runs.
    pub kind: Kind,
    /// Names of the dimensions that it holds for each value of.
    pub per: Vec<&'static str>,
    /// `KEY=GLOB` of what counts.
    pub filters: Vec<String>,
    /// `error` or `warn`.
    pub severity: &'static str,
    /// `fail`, `warn` or `ignore`.
    pub on_unknown: &'static str,
    /// Share of runs that may be unknown, in millionths.
    pub max_unknown: i64,
    /// The groups, the worst first: all of them, or of each state as many as whoever asked wants to name.
    pub groups: Vec<Standing>,
    /// How many others there are of each state, from the best to the worst. Those of one state all fail, or none does.
    pub left_out: [usize; State::ALL.len()],
}

/// How many groups of a limit are kept of each state, from the best to the worst; `None` for all.
pub type MostGroups = [Option<usize>; State::ALL.len()];

impl Judged {
    /// Groups in this state; one that is ok where nothing counts.
    pub fn count(&self, state: State) -> usize {
        let idle = usize::from(self.groups.is_empty() && state == State::Ok);
        let left_out = self.left_out.get(state as usize).copied().unwrap_or(0);
        idle + left_out + self.groups.iter().filter(|group| group.state == state).count()
    }

    /// How many groups are left out of those states whose others are meant.
    pub fn left_out(&self, is_meant: impl Fn(&Standing) -> bool) -> usize {
        let of_state = |(state, count): (State, usize)| {
            let known = self.groups.iter().find(|group| count > 0 && group.state == state);
            if known.is_some_and(&is_meant) { count } else { 0 }
        };
        State::ALL.into_iter().zip(self.left_out).map(of_state).sum()
    }

    /// Keeps no more groups than these of the states, from the best to the worst, the first of each.
    pub fn keep(&mut self, most: MostGroups) {
        let mut kept = [0; State::ALL.len()];
        let left_out = &mut self.left_out;
        self.groups.retain(|group| {
            let state = group.state as usize;
            let is_kept = most[state].is_none_or(|most| kept[state] < most);
            *(if is_kept { &mut kept[state] } else { &mut left_out[state] }) += 1;
            is_kept
        });
        self.groups.shrink_to_fit();
    }

    /// The worst state of a group; ok where nothing counts.
    pub fn state(&self) -> State {
        self.groups.iter().map(|group| group.state).max().unwrap_or(State::Ok)
    }
}

/// How one group stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The group's dimensions and their values, in the order of `per`; `None` for rows without one. A conversation
    /// that belongs to no run stands beside runs.
    pub key: Arc<[(&'static str, Option<String>)]>,
    /// Its state.
    pub state: State,
    /// Whether it fails the check.
    pub fails: bool,
    /// The limit, in the unit of [`Judged::kind`]; `None` where there is nothing to compare with.
    pub limit: Option<i64>,
    /// What is known to be used, in that unit; `None` where nothing is known.
    pub used: Option<i64>,
    /// What may have been used, in that unit; `None` where nothing bounds it.
    pub at_most: Option<i64>,
    /// Whether more may have been used.
    pub is_floor: bool,
    /// Runs, and conversations of no run; those included that may be of the group.
    pub runs: i64,
    /// The conversations among them.
    pub conversations: i64,
    /// Those of which the measure isn't known in full.
    pub unknown_runs: i64,
    /// What else isn't known.
    pub lacks: Lacks,
    /// Who used most, the largest first.
    pub contributors: Box<[Contributor]>,
    /// For groups by time, of what adds up: how fast it goes.
    pub pace: Option<Box<Pace>>,
    /// For a comparison with a baseline: what it was, and whether there was such a group.
    pub before: Option<Before>,
}

/// What keeps a group from being known, beside runs of which the measure isn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Some input could not be read.
    pub input: bool,
    /// What is limited is a quotient by runs that succeeded, and none did.
    pub success: bool,
    /// Runs, and conversations of no run, that tell no time or no model, and may be of the group.
    pub unplaced_runs: i64,
    /// The conversations among them.
    pub unplaced_conversations: i64,
    /// What is known to be used by those, in the unit of [`Judged::kind`]; `None` where nothing is known.
    pub unplaced: Option<i64>,
    /// Of all these runs, those of whose usage a session log that wasn't read may tell more.
    pub unlogged_runs: i64,
}

/// Who used a part of a group's sum.
#[derive(Debug, Clone)]
pub struct Contributor {
    /// Name of the dimension.
    pub dimension: &'static str,
    /// Its value; `None` for rows without one.
    pub name: Option<String>,
    /// What is known to be used, in the unit of [`Judged::kind`]; of a quotient, what is divided.
    pub used: i64,
    /// Whether more may have been used.
    pub is_floor: bool,
}

/// How fast a period's limit is used up, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The part of the period that is over, in milliseconds.
    pub elapsed_ms: i64,
    /// Used in an hour of it, in millionths of the unit of [`Judged::kind`]: an hour may have less than one run.
    pub millionths_per_hour: i128,
    /// What it comes to at the period's end, at this rate, in that unit; `None` for a period that is over.
    pub projected: Option<i64>,
    /// When the limit is reached at this rate; `None` where it isn't within the period, or has been.
    pub limit_at: Option<Time>,
}

/// What a comparison found in the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// The median of the baseline's runs, in the unit of [`Judged::kind`]; `None` where it isn't known.
    Median(Option<i64>),
    /// The baseline has no such group.
    New,
    /// Only the baseline has this group.
    Vanished,
}
