//! The sentences below the table: how far it can be trusted, and what else the reader should know.
//!
//! They hold names as they were found; whoever writes them escapes them for the medium.

use std::collections::{BTreeMap, BTreeSet};

use super::dimension::{number_of, number_of_owners, short_among};
use super::format::Style;
use super::row::Row;
use super::{number, period};
use crate::table::{Report, Skipped, Warning, WarningCode, Window, grouped};

/// Names in a sentence before it breaks off.
const MOST_NAMES: usize = 3;

/// Reasons of skipped files that are told one by one.
const MOST_REASONS: usize = 5;

/// Everything below the table, a sentence a line.
pub(super) fn all(report: &Report, style: &Style) -> Vec<String> {
    let about_runs = coverage(report).into_iter().chain(costs(report)).chain(slowest(report, style));
    about_runs.chain(skipped(&report.sources.skipped)).chain(warnings(&report.warnings)).collect()
}

/// What must not be missed where there is little room.
pub(super) fn in_markdown(report: &Report) -> Vec<String> {
    coverage(report).into_iter().chain(costs(report)).collect()
}

/// What stands where there are no rows: why, and what to do.
pub(super) fn nothing(report: &Report) -> String {
    // Usage that tells no time is in no window.
    let is_undated = report.warnings.iter().any(|warning| warning.code == WarningCode::UndatedUsage);
    let excluded = excluded(&report.window, &report.filters, is_undated);
    excluded.unwrap_or_else(|| format!("Nothing to report in {}.", number_of(report.sources.files, "file")))
}

/// That what was asked for leaves no row, and what to do; `None` where everything was. A window leaves out what tells no
/// time however wide it is.
pub(super) fn excluded(window: &Window, filters: &[String], is_undated: bool) -> Option<String> {
    let filters: Vec<String> = filters.iter().map(|filter| format!("--where {filter}")).collect();
    let filters = filters.join(" ");
    let Some(asked) = period::asked_for(window) else {
        return (!filters.is_empty()).then(|| format!("Nothing matches {filters}."));
    };
    let hint = match (is_undated, filters.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!(" Loosen {filters}."),
        (false, true) => " Widen it with --since and --until.".to_owned(),
        (false, false) => format!(" Widen it with --since and --until, or loosen {filters}."),
    };
    Some(format!("Nothing in this window: {asked}.{hint}"))
}

/// How many runs the figures cover, and what the others left. `None` without any.
pub(super) fn coverage(report: &Report) -> Option<String> {
    let totals = Row::new(&report.totals, 0);
    let (all, exact, unknown) = (totals.measured(), totals.count("exact_runs"), totals.count("unknown_runs"));
    let blind = if unknown > 0 { names(&report.blind_loops) } else { String::new() };
    let clauses: Vec<String> = [
        clause(totals.count("blended_runs"), "left only a footer", "left only a footer"),
        clause(totals.count("partial_runs"), "was cut off", "were cut off"),
        clause(unknown, "left nothing", "left nothing").map(|clause| clause + &blind),
    ]
    .into_iter()
    .flatten()
    .collect();
    let lost = report.sources.skipped.iter().any(|skipped| skipped.skip.is_loss());
    let lost = if lost { " of what could be read" } else { "" };
    // The quality counts hold runs and the conversations that belong to none.
    let things = format!("{}{lost}", number_of_owners(all, all - totals.count("runs")));
    match all {
        0 => None,
        _ if !clauses.is_empty() => Some(format!("Measured {exact} of {things}: {}.", clauses.join(", "))),
        1 => Some(format!("Measured {things}.")),
        _ => Some(format!("Measured all {things}.")),
    }
}

/// What the costs are, where they could be taken for a bill. `None` where there is nothing to say.
pub(super) fn costs(report: &Report) -> Option<String> {
    let note = report.prices.as_ref()?;
    let prices = match (&note.list_prices, note.has_users) {
        (Some(day), false) => format!("list prices of {day}"),
        (Some(day), true) => format!("list prices of {day}, and prices of your own"),
        (None, true) => "prices of your own".to_owned(),
        (None, false) => "as the harnesses report it".to_owned(),
    };
    let accounts = stems(&note.subscriptions, &note.others);
    Some(match accounts.as_slice() {
        [] => format!("* {prices}"),
        [one] if !one.ends_with('*') => format!("* {prices}; {one} runs on a subscription: not a bill."),
        several => format!("* {prices}; {} run on subscriptions: not a bill.", several.join(", ")),
    })
}

/// Names of which several begin alike, and nothing else does, are told as `codex*`.
fn stems(names: &[String], others: &[String]) -> Vec<String> {
    let stem = |name: &str| name.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().to_owned();
    let is_shared = |name: &str| {
        let stem = stem(name);
        let begins = |other: &&String| other.starts_with(&stem);
        !stem.is_empty() && names.iter().filter(begins).count() > 1 && !others.iter().any(|other| begins(&other))
    };
    let told = |name: &String| if is_shared(name) { format!("{}*", stem(name)) } else { name.clone() };
    let told: BTreeSet<String> = names.iter().map(told).collect();
    told.into_iter().collect()
}

fn clause(count: i64, one: &str, many: &str) -> Option<String> {
    (count > 0).then(|| format!("{} {}", number::count(count), if count == 1 { one } else { many }))
}

fn names(names: &[String]) -> String {
    let mut shown: Vec<&str> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
    if names.len() > MOST_NAMES {
        shown.push("…");
    }
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) }
}

fn slowest(report: &Report, style: &Style) -> Option<String> {
    let slowest = report.slowest.as_ref().filter(|slowest| slowest.times_median.is_finite())?;
    // What stands behind a command must find this run and no other.
    let alike: Vec<&str> = slowest.alike.iter().map(String::as_str).collect();
    let id = short_among(&slowest.run_id, &alike);
    let times = slowest.times_median;
    // A shell must not read anything else in it.
    let is_plain = id.starts_with(char::is_alphanumeric) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let again = style.again.as_ref().filter(|_| is_plain);
    let offer = again.map(|again| format!(" → forge-usage explain {id} {again}"));
    let offer = offer.unwrap_or_default();
    Some(format!("Slowest: {id} {}, {times:.1}× its loop's median{}", slowest.loop_name, offer.trim_end()))
}

/// What was passed over, the most frequent reason first.
pub(super) fn skipped(skipped: &[Skipped]) -> Vec<String> {
    let mut by_reason: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
    for Skipped { path, skip, is_part } in skipped {
        by_reason.entry((*is_part, &skip.reason)).or_default().push(path);
    }
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, paths)| std::cmp::Reverse(paths.len()));
    let others: usize = reasons.iter().skip(MOST_REASONS).map(|(_, paths)| paths.len()).sum();
    let told = reasons.iter().take(MOST_REASONS).map(|((is_part, reason), paths)| passed_over(*is_part, reason, paths));
    let untold = (others > 0).then(|| format!("Passed over {} for other reasons.", number_of(others, "more file")));
    told.chain(untold).collect()
}

fn passed_over(is_part: bool, reason: &str, paths: &[&str]) -> String {
    let first = paths.iter().min().copied().unwrap_or_default();
    let more = if paths.len() > 1 { ", …" } else { "" };
    let files = number_of(paths.len(), "file");
    let what = if is_part { format!("Read {files} in part") } else { format!("Passed over {files}") };
    format!("{what}: {reason} ({first}{more})")
}

/// Everything else, a sentence each, as it stands below a table; names in it are not escaped.
pub fn warnings(warnings: &[Warning]) -> Vec<String> {
    let told = |warning: &Warning| {
        let Warning { message, count, counted, .. } = warning;
        if *count == 1 {
            format!("warning: {message}")
        } else {
            format!("warning: {message} ({} {counted})", grouped((*count).into()))
        }
    };
    warnings.iter().map(told).collect()
}
