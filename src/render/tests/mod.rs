//! Reports built by hand, and what becomes of them.

mod machines;
mod people;

use std::io::{self, Write};

use chrono_tz::Europe::Oslo;

use super::{CheckFormat, Format, Style};
use crate::event::{Time, Usd};
use crate::table::schema::{self, Column, Kind};
use crate::table::{Builder, Cell, Definition, Dimension, PRICES, Report, Sources, Table, Window};

/// A table from lines such as `loop=rust-core runs=41 cost_usd=23.19`; what isn't named is blank.
fn table(columns: Vec<&'static Column>, rows: &[&str]) -> Table {
    let mut builder = Builder::new(columns.clone());
    for row in rows {
        let cell = |column: &&Column| {
            let named = row.split(' ').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == column.name);
            named.map_or(Cell::Blank, |(_, value)| cell(column.kind, value))
        };
        builder.push(columns.iter().map(cell).collect());
    }
    builder.finish().unwrap()
}

fn cell(kind: Kind, value: &str) -> Cell {
    match kind {
        Kind::Text => Cell::Text(value.replace('·', " ")),
        Kind::Percent | Kind::Rate => Cell::Number(value.parse().unwrap()),
        Kind::Usd | Kind::Price => Cell::Usd(Usd::parse(value).unwrap()),
        Kind::Time => Cell::Time(Time::parse(value).unwrap()),
        Kind::Flag => Cell::Flag(value == "true"),
        Kind::Tokens | Kind::Count | Kind::Millis | Kind::Minutes | Kind::Integer => {
            Cell::Integer(value.replace('_', "").parse().unwrap())
        }
    }
}

fn report(by: &[&str], rows: &[&str], totals: &str) -> Report {
    let by: Vec<Dimension> = by.iter().map(|name| Dimension::from_name(name).unwrap()).collect();
    let rows = table(by.iter().map(|by| by.column()).chain(schema::measures()).collect(), rows);
    Report {
        by,
        groups: rows.height(),
        nameless: (0..rows.height()).filter(|row| rows.cell(*row, 0) == Cell::Blank).count(),
        rows,
        totals: table(schema::measures(), &[totals]),
        conversations: 0,
        loops: 0,
        profiles: 0,
        window: Window { zone: Oslo, ..Window::default() },
        filters: Vec::new(),
        price_book: Some("2026-11-22".to_owned()),
        cost_mode: Some("auto"),
        slowest: None,
        blind_loops: Vec::new(),
        prices: None,
        sources: Sources::default(),
        warnings: Vec::new(),
    }
}

const PLAIN: Style = Style { width: None, color: false, notes: true, now: None, again: None };

fn shown(report: &Report, format: Format, style: &Style) -> String {
    let mut out = Vec::new();
    super::report(report, format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A pipe whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_told_from_other_failures_in_every_format() {
    let report = report(&["loop"], &["loop=a runs=1 cost_usd=1"], "runs=1");
    for format in Format::ALL {
        let failed = super::report(&report, format, &PLAIN, &mut Closed).unwrap_err();
        assert!(failed.is_broken_pipe(), "{format:?}: {failed}");
        assert_eq!(failed.to_string(), "cannot write the output: broken pipe");
        let failed = super::table(&report.rows, format, &PLAIN, &mut Closed).unwrap_err();
        assert!(failed.is_broken_pipe(), "{format:?}: {failed}");
    }
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()).unwrap(), format);
    }
    let unknown = Format::from_name("yaml").unwrap_err();
    assert_eq!(unknown.to_string(), "unknown format \"yaml\"; known: table, json, jsonl, csv, markdown");
    assert_eq!(Format::from_name("jsno").unwrap_err().to_string(), "unknown format \"jsno\"; did you mean json?");
    for (suffix, format) in
        [("CSV", Format::Csv), ("md", Format::Markdown), ("ndjson", Format::Jsonl), ("txt", Format::Table)]
    {
        assert_eq!(Format::from_suffix(suffix).unwrap(), format, "{suffix}");
    }
    assert!(Format::from_suffix("parquet").is_err());
    for (suffix, format) in
        [("JSON", CheckFormat::Json), ("xml", CheckFormat::Junit), ("Prom", CheckFormat::Openmetrics)]
    {
        assert_eq!(CheckFormat::from_suffix(suffix).unwrap(), format, "{suffix}");
    }
    assert!(CheckFormat::from_suffix("parquet").is_err());
}

#[test]
fn every_column_that_a_screen_names_is_one_of_its_table() {
    let prices: Vec<&str> = PRICES.iter().map(|column| column.name).collect();
    let quota = (Definition::from_name("quota").unwrap().columns)();
    let quota: Vec<&str> = quota.iter().map(|column| column.name).collect();
    let both = [&prices[..], &quota].concat();
    for (screen, table) in [
        (&super::prices::SCREEN[..], &prices),
        (&crate::table::OF_A_NAME, &prices),
        (&super::quota::SCREEN, &quota),
        (&super::screen::LEAST, &both),
        (&super::screen::KEYS, &both),
    ] {
        assert!(screen.iter().all(|name| table.contains(name)), "{screen:?}: {table:?}");
    }
}
