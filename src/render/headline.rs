//! The line above the table: what it is about.

use super::dimension::number_of;
use super::period;
use super::row::Row;
use crate::table::Report;

/// `12 loops · 318 runs · 6 profiles · Fri 20 Nov 2026 (Europe/Oslo)`, without what there is none of. Conversations
/// stand behind the runs where some belong to none.
/// Empty where nothing is left.
pub(super) fn headline(report: &Report) -> String {
    let totals = Row::new(&report.totals, 0);
    let runs = totals.count("runs");
    let all = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let conversations = if runs == 0 { totals.count("conversations") } else { all(report.conversations) };
    let counted = |count: i64, word: &str| (count > 0).then(|| number_of(count, word));
    let parts = [
        counted(all(report.loops), "loop"),
        counted(runs, "run"),
        counted(conversations, "conversation"),
        counted(all(report.profiles), "profile"),
        period::covered(&report.window),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
