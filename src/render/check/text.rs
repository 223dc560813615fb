//! The screen: a line for each group that isn't ok, and why below it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use super::phrase::{self, Groups};
use super::remarks;
use crate::render::dimension::number_of;
use crate::render::fit::cut;
use crate::render::{Style, escape, notes};
use crate::table::verdict::{Before, Judged, Standing, State, Verdict};

const BAR: usize = 20;

/// How wide the words of states stand.
const WORD: usize = 8;

/// Names must keep this much on a narrow terminal.
const LEAST_NAME: usize = 8;

/// The columns of names: that of groups gives way first.
const NAMES: [usize; 2] = [2, 1];

struct Line<'a> {
    group: &'a Standing,
    cells: [String; 6],
    remarks: Vec<String>,
}

/// Writes the verdict.
pub(super) fn write(verdict: &Verdict, style: &Style, groups: Groups, out: &mut dyn Write) -> io::Result<()> {
    let all = groups == Groups::All;
    let headline = phrase::headline(verdict);
    if style.notes && !headline.is_empty() {
        writeln!(out, "{}", harmless(&headline))?;
    }
    let mut lines: Vec<(&Judged, &Standing)> = Vec::new();
    let mut left_out = 0;
    for limit in &verdict.limits {
        let is_shown = |group: &&Standing| all || group.state != State::Ok || group.before.is_some_and(is_named);
        let shown: Vec<&Standing> = limit.groups.iter().filter(is_shown).collect();
        let most = groups.most().unwrap_or(shown.len());
        left_out += shown.len().saturating_sub(most) + limit.left_out(|group| is_shown(&group));
        lines.extend(shown.into_iter().take(most).map(|group| (limit, group)));
    }
    lines.sort_by_key(|(_, group)| std::cmp::Reverse((group.fails, group.state)));
    // Once is enough: it is the same for all.
    let offer =
        style.again.as_ref().filter(|_| style.notes).map(|again| format!("forge-usage {again} --sessions auto"));
    let first = lines.iter().position(|(limit, group)| remarks::lacks_logs(limit, group));
    let offer_at = |place: usize| offer.as_deref().filter(|_| first == Some(place));
    let zone = verdict.window.zone;
    let mut lines: Vec<Line> =
        lines.iter().enumerate().map(|(place, (limit, group))| line(limit, group, zone, offer_at(place))).collect();
    if let Some(width) = style.width {
        shorten_names(&mut lines, width);
    }
    draw(&lines, style, out)?;
    if left_out > 0 {
        writeln!(out, "…         {} (-v shows them)", number_of(left_out, "more group"))?;
    }
    if let Some(ok) = within(verdict).filter(|_| !all) {
        writeln!(out, "OK        {ok} (-v shows them)")?;
    }
    if !style.notes {
        return Ok(());
    }
    writeln!(out, "{} → exit {}", phrase::summary(verdict), verdict.exit_code)?;
    let warnings = verdict.told_warnings();
    let notes: Vec<String> =
        notes::skipped(&verdict.sources.skipped).into_iter().chain(notes::warnings(&warnings)).collect();
    if !notes.is_empty() {
        writeln!(out)?;
    }
    notes.iter().try_for_each(|note| writeln!(out, "{}", harmless(note)))
}

/// How many are ok: budgets, or groups where budgets have several.
fn within(verdict: &Verdict) -> Option<String> {
    let ok = verdict.count(State::Ok);
    let has_ok: Vec<&Judged> = verdict.limits.iter().filter(|limit| limit.count(State::Ok) > 0).collect();
    let budgets = has_ok.iter().map(|limit| &limit.budget).collect::<BTreeSet<_>>().len();
    let is_whole = has_ok.iter().all(|limit| limit.state() == State::Ok);
    let noun = if budgets == ok && is_whole { "budget" } else { "group" };
    (ok > 0).then(|| number_of(ok, noun))
}

/// New and vanished groups of a baseline are named, although nothing is wrong with them.
fn is_named(before: Before) -> bool {
    !matches!(before, Before::Median(_))
}

fn line<'a>(limit: &Judged, group: &'a Standing, zone: Tz, offer: Option<&str>) -> Line<'a> {
    let cells = [
        phrase::word(limit, group).to_owned(),
        limit.budget.clone(),
        phrase::name(group),
        phrase::used_of_limit(limit, group),
        phrase::share(group),
        bar(group),
    ];
    let mut cells = cells.map(|cell| harmless(&cell));
    let over = phrase::over(limit, group);
    if !over.is_empty() {
        cells[5] = format!("{}  {over}", cells[5]);
    }
    let remarks = remarks::with_offer(limit, group, zone, offer).iter().map(|remark| harmless(remark)).collect();
    Line { group, cells, remarks }
}

/// A block for each twentieth of the limit.
fn bar(group: &Standing) -> String {
    let Some((used, limit)) = group.used.zip(group.limit).filter(|(_, limit)| *limit > 0) else {
        return String::new();
    };
    let blocks = i128::from(used.max(0)) * BAR as i128 / i128::from(limit);
    let blocks = usize::try_from(blocks).unwrap_or(BAR).min(BAR);
    "█".repeat(blocks) + &"·".repeat(BAR - blocks)
}

/// How wide the columns before the bar are, and what they take with the gaps between them.
fn widths(lines: &[Line]) -> (Vec<usize>, usize) {
    let width = |column: usize| lines.iter().map(|line| line.cells[column].width()).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..5).map(width).collect();
    widths[0] = WORD;
    let fixed = widths.iter().map(|width| width + 2).sum();
    (widths, fixed)
}

/// Cuts names out in their midst where the figures behind them don't fit the terminal.
fn shorten_names(lines: &mut [Line], width: usize) {
    for column in NAMES {
        let (widths, fixed) = widths(lines);
        // No gap follows the last column.
        let excess = (fixed - 2).saturating_sub(width);
        let longest = widths[column].saturating_sub(excess).max(LEAST_NAME);
        for cell in lines.iter_mut().filter(|_| excess > 0).map(|line| &mut line.cells[column]) {
            *cell = cut(cell, longest, (longest - 1) / 2);
        }
    }
}

fn draw(lines: &[Line], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (widths, fixed) = widths(lines);
    for line in lines {
        let [word, budget, name, used, share, bar] = &line.cells;
        let gap = |column: usize, text: &str| " ".repeat(widths[column].saturating_sub(text.width()));
        let word = format!("{word:<WORD$}");
        let mut text = format!(
            "  {budget}{}  {name}{}  {}{used}  {}{share}",
            gap(1, budget),
            gap(2, name),
            gap(3, used),
            gap(4, share)
        );
        // A narrow terminal shows no bar.
        if style.width.is_none_or(|width| fixed + bar.width() <= width) {
            text.push_str("  ");
            text.push_str(bar);
        }
        writeln!(out, "{}{}", painted(&word, line.group, style.color), text.trim_end())?;
        // No remark begins its line: what a log shows at the start of one may be a command to whoever runs us.
        line.remarks.iter().try_for_each(|remark| writeln!(out, "            {remark}"))?;
    }
    Ok(())
}

fn painted(word: &str, group: &Standing, color: bool) -> String {
    let code = match group.state {
        State::Exceeded if word.starts_with("FAIL") => 31,
        State::Exceeded | State::Warn | State::Unproven => 33,
        State::Ok => 32,
    };
    if color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
}

/// Text for a terminal or the log of a CI job. Such logs are read for commands: `::` at the start of a line,
/// `##[` anywhere in it.
fn harmless(text: &str) -> String {
    let text = escape::terminal(text).replace("##[", "#\\u{23}[");
    match text.trim_start().starts_with("::") {
        true => text.replacen("::", "\\u{3a}:", 1),
        false => text,
    }
}
