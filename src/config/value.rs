//! The file's values and where they stand. The only user of toml, but for what harnesses set.

use std::fmt;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// One `key = value`.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Value,
    pub(super) span: Range<usize>,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    /// Decimal digits as they stand in the file, but for underscores and a plus.
    Number(String),
    Flag(bool),
    Date(String),
    List(Vec<(Value, Range<usize>)>),
    Table(Vec<Entry>),
    /// A number that is not decimal, infinite or none.
    Odd(String),
}

/// What went wrong, and where.
pub(super) type Failed = (String, Range<usize>);

/// The entries of a document, in its order. toml bounds how deep they may nest.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Failed> {
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(table.into_inner())),
        Err(error) => Err((error.message().to_owned(), error.span().unwrap_or_default())),
    }
}

fn entries(table: DeTable) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, found)| {
            let (key_span, span) = (key.span(), found.span());
            Entry { key: key.into_inner().into_owned(), key_span, value: value(found.into_inner()), span }
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

fn value(found: DeValue) -> Value {
    match found {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => decimal(number.as_str()),
        DeValue::Integer(number) => Value::Odd(with_prefix(number.radix(), number.as_str())),
        DeValue::Float(number) => decimal(number.as_str()),
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|item| (item.span(), item.into_inner()))
                .map(|(span, item)| (value(item), span))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table)),
    }
}

/// The digits as they stand in the file, `0x` and all.
fn with_prefix(radix: u32, digits: &str) -> String {
    let prefix = match radix {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    format!("{prefix}{digits}")
}

fn decimal(digits: &str) -> Value {
    let plain: String = digits.strip_prefix('+').unwrap_or(digits).chars().filter(|c| *c != '_').collect();
    if plain.contains("inf") || plain.contains("nan") { Value::Odd(plain) } else { Value::Number(plain) }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write!(f, "{text:?}"),
            Value::Number(text) | Value::Odd(text) | Value::Date(text) => f.write_str(text),
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::List(_) => f.write_str("a list"),
            Value::Table(_) => f.write_str("a table"),
        }
    }
}
