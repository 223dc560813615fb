//! A comment for a pull request: always one, green or red.

use std::io::{self, Write};

use chrono_tz::Tz;

use super::phrase::{self, Groups};
use super::remarks;
use crate::render::dimension::number_of;
use crate::render::escape;
use crate::table::verdict::{Judged, Standing, State, Verdict};

/// By this a later comment finds the earlier one.
const MARK: &str = "<!-- forge-usage check -->";

/// Writes the verdict.
pub(super) fn write(verdict: &Verdict, groups: Groups, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{MARK}\n### {}\n", heading(verdict))?;
    writeln!(out, "{}\n", escape::markdown(&phrase::summary(verdict)))?;
    writeln!(out, "| State | Budget | Group | Used | Share | |")?;
    writeln!(out, "| :--- | :--- | :--- | ---: | ---: | :--- |")?;
    let mut left_out = 0;
    for limit in &verdict.limits {
        if limit.groups.is_empty() {
            let name = escape::markdown(&limit.budget);
            writeln!(out, "| ✅ OK | {name} | | | | nothing counts towards it |")?;
        }
        // A budget that is within its limits shows its nearest group.
        let is_all = groups == Groups::All;
        let is_shown = |(at, group): &(usize, &Standing)| is_all || *at == 0 || is_worth_a_line(group);
        let shown: Vec<_> = limit.groups.iter().enumerate().filter(is_shown).collect();
        let most = groups.most().unwrap_or(shown.len());
        left_out += limit.groups.len() - shown.len().min(most) + limit.left_out(|_| true);
        shown.into_iter().take(most).try_for_each(|(_, group)| line(limit, group, verdict.window.zone, out))?;
    }
    if left_out > 0 {
        writeln!(out, "\n{} not shown.", number_of(left_out, "more group"))?;
    }
    let headline = phrase::headline(verdict);
    if !headline.is_empty() {
        writeln!(out, "\n<sub>{}</sub>", escape::markdown(&headline))?;
    }
    Ok(())
}

fn heading(verdict: &Verdict) -> String {
    let (sign, title) = match (verdict.exit_code, verdict.state()) {
        (0, State::Ok) => ("✅", "within budget"),
        (0, State::Exceeded) => ("⚠️", "over a budget that only warns"),
        (0, _) => ("⚠️", "within budget, with warnings"),
        (_, State::Exceeded) => ("❌", "over budget"),
        (1, _) => ("❌", "not within budget for sure"),
        _ => ("❌", "could not be checked in full"),
    };
    format!("{sign} Agent usage: {title}")
}

fn line(limit: &Judged, group: &Standing, zone: Tz, out: &mut dyn Write) -> io::Result<()> {
    let sign = match phrase::word(limit, group) {
        "FAIL" => "❌ FAIL",
        "WARN" => "⚠️ WARN",
        "UNPROVEN" if group.fails => "❌ UNPROVEN",
        "UNPROVEN" => "❔ UNPROVEN",
        "NEW" => "NEW",
        "GONE" => "GONE",
        _ => "✅ OK",
    };
    let mut remarks = vec![phrase::over(limit, group)];
    remarks.extend(remarks::of_group(limit, group, zone));
    remarks.retain(|remark| !remark.is_empty());
    let cells = [
        limit.budget.clone(),
        phrase::name(group),
        phrase::used_of_limit(limit, group),
        phrase::share(group),
        remarks.join("; "),
    ];
    write!(out, "| {sign} ")?;
    cells.iter().try_for_each(|cell| write!(out, "| {} ", escape::markdown(cell)))?;
    writeln!(out, "|")
}

fn is_worth_a_line(group: &Standing) -> bool {
    group.state != State::Ok || group.before.is_some()
}
