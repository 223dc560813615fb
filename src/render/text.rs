//! The screen as text, as in SCREENS.md. The only user of tabled.

use std::io::{self, Write};

use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Color, Padding, Style as Borders};

use super::figure::Tone;
use super::format::Style;
use super::screen::Screen;
use super::{escape, fit, headline, notes, wrap};
use crate::table::{Report, Table};

/// Writes a report: what it is about, the table, how far it can be trusted.
pub(super) fn report(
    report: &Report,
    screen: Screen,
    notes: &[String],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let head = headline::headline(report);
    let is_empty = report.rows.height() == 0;
    if style.notes && !is_empty && !head.is_empty() {
        writeln!(out, "{}\n", escape::terminal(&head))?;
    }
    if is_empty {
        writeln!(out, "{}", escape::terminal(&notes::nothing(report)))?;
    } else {
        let mut screen = screen.escaped(escape::terminal);
        if let Some(width) = style.width {
            fit::fit(&mut screen, width);
        }
        draw(&screen, style.color, out)?;
    }
    below(if style.notes { notes } else { &[] }, out)
}

/// Writes what stands below a table, a sentence a line.
pub(super) fn below(notes: &[String], out: &mut dyn Write) -> io::Result<()> {
    if !notes.is_empty() {
        writeln!(out)?;
    }
    notes.iter().try_for_each(|note| writeln!(out, "{}", escape::terminal(note)))
}

/// Writes a plain table, all rows of it.
pub(super) fn table(table: &Table, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut screen = Screen::of_table(table).escaped(escape::terminal);
    if let Some(width) = style.width {
        fit::fit(&mut screen, width);
    }
    draw(&screen, false, out)
}

/// Writes a plain table: where `width` limits its lines, the columns of these names share what the others leave, and go
/// on in further lines; see [`wrap::wrap`].
pub(super) fn wrapped(
    table: &Table,
    width: Option<usize>,
    names: &[(&str, usize)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut screen = Screen::of_table(table).escaped(escape::terminal);
    let wanted = table.columns().iter().map(|column| {
        let named = names.iter().find(|(name, _)| *name == column.name);
        named.map(|(_, wanted)| *wanted)
    });
    if let Some(width) = width {
        wrap::wrap(&mut screen, wanted.collect(), width);
    }
    draw(&screen, false, out)
}

/// Draws rows, then what is missing, a rule and the totals.
pub(super) fn draw(screen: &Screen, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let grid = grid(screen, color).to_string();
    let lines: Vec<&str> = grid.lines().map(str::trim_end).collect();
    let (rows, totals) = lines.split_at(lines.len() - usize::from(screen.totals.is_some()));
    rows.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if let Some(left_out) = &screen.left_out {
        writeln!(out, "{left_out}")?;
    }
    if !totals.is_empty() {
        writeln!(out, "{}", "─".repeat(fit::line(&fit::widths(screen))))?;
    }
    totals.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn grid(screen: &Screen, color: bool) -> tabled::Table {
    let mut records = Builder::default();
    records.push_record(screen.headings.iter().map(|heading| heading.title.as_str()));
    for row in screen.rows.iter().chain(&screen.totals) {
        records.push_record(row.iter().map(|figure| figure.text.as_str()));
    }
    let mut grid = records.build();
    grid.with(Borders::empty());
    for (column, heading) in screen.headings.iter().enumerate() {
        let gap = if column > 0 { fit::GAP } else { 0 };
        grid.modify(Columns::one(column), Padding::new(gap, 0, 0, 0));
        grid.modify(Columns::one(column), if heading.is_number { Alignment::right() } else { Alignment::left() });
    }
    if color {
        paint(&mut grid, screen);
    }
    grid
}

/// Colours belong to tabled's cells, not to their text, so that they take no room.
fn paint(grid: &mut tabled::Table, screen: &Screen) {
    grid.modify(Rows::first(), Color::BOLD);
    for (row, figures) in screen.rows.iter().chain(&screen.totals).enumerate() {
        for (column, figure) in figures.iter().enumerate() {
            let color = match figure.tone {
                Tone::Plain => continue,
                Tone::Unknown => Color::DIMMED,
                Tone::Floor => Color::FG_YELLOW,
                Tone::Failed => Color::FG_RED,
            };
            grid.modify((row + 1, column), color);
        }
    }
}
