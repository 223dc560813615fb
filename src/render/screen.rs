//! What people see of a report: which columns, and what stands in each cell, still without any medium.
//! The text and the Markdown draw the same screen.

use std::borrow::Cow;

use super::bar::Scale;
use super::figure::Figure;
use super::measure::Measure;
use super::number::{self, Bound};
use super::row::Row;
use super::{dimension, exact};
use crate::table::schema::Kind;
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
    /// What it is worth on a narrow screen; `None` for a column of names, and for any of a plain table.
    pub(super) worth: Option<Worth>,
    /// Where its figures stand: numbers at the right, words at the left.
    pub(super) is_number: bool,
}

/// What a column is worth: on a narrow screen the lowest one gives way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// A time of a latency report.
    Time(u8),
    /// A measure of a report.
    Of(Measure),
}

impl Heading {
    /// The heads of a report's columns of names.
    pub(super) fn of_names(report: &Report) -> impl Iterator<Item = Heading> {
        report.by.iter().map(|column| Heading {
            title: dimension::title(column).to_uppercase(),
            worth: None,
            is_number: false,
        })
    }
}

impl Screen {
    /// The screen of a report, for any dimensions.
    pub(super) fn of_report(report: &Report, has_notes: bool) -> Screen {
        let scale = Scale::of(&report.rows);
        let measures = Measure::of(report, scale.is_some());
        let mut names = names(report);
        let row = |index| {
            let row = Row::new(&report.rows, index);
            let names = names.iter_mut().map(|column| Figure::known(column.get_mut(index).and_then(Option::take)));
            names.chain(measures.iter().map(|measure| measure.figure(&row, scale.as_ref()))).collect()
        };
        let rows = (0..report.rows.height()).map(row).collect();
        Screen {
            headings: headings(report, &measures, has_notes),
            rows,
            totals: (report.groups > 1).then(|| totals(report, &measures)),
            left_out: left_out(report),
        }
    }

    /// The screen of a plain table: all its columns, figures rounded for reading.
    pub(super) fn of_table(table: &Table) -> Screen {
        let columns = table.columns();
        let heading = |name: &str, kind| Heading {
            title: name.trim_end_matches("_usd_per_mtok").to_uppercase().replace('_', " "),
            worth: None,
            is_number: !matches!(kind, Kind::Text | Kind::Time | Kind::Flag),
        };
        let row = |index| {
            let cells = columns.iter().enumerate().map(|(position, column)| (table.cell(index, position), column.kind));
            cells.map(|(cell, kind)| figure(cell, kind)).collect()
        };
        Screen {
            headings: columns.iter().map(|column| heading(column.name, column.kind)).collect(),
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

/// A star sends from the costs to the note on them.
fn headings(report: &Report, measures: &[Measure], has_notes: bool) -> Vec<Heading> {
    let star =
        |measure: &Measure| if *measure == Measure::Cost && has_notes && report.prices.is_some() { "*" } else { "" };
    let measures = measures.iter().map(|measure| Heading {
        title: format!("{}{}", measure.title(), star(measure)),
        worth: Some(Worth::Of(*measure)),
        is_number: measure.is_number(),
    });
    Heading::of_names(report).chain(measures).collect()
}

/// The names of every row, a list a dimension.
pub(super) fn names(report: &Report) -> Vec<Vec<Option<String>>> {
    report.by.iter().map(|column| dimension::names(column, &report.rows)).collect()
}

/// What the last row is called, and nothing beside it.
pub(super) fn named_totals(report: &Report) -> impl Iterator<Item = Figure> {
    (0..report.by.len()).map(|index| match index {
        0 => Figure::plain(dimension::counted(report)),
        _ => Figure::plain(""),
    })
}

fn totals(report: &Report, measures: &[Measure]) -> Vec<Figure> {
    let row = Row::new(&report.totals, 0);
    let figures = measures.iter().map(|measure| match measure {
        // Neither a list of all profiles nor a bar of everything would tell anything.
        Measure::Profiles | Measure::Bar => Figure::plain(""),
        measure => measure.figure(&row, None),
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
