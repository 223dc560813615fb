//! The screen as a table of GitHub's Markdown, for an issue or a pull request.

use std::io::{self, Write};

use super::figure::Figure;
use super::format::Style;
use super::screen::Screen;
use super::{escape, headline, notes};
use crate::table::{Report, Table};

/// Writes a report: what it is about, the table with its totals in bold, and what is to be said of it.
pub(super) fn report(
    report: &Report,
    screen: Screen,
    notes: &[String],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    if report.rows.height() == 0 {
        return writeln!(out, "{}", escape::markdown(&notes::nothing(report)));
    }
    let head = if style.notes { headline::headline(report) } else { String::new() };
    if !head.is_empty() {
        writeln!(out, "{}\n", escape::markdown(&head))?;
    }
    let screen = screen.escaped(escape::markdown);
    draw(&screen, out)?;
    let notes = if style.notes { notes } else { &[] };
    for line in screen.left_out.iter().chain(notes) {
        writeln!(out, "\n{}", escape::markdown(line))?;
    }
    Ok(())
}

/// Writes a plain table, all of it.
pub(super) fn table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    draw(&Screen::of_table(table).escaped(escape::markdown), out)
}

fn draw(screen: &Screen, out: &mut dyn Write) -> io::Result<()> {
    line(screen.headings.iter().map(|heading| heading.title.as_str()), out)?;
    line(screen.headings.iter().map(|heading| if heading.is_number { "---:" } else { ":---" }), out)?;
    for row in &screen.rows {
        line(row.iter().map(|figure| figure.text.as_str()), out)?;
    }
    let totals: Option<Vec<String>> = screen.totals.as_ref().map(|row| row.iter().map(bold).collect());
    totals.iter().try_for_each(|row| line(row.iter().map(String::as_str), out))
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, out: &mut dyn Write) -> io::Result<()> {
    for cell in cells {
        write!(out, "| {cell} ")?;
    }
    writeln!(out, "|")
}

fn bold(figure: &Figure) -> String {
    if figure.text.is_empty() { String::new() } else { format!("**{}**", figure.text) }
}
