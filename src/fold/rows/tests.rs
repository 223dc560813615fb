use std::sync::Arc;

use super::{Slot, UsageRows};
use crate::event::{Call, CallKey, CallTiming, Id, MAX_COUNT, Time, TokenUsage, Usd};
use crate::fold::facts::{LogCall, LogKey, SessionLog, TurnContext};
use crate::fold::{Lack, RowCost, RowView, UsageRow};

fn usage(input: u64) -> TokenUsage {
    TokenUsage { input_tokens: input, output_tokens: 7, ..TokenUsage::default() }
}

fn call(owner: usize, key: CallKey, usage: TokenUsage) -> UsageRow {
    UsageRow {
        owner,
        conversation: Some("c".into()),
        model: Some("m".into()),
        time: Some(Time::from_micros(5)),
        call: Some(key),
        ..UsageRow::of(usage)
    }
}

fn timing() -> Option<Box<CallTiming>> {
    let key = CallKey::Message("a".into());
    Some(Box::new(CallTiming { key, request: None, attempts: None, first_token: None, stream: None }))
}

/// Rows of every kind, and whether each can be packed.
fn rows() -> Vec<(UsageRow, bool)> {
    let (own, other): (Id, Id) = ("c".into(), "d".into());
    let message = |id: &str| CallKey::Message(id.into());
    let told = TokenUsage { reasoning_output_tokens: Some(0), ..usage(1) };
    let plain = call(1, message("a"), usage(1));
    let usd = |pico| Some(Usd::from_pico(pico));
    let exact = RowCost::default().exactly(Usd::from_pico(3));
    let computed = RowCost { computed: usd(3), is_computed: true, is_users: true, ..exact };
    let shared = |reported| RowCost { reported: usd(reported), ..RowCost::default().exactly(Usd::from_pico(3)) };
    let bounded = RowCost { low: usd(1), high: usd(2), ..RowCost::default() };
    let lacking = RowCost { lacks: Some(Lack::Price), is_early: true, ..RowCost::default() };
    vec![
        (UsageRow::default(), false),
        (plain.clone(), true),
        (call(1, message(&"a".repeat(36)), told), true),
        (call(1, message(&"a".repeat(37)), usage(1)), false),
        (call(1, message("b"), usage(MAX_COUNT)), false),
        (call(1, CallKey::Reading(own.clone(), 1, usage(9)), usage(1)), true),
        (call(1, CallKey::Reading(other.clone(), 1, usage(9)), usage(1)), false),
        (call(1, CallKey::Reading(own.clone(), 1, usage(u64::from(u32::MAX) + 1)), usage(1)), false),
        (call(1, CallKey::Response(own.clone(), "r".into()), usage(1)), true),
        (call(1, CallKey::Response(other, "r".into()), usage(1)), false),
        (call(1, CallKey::Trace(own.clone(), Time::from_micros(5), usage(1)), usage(1)), true),
        (call(2, CallKey::Trace(own, Time::from_micros(6), usage(1)), usage(1)), false),
        (UsageRow { owner: 2, time: Some(Time::from_micros(i64::MIN)), ..plain.clone() }, false),
        (UsageRow { owner: 2, time: None, branch: Some("b".into()), is_subagent: true, ..plain.clone() }, true),
        (UsageRow { owner: 2, blended_tokens: None, ..plain.clone() }, false),
        (UsageRow { owner: 2, timing: timing(), ..plain.clone() }, false),
        (UsageRow { owner: 2, cost_reported: usd(4), is_paid: true, ..plain.clone() }, true),
        (UsageRow { owner: 2, is_paid: true, cost: shared(3), ..plain.clone() }, true),
        (UsageRow { owner: 2, is_paid: true, is_underpaid: true, ..plain.clone() }, true),
        (UsageRow { owner: 2, is_paid: true, cost: shared(4), ..plain.clone() }, false),
        (UsageRow { owner: 2, cost_reported: usd(4), cost: computed, ..plain.clone() }, false),
        (UsageRow { owner: 2, cost_reported: usd(3), cost: computed, ..plain.clone() }, true),
        (UsageRow { owner: 2, cost: computed, has_unsplit_writes: true, ..plain.clone() }, true),
        (UsageRow { owner: 2, may_be_several: true, ..plain.clone() }, true),
        (UsageRow { owner: 2, cost: bounded, ..plain.clone() }, false),
        (UsageRow { owner: 4, cost: lacking, effort: Some("high".into()), ..plain }, true),
    ]
}

fn packed(rows: &[(UsageRow, bool)]) -> UsageRows {
    let mut packed = UsageRows::default();
    rows.iter().for_each(|(row, _)| packed.push(row.clone()));
    packed
}

#[test]
fn every_row_comes_back_as_it_was() {
    let rows = rows();
    let packed = packed(&rows);
    assert!(packed.iter().eq(rows.iter().map(|(row, _)| row.clone())));
    for (slot, (row, is_packed)) in packed.slots.iter().zip(&rows) {
        assert_eq!(matches!(slot, Slot::Packed(_)), *is_packed, "{row:?}");
    }
    let places = 0..rows.len() + 1;
    assert!(places.clone().filter_map(|place| packed.row(place)).eq(rows.iter().map(|(row, _)| row.clone())));
    assert!(places.filter_map(|place| packed.view(place)).eq(packed.views()));
    let of = |owner| packed.of_owner(owner).count();
    assert_eq!((packed.len(), of(0), of(1), of(2), of(3), of(4)), (rows.len(), 1, 10, 14, 0, 1));
    assert_eq!(
        packed.by_owner().map(|(owner, rows)| (owner, rows.count())).collect::<Vec<_>>(),
        [(0, 1), (1, 10), (2, 14), (4, 1)]
    );
}

#[test]
fn rows_that_are_changed_keep_their_place() {
    let rows = rows();
    let mut changed = packed(&rows);
    let timed = |row: &mut UsageRow| {
        row.model = Some("n".into());
        row.timing = timing();
    };
    changed.change(|owner| owner == 2, |_, rows| rows.iter_mut().for_each(timed));
    let expected = rows.iter().map(|(row, _)| {
        let mut row = row.clone();
        if row.owner == 2 {
            timed(&mut row);
        }
        row
    });
    assert!(changed.iter().eq(expected));
    assert!(changed != packed(&rows));
}

#[test]
fn a_view_says_what_the_row_says() {
    let rows = rows();
    let packed = packed(&rows);
    assert!(packed.views().eq(rows.iter().map(|(row, _)| row.view())));
    let views: Vec<_> = packed.views().collect();
    for pair in views.windows(2) {
        let names = |row: &RowView<'_>| {
            let names = [row.conversation, row.model, row.service_tier, row.branch, row.effort];
            (row.owner, row.is_subagent, names.map(|name| name.cloned()))
        };
        assert!(!pair[0].is_alike(&pair[1]) || names(&pair[0]) == names(&pair[1]));
    }
    assert!(views.windows(2).any(|pair| pair[0].is_alike(&pair[1])));
}

#[test]
fn a_cost_is_told_whether_it_fits_or_not() {
    let usd = |pico| Some(Usd::from_pico(pico));
    let bounded = RowCost { low: usd(1), high: usd(2), ..RowCost::default() };
    let lacking = RowCost { lacks: Some(Lack::Model), is_early: true, ..RowCost::default() };
    let exact = RowCost::default().exactly(Usd::from_pico(3));
    let computed = RowCost { computed: usd(3), is_computed: true, is_users: true, ..exact };
    for first in [bounded, lacking, computed, RowCost::default()] {
        for second in [bounded, lacking, computed, RowCost::default()] {
            let mut told = packed(&rows());
            told.tell_costs(|_, costs| costs.fill(first));
            told.tell_costs(|rows, costs| {
                assert!(rows.iter().all(|row| row.owner == rows[0].owner && row.cost == first));
                costs.fill(second);
            });
            let expected = rows().into_iter().map(|(row, _)| UsageRow { cost: second, ..row });
            assert!(told.iter().eq(expected), "{first:?} {second:?}");
        }
    }
}

#[test]
fn a_packed_row_is_small() {
    assert!(size_of::<Slot>() <= 112, "{}", size_of::<Slot>());
}

#[test]
fn the_calls_of_a_log_make_the_rows_that_each_makes() {
    let context = |effort: &str| Arc::new(TurnContext { effort: Some(effort.into()), ..TurnContext::default() });
    let (high, low) = (context("high"), context("low"));
    let mut log = SessionLog::default();
    for (at, (context, input, time)) in [
        (&high, 1, Some(1)),
        (&high, 2, None),
        (&low, 3, Some(i64::MIN)),
        (&low, MAX_COUNT, Some(4)),
        (&low, 5, Some(5)),
    ]
    .into_iter()
    .enumerate()
    {
        let (mut shared, time) = (context.clone(), time.map(Time::from_micros));
        let effort = context.effort.clone();
        let key = CallKey::Reading("c".into(), 0, usage(at as u64));
        let call = Call { effort, ..Call::new(key.clone(), usage(input)) };
        log.push(LogKey::of(&key).expect("a key of a log"), call, time, &mut shared);
    }
    let calls: Vec<LogCall> = log.calls;
    let (mut at_once, mut one_by_one) = (UsageRows::default(), UsageRows::default());
    at_once.push_logged(3, &"c".into(), &calls);
    calls.iter().for_each(|call| one_by_one.push(UsageRow { owner: 3, ..call.row(&"c".into()) }));
    assert_eq!(at_once.iter().collect::<Vec<_>>(), one_by_one.iter().collect::<Vec<_>>());
    assert_eq!(at_once.slots, one_by_one.slots);
}
