//! What a harness reports for several rows is shared out among them.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::event::{Id, Usd};
use crate::fold::{RowCost, RowView};

/// What a harness reported for several rows is shared out among them, to the pico-dollar: by what they cost at list
/// prices, or where that isn't known of all of them by their tokens. So groups add up to the report however they
/// are cut.
/// `is_asked`: whether a report of less than that is a floor of what they cost.
pub(super) fn share_reports(rows: &[RowView<'_>], costs: &mut [RowCost], is_asked: bool) {
    let mut by_conversation: BTreeMap<Option<&Id>, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.is_paid) {
        by_conversation.entry(row.conversation).or_default().push(index);
    }
    for paid in by_conversation.into_values() {
        let mut reports: BTreeMap<Option<&Id>, (Usd, Vec<usize>)> = BTreeMap::new();
        for index in &paid {
            let Some(row) = rows.get(*index) else { continue };
            if let Some(cost) = row.cost_reported {
                let report = reports.entry(row.model).or_default();
                report.0 = report.0 + cost;
            }
        }
        let largest = reports.iter().max_by_key(|(_, (cost, _))| *cost).map(|(model, _)| *model);
        let Some(largest) = largest else { continue };
        for index in paid {
            let Some(row) = rows.get(index) else { continue };
            let model = if reports.contains_key(&row.model) { row.model } else { largest };
            if let Some((_, own)) = reports.get_mut(&model) {
                own.push(index);
            }
        }
        for (cost, own) in reports.into_values() {
            share(rows, costs, cost, &own);
            let is_floor = own.iter().any(|index| rows.get(*index).is_some_and(|row| row.is_underpaid));
            if is_floor && is_asked {
                raise(costs, cost, &own);
            }
        }
    }
}

/// Raises what these rows cost at least to what was reported for them, if that is more.
fn raise(costs: &mut [RowCost], reported: Usd, own: &[usize]) {
    let low: Usd = own.iter().filter_map(|index| costs.get(*index)?.low).sum();
    for index in own.iter().filter(|_| low < reported) {
        if let Some(cost) = costs.get_mut(*index) {
            *cost = RowCost { exact: None, low: cost.reported, high: None, is_computed: false, ..*cost };
        }
    }
}

fn share(rows: &[RowView<'_>], costs: &mut [RowCost], cost: Usd, own: &[usize]) {
    let is_computed = own.iter().all(|index| costs.get(*index).is_some_and(|cost| cost.computed.is_some()));
    let weight = |index: &usize| match costs.get(*index).and_then(|cost| cost.computed).filter(|_| is_computed) {
        Some(usd) => u128::from(usd.pico().unsigned_abs()),
        None => {
            let usage = rows.get(*index).and_then(|row| row.usage);
            u128::from(usage.map_or(0, |usage| usage.total_tokens()))
        }
    };
    let weights = scaled(own.iter().map(weight).collect());
    let whole: u128 = weights.iter().sum();
    let pico = u128::from(cost.pico().unsigned_abs());
    let upto = |sum: u128, range: Range<usize>| match whole {
        // Nothing to go by: the row that tells it has it.
        0 => own[range]
            .iter()
            .filter_map(|index| rows.get(*index)?.cost_reported)
            .map(|usd| u128::from(usd.pico().unsigned_abs()))
            .sum(),
        whole => pico * sum / whole,
    };
    let (mut sum, mut given) = (0, 0);
    for (place, (index, weight)) in own.iter().zip(&weights).enumerate() {
        sum += weight;
        let all = upto(sum, 0..place + 1);
        if let Some(cost) = costs.get_mut(*index) {
            cost.reported = Some(Usd::from_pico(i64::try_from(all - given).unwrap_or(i64::MAX)));
        }
        given = all;
    }
}

/// The weights, less exact the larger they are, so that an amount of money times their sum fits in 128 bits.
fn scaled(weights: Vec<u128>) -> Vec<u128> {
    let whole = weights.iter().fold(0_u128, |sum, weight| sum.saturating_add(*weight));
    let surplus = u64::BITS.saturating_sub(whole.leading_zeros());
    weights.into_iter().map(|weight| weight >> surplus).collect()
}
