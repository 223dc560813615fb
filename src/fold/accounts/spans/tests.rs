//! Which calls of a conversation are a captured process's.

use std::collections::BTreeMap;

use super::Timeline;
use crate::event::{CallKey, ModelUsage, Time, TokenUsage};
use crate::fold::facts::{CallFacts, ResultFacts};

fn tokens(input_tokens: u64) -> TokenUsage {
    TokenUsage { input_tokens, ..TokenUsage::default() }
}

/// Calls of models, each with its second and its tokens; the names of sub-agents' begin with `s`.
fn calls(all: &[(&str, &str, i64, u64)]) -> BTreeMap<CallKey, Box<CallFacts>> {
    let call = |(id, model, second, input): &(&str, &str, i64, u64)| {
        let call = CallFacts {
            usage: tokens(*input),
            is_final: true,
            time: Time::from_millis(second * 1000),
            model: Some((*model).into()),
            is_subagent: id.starts_with('s'),
            ..CallFacts::default()
        };
        (CallKey::Message((*id).into()), Box::new(call))
    };
    all.iter().map(call).collect()
}

fn result(query: u64, by_model: &[(&str, u64)]) -> ResultFacts {
    let part = |(model, input): &(&str, u64)| ModelUsage {
        model: Some((*model).into()),
        usage: tokens(*input),
        cost: None,
        service_tier: None,
    };
    let total = by_model.iter().map(part).collect();
    ResultFacts { total, query: Some(tokens(query)), ..ResultFacts::default() }
}

/// The names of the calls that are the result's, and whether nothing is open before them.
fn found(result: ResultFacts, all: &[(&str, &str, i64, u64)]) -> Option<(String, bool)> {
    let calls = calls(all);
    let timeline = Timeline::new(&calls);
    let span = timeline.spans(&[result], false).pop().flatten()?;
    let names = timeline.within(&span.mains).iter().map(|seen| seen.key.to_string());
    Some((names.collect::<Vec<_>>().join(" "), span.is_closed))
}

const CALLS: [(&str, &str, i64, u64); 6] =
    [("m1", "a", 1, 10), ("m2", "a", 3, 7), ("m3", "b", 4, 5), ("s1", "b", 5, 2), ("m4", "a", 6, 8), ("m5", "a", 9, 4)];

#[test]
fn what_was_called_between_two_messages_of_a_whole_capture_is_its() {
    let shown = Some(("m2".into(), "m4".into()));
    let result = ResultFacts { shown, ..result(0, &[("a", 15), ("b", 7)]) };
    assert_eq!(found(result, &CALLS), Some(("m2 m3 s1 m4".to_owned(), true)));
}

#[test]
fn calls_in_a_row_that_come_to_the_query_are_its() {
    assert_eq!(found(result(13, &[("a", 8), ("b", 7)]), &CALLS), Some(("m3 s1 m4".to_owned(), true)));
    assert_eq!(found(result(14, &[("a", 14)]), &CALLS), None);
}

#[test]
fn a_query_that_several_calls_come_to_is_of_none() {
    let twins = [("m1", "a", 1, 10), ("m2", "a", 3, 7), ("m3", "a", 4, 10)];
    assert_eq!(found(result(10, &[("a", 10)]), &twins), None);
    assert_eq!(found(result(7, &[("a", 7)]), &twins), Some(("m2".to_owned(), true)));
}

#[test]
fn earlier_queries_are_its_where_all_that_it_counts_is_found() {
    assert_eq!(found(result(8, &[("a", 15), ("b", 7)]), &CALLS), Some(("m2 m3 s1 m4".to_owned(), true)));
    assert_eq!(found(result(8, &[("a", 16), ("b", 7)]), &CALLS), Some(("m4".to_owned(), false)));
}
