//! The line above the table: what it is about.

use super::dimension::number_of;
use super::period;
use super::row::Row;
use crate::table::Report;

/// `12 loops · 318 runs · 6 profiles · Fri 20 Nov 2026 (Europe/Oslo)`, without what there is none of.
/// Empty where nothing is left.
pub(super) fn headline(report: &Report) -> String {
    let totals = Row::new(&report.totals, 0);
    let runs = totals.count("runs");
    let conversations = if runs == 0 { totals.count("conversations") } else { 0 };
    let counted = |count: i64, word: &str| (count > 0).then(|| number_of(count, word));
    let parts = [
        counted(i64::try_from(report.loops).unwrap_or(i64::MAX), "loop"),
        counted(runs, "run"),
        counted(conversations, "conversation"),
        counted(i64::try_from(report.profiles).unwrap_or(i64::MAX), "profile"),
        period::covered(&report.window),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
