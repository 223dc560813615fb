//! Whole tables: what is written is what is read back, in every format.

use std::collections::BTreeMap;
use std::io::Cursor;

use forge_usage::event::{Time, Usd};
use forge_usage::render::{self, DataFormat};
use forge_usage::table::schema::{Column, Kind};
use forge_usage::table::{Cell, TABLES};
use polars::prelude::{AnyValue, DataFrame, ParquetReader, SerReader};
use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::kit::cases;

type Row = Vec<Cell>;

/// Every column there is, once.
fn columns() -> Vec<&'static Column> {
    let all = TABLES.iter().flat_map(|table| (table.columns)());
    let by_name: BTreeMap<&str, &'static Column> = all.map(|column| (column.name, column)).collect();
    by_name.into_values().collect()
}

fn cell(kind: Kind, text: BoxedStrategy<String>) -> BoxedStrategy<Cell> {
    let known = match kind {
        Kind::Text => text.prop_map(Cell::Text).boxed(),
        Kind::Flag => any::<bool>().prop_map(Cell::Flag).boxed(),
        Kind::Usd | Kind::Price => (0..=i64::MAX).prop_map(|pico| Cell::Usd(Usd::from_pico(pico))).boxed(),
        // The years that a calendar of every engine has.
        Kind::Time => (0..253_402_300_800_000_000_i64).prop_map(|micros| Cell::Time(Time::from_micros(micros))).boxed(),
        Kind::Percent | Kind::Rate => (-1e6..1e6).prop_map(Cell::Number).boxed(),
        _ => any::<i64>().prop_map(Cell::Integer).boxed(),
    };
    prop_oneof![1 => Just(Cell::Blank), 4 => known].boxed()
}

fn rows(text: fn() -> BoxedStrategy<String>) -> impl Strategy<Value = Vec<Row>> {
    let row: Vec<_> = columns().iter().map(|column| cell(column.kind, text())).collect();
    prop::collection::vec(row, 0..8)
}

/// Text that may hold anything.
fn any_text() -> BoxedStrategy<String> {
    prop_oneof![any::<String>(), "[=+@a-z\"',;\r\n\t\u{1b}\u{202e} -]{0,12}"].prop_map(|text| text + "x").boxed()
}

/// Text that a spreadsheet would neither hide nor compute.
fn plain_text() -> BoxedStrategy<String> {
    "[a-zæ日0-9][a-zæ日 0-9\"',;./:=@|-]{0,12}x".boxed()
}

fn written(columns: &[&'static Column], rows: &[Row], format: DataFormat) -> Vec<u8> {
    let mut out = Vec::new();
    render::rows(columns, rows.iter().cloned(), format, &mut out).expect("memory");
    out
}

/// A cell as text, exactly; `None` for a blank.
fn exact(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Blank => return None,
        Cell::Text(text) => text.clone(),
        Cell::Integer(value) => value.to_string(),
        Cell::Number(value) => value.to_string(),
        Cell::Usd(value) => value.pico().to_string(),
        Cell::Time(value) => value.micros().to_string(),
        Cell::Flag(value) => value.to_string(),
    })
}

/// A cell's text in CSV or JSON, exactly, as [`exact`] says it.
fn read_text(kind: Kind, text: &str) -> String {
    match kind {
        Kind::Usd | Kind::Price => Usd::parse(text).expect("dollars").pico().to_string(),
        Kind::Time => Time::parse(text).expect("a time").micros().to_string(),
        Kind::Percent | Kind::Rate => text.parse::<f64>().expect("a number").to_string(),
        _ => text.to_owned(),
    }
}

fn json_cell(kind: Kind, value: &RawValue) -> Option<String> {
    if value.get() == "null" {
        return None;
    }
    let is_string = value.get().starts_with('"');
    assert_eq!(is_string, matches!(kind, Kind::Text | Kind::Time), "{value}");
    let text = if is_string { serde_json::from_str(value.get()).expect("a string") } else { value.get().to_owned() };
    Some(read_text(kind, &text))
}

fn parquet(bytes: Vec<u8>) -> DataFrame {
    ParquetReader::new(Cursor::new(bytes)).finish().expect("Parquet")
}

fn parquet_cell(value: AnyValue<'_>) -> Option<String> {
    Some(match value {
        AnyValue::Null => return None,
        AnyValue::String(text) => text.to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Boolean(flag) => flag.to_string(),
        AnyValue::Int64(value) => value.to_string(),
        AnyValue::Float64(value) => value.to_string(),
        AnyValue::Datetime(micros, ..) | AnyValue::DatetimeOwned(micros, ..) => micros.to_string(),
        other => panic!("{other:?} is no type that every engine reads"),
    })
}

/// As [`exact`], dollars as the nearest double.
fn as_parquet(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Usd(value) => Some(value.to_f64().to_string()),
        cell => exact(cell),
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn json_lines_read_back_equal(rows in rows(any_text)) {
        let columns = columns();
        let text = String::from_utf8(written(&columns, &rows, DataFormat::Jsonl)).expect("UTF-8");
        prop_assert_eq!(text.lines().count(), rows.len());
        for (line, row) in text.lines().zip(&rows) {
            let read: BTreeMap<String, Box<RawValue>> = serde_json::from_str(line).expect("an object");
            prop_assert_eq!(read.len(), columns.len());
            for (column, cell) in columns.iter().zip(row) {
                prop_assert_eq!(json_cell(column.kind, &read[column.name]), exact(cell), "{}", column.name);
            }
        }
        let array: Vec<BTreeMap<String, Box<RawValue>>> =
            serde_json::from_slice(&written(&columns, &rows, DataFormat::Json)).expect("an array");
        prop_assert_eq!(array.len(), rows.len());
    }

    #[test]
    fn csv_reads_back_equal(rows in rows(plain_text)) {
        let columns = columns();
        let bytes = written(&columns, &rows, DataFormat::Csv);
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let header: Vec<&str> = columns.iter().map(|column| column.name).collect();
        prop_assert_eq!(reader.headers().expect("a header"), header);
        let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
        prop_assert_eq!(records.len(), rows.len());
        for (record, row) in records.iter().zip(&rows) {
            for ((column, cell), field) in columns.iter().zip(row).zip(record) {
                let field = (!field.is_empty()).then(|| read_text(column.kind, field));
                prop_assert_eq!(field, exact(cell), "{}", column.name);
            }
        }
    }

    /// Text is changed so that it starts no formula and hides nothing; its place is not.
    #[test]
    fn csv_of_any_text_keeps_its_rows_and_cells(rows in rows(any_text)) {
        let columns = columns();
        let bytes = written(&columns, &rows, DataFormat::Csv);
        let records = csv::Reader::from_reader(bytes.as_slice()).into_records();
        let records: Vec<csv::StringRecord> = records.map(|record| record.expect("a record")).collect();
        prop_assert_eq!(records.len(), rows.len());
        for (record, row) in records.iter().zip(&rows) {
            for ((column, cell), field) in columns.iter().zip(row).zip(record) {
                prop_assert_eq!(field.is_empty(), *cell == Cell::Blank, "{}", column.name);
            }
        }
    }

    #[test]
    fn parquet_reads_back_equal(rows in rows(any_text)) {
        let columns = columns();
        let frame = parquet(written(&columns, &rows, DataFormat::Parquet));
        prop_assert_eq!(frame.height(), rows.len());
        let names: Vec<String> = frame.get_column_names().iter().map(|name| name.to_string()).collect();
        prop_assert_eq!(names, columns.iter().map(|column| column.name).collect::<Vec<_>>());
        for (index, row) in rows.iter().enumerate() {
            for ((column, cell), cells) in columns.iter().zip(row).zip(frame.columns()) {
                let read = parquet_cell(cells.get(index).expect("a cell"));
                prop_assert_eq!(read, as_parquet(cell), "{}", column.name);
            }
        }
    }

    /// Up to four thousand dollars a double holds every pico-dollar.
    #[test]
    fn dollars_survive_as_doubles(pico in 0..4_096_000_000_000_000_i64) {
        prop_assert_eq!((Usd::from_pico(pico).to_f64() * 1e12).round() as i64, pico);
    }
}

#[test]
fn many_rows_are_several_row_groups_in_their_order() {
    let columns = columns();
    let row = |index: i64| -> Row {
        let number = |column: &&&Column| matches!(column.kind, Kind::Tokens | Kind::Count | Kind::Integer);
        columns.iter().map(|column| if number(&column) { Cell::Integer(index) } else { Cell::Blank }).collect()
    };
    let rows: Vec<Row> = (0..40_000).map(row).collect();
    let frame = parquet(written(&columns, &rows, DataFormat::Parquet));
    let counts = frame.column("total_tokens").expect("a column").i64().expect("integers").clone();
    assert!(counts.iter().eq((0..40_000).map(Some)));
    assert!(counts.chunks().len() >= 3, "{} row groups", counts.chunks().len());
}

#[test]
fn no_rows_still_have_columns() {
    let columns = columns();
    assert_eq!(parquet(written(&columns, &[], DataFormat::Parquet)).width(), columns.len());
}
