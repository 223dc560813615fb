//! The groups that a budget's limits hold for, and what each consists of.

use rustc_hash::FxHashMap;

use super::amount::{Amount, Maybe};
use super::limits::Budget;
use super::measure::Quantity;
use crate::error::Result;
use crate::table::verdict::Contributor;
use crate::table::{Answers, Dimension, Filter, Overlap, Query, Tally, wider};

/// Contributors of a group that are told, to programs all of them.
const MOST_TOLD: usize = 5;

/// By what a group's sum is taken apart: the first of these that has several values in it.
const APART: [&str; 4] = ["loop", "run_id", "conversation_id", "model"];

/// The groups of one query, and the usage that may be of them too.
pub(super) struct Part {
    pub(super) per: Vec<Dimension>,
    pub(super) groups: Vec<Group>,
    /// Usage that tells no time or no model, and so may be of several groups. First what the window or a filter leaves
    /// out, then the groups of no known period or model.
    unplaced: Vec<Tally>,
    /// How many of `unplaced` are left out.
    left_out: usize,
    overlap: Overlap,
    /// Whether there is any run among all that was read.
    has_runs: bool,
    /// The dimensions that groups are taken apart by, each with the tallies of all.
    apart: Vec<(Dimension, Vec<Tally>)>,
}

/// A group of usage.
pub(super) struct Group {
    pub(super) tally: Tally,
    /// What its sum is taken apart into: the place of a dimension in [`Part::apart`], and of its tallies there.
    apart: Option<(usize, Vec<usize>)>,
    /// Places, in [`Part::unplaced`], of what may be of this group.
    unplaced: Vec<usize>,
}

/// A budget's groups. Conversations that belong to no run stand beside runs, each for itself.
pub(super) fn parts(budget: &Budget, query: &Query, answers: Answers<'_>) -> Result<Vec<Part>> {
    let scoped = Query { scope: budget.filters.clone(), last: None, sort: None, limit: None, ..query.clone() };
    let run = Dimension::from_name("run_id")?;
    let Some(of_run) = budget.per.iter().position(|dimension| *dimension == run) else {
        return Ok(vec![part(&budget.per, &scoped, answers)?]);
    };
    let mut runs = part(&budget.per, &scoped, answers)?;
    runs.groups.retain(|group| group.tally.key.get(of_run).is_some_and(Option::is_some));
    let mut parts = vec![runs];
    let is_run_filtered = query.filters.iter().chain(&budget.filters).any(|filter| filter.dimension() == run);
    if !is_run_filtered {
        let conversation = Dimension::from_name("conversation_id")?;
        let mut per: Vec<Dimension> = Vec::new();
        for dimension in &budget.per {
            let dimension = if *dimension == run { conversation } else { *dimension };
            if !per.contains(&dimension) {
                per.push(dimension);
            }
        }
        let mut bare = scoped;
        bare.scope.push(Filter::new(run, "")?);
        parts.push(part(&per, &bare, answers)?);
    }
    Ok(parts)
}

fn part(per: &[Dimension], scoped: &Query, answers: Answers<'_>) -> Result<Part> {
    let query = Query { by: Some(per.to_vec()), ..scoped.clone() };
    let tallies = answers.tallies(&query)?;
    let groups = tallies.into_iter().map(|tally| Group { tally, apart: None, unplaced: Vec::new() }).collect();
    let unplaced = answers.unplaced(&query)?;
    let (left_out, overlap, has_runs) = (unplaced.len(), answers.overlap(&query)?, answers.has_runs());
    let mut part = Part { per: per.to_vec(), groups, unplaced, left_out, overlap, has_runs, apart: Vec::new() };
    part.take_apart(scoped, answers)?;
    part.share_unplaced();
    Ok(part)
}

impl Part {
    /// Tells each group which of `unplaced` may be of it. What may be of none of them makes a group: the limit holds for
    /// that too.
    fn share_unplaced(&mut self) {
        let is_untold = |group: &&Group| {
            let mut values = self.per.iter().zip(&group.tally.key);
            values.any(|(dimension, value)| dimension.is_told_by_records() && value.is_none())
        };
        let untold: Vec<Tally> = self.groups.iter().filter(is_untold).map(|group| group.tally.clone()).collect();
        let own = self.left_out;
        self.unplaced.extend(untold);
        let mut by_key: FxHashMap<&[Option<String>], Vec<usize>> = FxHashMap::default();
        for (place, tally) in self.unplaced.iter().enumerate() {
            by_key.entry(&tally.key).or_default().push(place);
        }
        let mut is_shared = vec![false; own];
        for group in &mut self.groups {
            let key = &group.tally.key;
            let places = wider(&self.per, key).into_iter().flat_map(|wider| {
                let places = by_key.get(wider.as_slice()).into_iter().flatten().copied();
                let is_itself = wider == *key;
                places.filter(move |place| *place < own || !is_itself).collect::<Vec<usize>>()
            });
            group.unplaced = places.collect();
            for place in &group.unplaced {
                is_shared.iter_mut().skip(*place).take(1).for_each(|shared| *shared = true);
            }
        }
        let alone = is_shared.iter().zip(&self.unplaced).enumerate().filter(|(_, (is_shared, _))| !**is_shared);
        let alone: Vec<Group> = alone
            .map(|(place, (_, tally))| {
                let tally = Tally { key: tally.key.clone(), ..Tally::default() };
                Group { tally, apart: None, unplaced: vec![place] }
            })
            .collect();
        self.groups.extend(alone);
    }

    /// Takes each group's sum apart by the first dimension of which it has several values.
    fn take_apart(&mut self, scoped: &Query, answers: Answers<'_>) -> Result<()> {
        let is_one = self.per.iter().any(|dimension| dimension.is_id());
        for name in APART.iter().filter(|name| !is_one || **name == "model") {
            let dimension = Dimension::from_name(name)?;
            if self.per.contains(&dimension) || self.groups.iter().all(|group| group.apart.is_some()) {
                continue;
            }
            let by = self.per.iter().copied().chain([dimension]).collect();
            let tallies = answers.tallies(&Query { by: Some(by), ..scoped.clone() })?;
            let mut of_group: FxHashMap<&[Option<String>], Vec<usize>> = FxHashMap::default();
            for (place, tally) in tallies.iter().enumerate() {
                of_group.entry(tally.key.get(..self.per.len()).unwrap_or_default()).or_default().push(place);
            }
            for group in self.groups.iter_mut().filter(|group| group.apart.is_none()) {
                let places = of_group.remove(group.tally.key.as_slice()).filter(|places| places.len() > 1);
                group.apart = places.map(|places| (self.apart.len(), places));
            }
            self.apart.push((dimension, tallies));
        }
        Ok(())
    }

    /// What a group comes to.
    pub(super) fn amount(&self, quantity: Quantity, group: &Group) -> Amount {
        let key = &group.tally.key;
        let maybe = |place: &usize| {
            let tally = self.unplaced.get(*place)?;
            let shared = self.overlap.get(key, &tally.key, *place < self.left_out);
            Some(Maybe { tally, shared })
        };
        let unplaced: Vec<Maybe> = group.unplaced.iter().filter_map(maybe).collect();
        Amount::of(quantity, &group.tally, &unplaced, self.has_runs)
    }

    /// Who used most of a group's sum.
    pub(super) fn contributors(&self, quantity: Quantity, group: &Group) -> Vec<Contributor> {
        let Some((at, places)) = &group.apart else { return Vec::new() };
        let Some((dimension, tallies)) = self.apart.get(*at) else { return Vec::new() };
        let of_tally = |place: &usize| {
            let tally = tallies.get(*place)?;
            // Shares of a quotient are those of the money.
            let amount = Amount::undivided(quantity, tally, self.has_runs);
            let used = amount.low.filter(|low| *low > 0)?;
            Some((used, amount.is_floor(), tally.key.last()?.as_deref()))
        };
        let mut all: Vec<(i64, bool, Option<&str>)> = places.iter().filter_map(of_tally).collect();
        all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
        all.truncate(MOST_TOLD);
        let contributor = |(used, is_floor, name): (i64, bool, Option<&str>)| Contributor {
            dimension: dimension.column().name,
            name: name.map(str::to_owned),
            used,
            is_floor,
        };
        all.into_iter().map(contributor).collect()
    }
}
