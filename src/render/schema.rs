//! The columns of tables, for people and for validators: from the same table that the tables are made of.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::format::Format;
use super::json::{self, quality_key};
use super::written::written;
use super::{escape, markdown, text};
use crate::error::{Result, unknown};
use crate::table::schema::{Column, Kind, SCHEMA_VERSION, TableSchema};
use crate::table::{Builder, Cell, Table};

/// How a schema is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaFormat {
    /// Aligned columns.
    Text,
    /// A table of Markdown.
    Markdown,
    /// JSON Schema, draft 2020-12, of a row in JSON.
    JsonSchema,
}

impl SchemaFormat {
    /// All formats, in the order that help shows them.
    pub const ALL: [SchemaFormat; 3] = [SchemaFormat::Text, SchemaFormat::Markdown, SchemaFormat::JsonSchema];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SchemaFormat::Text => "text",
            SchemaFormat::Markdown => "markdown",
            SchemaFormat::JsonSchema => "json-schema",
        }
    }

    /// The format of this name; the error tells the nearest one, or all.
    pub fn from_name(name: &str) -> Result<SchemaFormat> {
        let found = SchemaFormat::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| unknown("format", name, &SchemaFormat::ALL.map(SchemaFormat::name)))
    }

    /// The format of files with this suffix; aligned columns for one that means none.
    pub fn from_suffix(suffix: &str) -> Result<SchemaFormat> {
        Ok(match Format::from_suffix(suffix)? {
            Format::Json => SchemaFormat::JsonSchema,
            Format::Markdown => SchemaFormat::Markdown,
            Format::Table | Format::Jsonl | Format::Csv => SchemaFormat::Text,
        })
    }
}

/// Writes the columns of these tables; text is wrapped where `width` limits its lines.
pub fn schema(tables: &[TableSchema], format: SchemaFormat, width: Option<usize>, out: &mut dyn Write) -> Result<()> {
    if format == SchemaFormat::JsonSchema {
        return written(out, |out| json::write(&Document(tables), out));
    }
    for (index, table) in tables.iter().enumerate() {
        let columns = columns(table)?;
        written(out, |out| {
            if index > 0 {
                writeln!(out)?;
            }
            described(table, &columns, format, width, out)
        })?;
    }
    Ok(())
}

fn described(
    table: &TableSchema,
    columns: &Table,
    format: SchemaFormat,
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == SchemaFormat::Markdown {
        writeln!(out, "## {}\n\nA row is {}.\n", table.name, escape::markdown(table.about))?;
        return markdown::table(columns, out);
    }
    writeln!(out, "{}: a row is {}\n", table.name, table.about)?;
    text::wrapped(columns, width, &[("meaning", 28), ("null", 14)], out)
}

/// What is told of a column.
static COLUMNS: [Column; 5] = [
    column("column", "its name in every output"),
    column("type", "its type in Parquet"),
    column("unit", "the unit of its numbers"),
    column("meaning", "what it means"),
    column("null", "what a blank means"),
];

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Text, meaning, blank: "" }
}

fn columns(table: &TableSchema) -> Result<Table> {
    let mut builder = Builder::new(COLUMNS.iter().collect());
    for column in &table.columns {
        let blank = if column.blank.is_empty() { "never" } else { column.blank };
        let cells = [column.name, column.kind.type_name(), column.kind.unit(), column.meaning, blank];
        builder.push(cells.map(|text| Cell::Text(text.to_owned())).into());
    }
    builder.finish()
}

struct Document<'a>(&'a [TableSchema]);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$schema", "https://json-schema.org/draft/2020-12/schema")?;
        map.serialize_entry("title", &format!("forge-usage, schema version {SCHEMA_VERSION}"))?;
        match self.0 {
            [table] => RowSchema(table).entries(&mut map)?,
            all => map.serialize_entry("$defs", &Definitions(all))?,
        }
        map.end()
    }
}

struct Definitions<'a>(&'a [TableSchema]);

impl Serialize for Definitions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|table| (table.name, RowSchema(table))))
    }
}

/// A row of a table, as JSON writes it.
struct RowSchema<'a>(&'a TableSchema);

impl RowSchema<'_> {
    fn entries<M: SerializeMap>(&self, map: &mut M) -> std::result::Result<(), M::Error> {
        let (nested, plain): (Vec<&'static Column>, Vec<&'static Column>) =
            self.0.columns.iter().copied().partition(|column| quality_key(column).is_some());
        let always = plain.iter().filter(|column| !self.0.optional.contains(&column.name));
        let names = always.map(|column| column.name).chain((!nested.is_empty()).then_some("runs_by_quality"));
        map.serialize_entry("description", &format!("A row of {}: {}", self.0.name, self.0.about))?;
        map.serialize_entry("type", "object")?;
        map.serialize_entry("required", &names.collect::<Vec<_>>())?;
        map.serialize_entry("properties", &Properties { plain: &plain, nested: &nested })
    }
}

impl Serialize for RowSchema<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.entries(&mut map)?;
        map.end()
    }
}

struct Properties<'a> {
    plain: &'a [&'static Column],
    /// Columns that stand together in one object.
    nested: &'a [&'static Column],
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for column in self.plain {
            map.serialize_entry(column.name, &Property(column))?;
        }
        if !self.nested.is_empty() {
            map.serialize_entry("runs_by_quality", &ByQuality(self.nested))?;
        }
        map.end()
    }
}

struct ByQuality<'a>(&'a [&'static Column]);

impl Serialize for ByQuality<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "object")?;
        map.serialize_entry("required", &self.0.iter().filter_map(|column| quality_key(column)).collect::<Vec<_>>())?;
        map.serialize_entry("properties", &QualityProperties(self.0))?;
        map.end()
    }
}

struct QualityProperties<'a>(&'a [&'static Column]);

impl Serialize for QualityProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().filter_map(|column| Some((quality_key(column)?, Property(column)))))
    }
}

struct Property(&'static Column);

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Column { kind, meaning, blank, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        match blank.is_empty() {
            true => map.serialize_entry("type", kind.json_type())?,
            false => map.serialize_entry("type", &[kind.json_type(), "null"])?,
        }
        if *kind == Kind::Time {
            map.serialize_entry("format", "date-time")?;
        }
        if kind.is_never_negative() {
            map.serialize_entry("minimum", &0)?;
        }
        let unit = if kind.unit().is_empty() { String::new() } else { format!(" [{}]", kind.unit()) };
        let blank = if blank.is_empty() { String::new() } else { format!("; null: {blank}") };
        map.serialize_entry("description", &format!("{meaning}{unit}{blank}"))?;
        map.end()
    }
}
