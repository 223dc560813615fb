//! `schema`: what the columns of the tables mean, and what the user's file may hold.

use forge_usage::render::{self, Format, SchemaFormat};
use forge_usage::table::schema;
use forge_usage::{budget, config, price};

use super::args::{POLICY, SchemaArgs};
use super::exit::FINE;
use super::output;

/// Prints the columns of one table or of all.
pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<u8> {
    if args.table.as_deref() == Some(POLICY) {
        let is_json = match args.format {
            Some(format) => format == SchemaFormat::JsonSchema,
            None => matches!(output::by_suffix(args.output.as_deref())?, Format::Json | Format::Table),
        };
        anyhow::ensure!(is_json, "the schema of the policy is a JSON Schema: no other format holds it");
        let text = serde_json::to_string_pretty(&policy())?;
        output::write_to(args.output.as_deref(), |out| Ok(writeln!(out, "{text}")?))?;
        return Ok(FINE);
    }
    let mut tables = schema::all();
    if let Some(name) = &args.table {
        tables.retain(|table| table.name == name);
    }
    let suffix = output::suffix(args.output.as_deref());
    let by_suffix = || suffix.map_or(Ok(SchemaFormat::Text), SchemaFormat::from_suffix);
    let format = args.format.map_or_else(by_suffix, Ok)?;
    let width = output::width(args.output.as_deref());
    output::write_to(args.output.as_deref(), |out| Ok(render::schema(&tables, format, width, out)?))?;
    Ok(FINE)
}

/// JSON Schema of `.forge/usage.toml`, for editors. Each room tells of its own part.
fn policy() -> serde_json::Value {
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "forge-usage policy",
        "type": "object",
        "additionalProperties": false,
        "properties": { "budget": budget::schema(), "prices": price::schema(), "profiles": config::profiles_schema() },
    })
}
