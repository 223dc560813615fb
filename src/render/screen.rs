//! What people see of a report: which columns, and what stands in each cell, still without any medium.
//! The text and the Markdown draw the same screen.

use std::borrow::Cow;

use super::bar::Scale;
use super::figure::Figure;
use super::format::Style;
use super::number::{self, Bound};
use super::row::Row;
use super::screen_column::ScreenColumn;
use super::{dimension, exact};
use crate::table::schema::{Column, Kind};
use crate::table::{Cell, Report, Table};

/// Columns, rows and totals, as far as they can be decided without knowing how wide a line may be.
pub(super) struct Screen {
    /// One a column.
    pub(super) headings: Vec<Heading>,
    /// The figures, in the headings' order.
    pub(super) rows: Vec<Vec<Figure>>,
    /// The last row; `None` where it would only say the same as the one row above it.
    pub(super) totals: Option<Vec<Figure>>,
    /// Tells of rows that a limit left out.
    pub(super) left_out: Option<String>,
}

/// The head of a column.
pub(super) struct Heading {
    /// What stands above it.
    pub(super) title: String,
    /// What it is worth on a narrow screen; `None` for a column of names.
    pub(super) worth: Option<Worth>,
    /// Where its figures stand: numbers at the right, words at the left.
    pub(super) is_number: bool,
}

/// What a column is worth: on a narrow screen the lowest one gives way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// A lesser column of a plain table.
    Plain(u8),
    /// A time of a latency report.
    Time(u8),
    /// A column of a report.
    Of(ScreenColumn),
    /// Any other figure of a plain table.
    Figure(u8),
    /// What tells rows of a plain table apart, or is what they are about: it stays.
    Key,
}

impl Heading {
    /// The heads of a report's columns of names.
    pub(super) fn of_names(report: &Report) -> impl Iterator<Item = Heading> {
        report.by.iter().map(|by| Heading {
            title: dimension::title(*by).to_uppercase(),
            worth: None,
            is_number: false,
        })
    }
}

impl Screen {
    /// The screen of a report, for any dimensions.
    pub(super) fn of_report(report: &Report, style: &Style) -> Screen {
        let scale = Scale::of(&report.rows);
        let columns = ScreenColumn::of(report, scale.is_some());
        let mut names = names(report);
        let current = current(report, style);
        let row = |index| {
            let row = Row::new(&report.rows, index);
            let names = names.iter_mut().map(|column| Figure::known(column.get_mut(index).and_then(Option::take)));
            let is_current = current.as_ref().is_some_and(|(column, period)| row.text(column).as_ref() == Some(period));
            let figures = columns.iter().map(|column| match (column, column.figure(&row, scale.as_ref())) {
                (ScreenColumn::Bar, bar) if is_current => Figure::plain(format!("{}  so far", bar.text).trim_start()),
                (_, figure) => figure,
            });
            names.chain(figures).collect()
        };
        let rows = (0..report.rows.height()).map(row).collect();
        Screen {
            headings: headings(report, &columns, style.notes),
            rows,
            totals: has_totals(report).then(|| totals(report, &columns)),
            left_out: left_out(report),
        }
    }

    /// The screen of a plain table: all its columns, figures rounded for reading.
    pub(super) fn of_table(table: &Table) -> Screen {
        let columns = table.columns();
        let heading = |(at, column): (usize, &&'static Column)| Heading {
            title: title(column),
            worth: worth(table, at),
            is_number: !matches!(column.kind, Kind::Text | Kind::Time | Kind::Flag),
        };
        let row = |index| {
            let cells = columns.iter().enumerate().map(|(position, column)| (table.cell(index, position), column.kind));
            cells.map(|(cell, kind)| figure(cell, kind)).collect()
        };
        Screen {
            headings: columns.iter().enumerate().map(heading).collect(),
            rows: (0..table.height()).map(row).collect(),
            totals: None,
            left_out: None,
        }
    }

    /// The same with every cell made harmless for a medium.
    pub(super) fn escaped(mut self, escape: fn(&str) -> Cow<'_, str>) -> Screen {
        for figure in self.rows.iter_mut().chain(&mut self.totals).flatten() {
            if let Cow::Owned(escaped) = escape(&figure.text) {
                figure.text = escaped;
            }
        }
        self
    }
}

/// Columns of plain tables that give way on a narrow screen before any other, in this order.
pub(super) const LEAST: [&str; 8] = [
    "cache_write_1h_usd_per_mtok",
    "cache_write_5m_usd_per_mtok",
    "provider",
    "from",
    "cache_read_usd_per_mtok",
    "conversation_id",
    "plan",
    "resets_at",
];

/// Columns of plain tables that never give way; neither do names.
pub(super) const KEYS: [&str; 6] =
    ["time", "window_minutes", "used_percent", "tier", "input_usd_per_mtok", "output_usd_per_mtok"];

/// What a column of a plain table is worth: of those that nobody ranked, words are names, and the rest gives way from
/// the right.
fn worth(table: &Table, at: usize) -> Option<Worth> {
    let columns = table.columns();
    let column = columns.get(at)?;
    let rank = |rank: usize| u8::try_from(rank).unwrap_or(u8::MAX);
    if KEYS.contains(&column.name) {
        return Some(Worth::Key);
    }
    // Of one model there is a row a period; of several, a day's rows alone.
    let is_period = column.name == "from" && !columns.iter().any(|column| column.name == "model");
    if is_period || column.name == "above_tokens" {
        let is_alike = (1..table.height()).all(|row| table.cell(row, at) == table.cell(0, at));
        return Some(if is_alike { Worth::Figure(u8::MAX) } else { Worth::Key });
    }
    let ranked = LEAST.iter().position(|name| *name == column.name).map(|at| Worth::Plain(rank(at)));
    let unranked = || (column.kind != Kind::Text).then(|| Worth::Figure(u8::MAX - rank(at)));
    ranked.or_else(unranked)
}

/// What stands above a column of a plain table.
fn title(column: &Column) -> String {
    let name = column.name.trim_end_matches("_usd_per_mtok").to_uppercase().replace('_', " ");
    name.replace("MINUTES", "MIN").replace("PERCENT", "%")
}

/// The column of a report over time, and what it calls the period that isn't over.
fn current(report: &Report, style: &Style) -> Option<(&'static str, String)> {
    let [by] = report.by[..] else { return None };
    Some((by.column().name, by.period(style.now?, report.window.zone)?))
}

/// A star sends from the costs to the note on them.
fn headings(report: &Report, columns: &[ScreenColumn], has_notes: bool) -> Vec<Heading> {
    let star = |column: &ScreenColumn| {
        if *column == ScreenColumn::Cost && has_notes && report.prices.is_some() { "*" } else { "" }
    };
    let columns = columns.iter().map(|column| Heading {
        title: format!("{}{}", column.title(), star(column)),
        worth: Some(Worth::Of(*column)),
        is_number: column.is_number(),
    });
    Heading::of_names(report).chain(columns).collect()
}

/// The names of every row, a list a dimension.
pub(super) fn names(report: &Report) -> Vec<Vec<Option<String>>> {
    report.by.iter().map(|by| dimension::names(*by, &report.rows)).collect()
}

/// What the last row is called, and nothing beside it.
pub(super) fn named_totals(report: &Report) -> impl Iterator<Item = Figure> {
    (0..report.by.len()).map(|index| match index {
        0 => Figure::plain(dimension::counted(report)),
        _ => Figure::plain(""),
    })
}

/// Whether the totals say more than the one row above them: that what was left out may be of them.
fn has_totals(report: &Report) -> bool {
    let is_alike = || report.rows.row(0).get(report.by.len()..) == Some(report.totals.row(0).as_slice());
    report.groups > 1 || (report.rows.height() == 1 && !is_alike())
}

fn totals(report: &Report, columns: &[ScreenColumn]) -> Vec<Figure> {
    let row = Row::new(&report.totals, 0);
    let figures = columns.iter().map(|column| match column {
        // Neither a list of all profiles nor a bar of everything would tell anything.
        ScreenColumn::Profiles | ScreenColumn::Bar => Figure::plain(""),
        column => column.figure(&row, None),
    });
    named_totals(report).chain(figures).collect()
}

pub(super) fn left_out(report: &Report) -> Option<String> {
    let more = report.groups.checked_sub(report.rows.height()).filter(|more| *more > 0)?;
    Some(format!("… {more} more (of {})", report.groups))
}

fn figure(cell: Cell, kind: Kind) -> Figure {
    Figure::known(match (cell, kind) {
        (Cell::Blank, _) => None,
        (Cell::Text(text), _) => Some(text),
        (Cell::Integer(value), Kind::Tokens) => number::tokens(value, Bound::Exact),
        (Cell::Integer(value), Kind::Millis) => Some(number::duration(value)),
        (Cell::Integer(value), Kind::Count) => Some(number::count(value)),
        (Cell::Integer(value), _) => Some(value.to_string()),
        (Cell::Number(value), Kind::Rate) => Some(number::rate(value)),
        (Cell::Number(value), _) => Some(value.to_string()),
        (Cell::Usd(value), Kind::Price) => Some(format!("${}", exact::dollars(value))),
        (Cell::Usd(value), _) => number::dollars(value, Bound::Exact),
        (Cell::Time(value), _) => exact::instant(value),
        (Cell::Flag(value), _) => Some(if value { "yes" } else { "no" }.to_owned()),
    })
}
