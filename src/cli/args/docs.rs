//! Flags of the commands that tell of the program itself.

use std::path::PathBuf;

use clap::Args;
use forge_usage::render::SchemaFormat;
use forge_usage::table::schema;

use super::words::{Words, one_of};

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    /// Table, or policy [default: all tables]
    #[arg(value_name = "TABLE", value_parser = TABLES)]
    pub(in crate::cli) table: Option<String>,

    /// Format of the result [default: by the suffix of -o FILE, else text]
    #[arg(long, value_parser = FORMATS, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<SchemaFormat>,

    /// File to write to; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

const FORMATS: Words<SchemaFormat> = Words {
    known: || {
        let means = |format| match format {
            SchemaFormat::Text => "Aligned columns",
            SchemaFormat::Markdown => "A table of Markdown",
            SchemaFormat::JsonSchema => "JSON Schema of a row, as JSON and JSON Lines write it",
        };
        SchemaFormat::ALL.map(|format| (format.name(), means(format))).to_vec()
    },
    read: SchemaFormat::from_name,
};

/// What stands for the user's file among the tables.
pub(in crate::cli) const POLICY: &str = "policy";

const TABLES: Words<String> = Words {
    known: tables,
    read: |name| one_of("table", name, &tables().iter().map(|(name, _)| *name).collect::<Vec<_>>()),
};

fn tables() -> Vec<(&'static str, &'static str)> {
    let tables = schema::all().into_iter().map(|table| (table.name, table.about));
    tables.chain([(POLICY, "the user's file, .forge/usage.toml: a JSON Schema")]).collect()
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// Shell to write them for
    #[arg(value_enum, value_name = "SHELL")]
    pub(in crate::cli) shell: clap_complete::Shell,

    /// File to write to; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ManArgs {
    /// Command to print the page of [default: the program's]
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) command: Option<String>,

    /// Folder to write all pages to, or that of COMMAND
    #[arg(short, long, value_name = "DIR")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Print tables of all flags and environment variables instead, as Markdown
    #[arg(long, conflicts_with_all = ["command", "output"])]
    pub(in crate::cli) markdown: bool,
}
