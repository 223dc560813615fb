//! A table as a folder of parts by date, as Hive lays it out: `date=2026-11-20/part-0.parquet`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use anyhow::Context;
use chrono_tz::Tz;
use forge_usage::render::{self, DataFormat};
use forge_usage::table::schema::Column;
use forge_usage::table::{Cell, Rows, date};

use super::replace;

/// Where rows without a time go; the engines read it as a null.
const NO_DATE: &str = "__HIVE_DEFAULT_PARTITION__";

/// How the parts are cut and written.
pub(super) struct Parts<'a> {
    /// The table's columns.
    pub(super) columns: &'a [&'static Column],
    /// Where the column stands that dates a row.
    pub(super) date: usize,
    /// Where days are cut.
    pub(super) zone: Tz,
    pub(super) format: DataFormat,
}

impl Parts<'_> {
    /// Writes all of `rows` into the empty `folder`, synced.
    ///
    /// Rows come in the order of their time, so one part is open at a time.
    pub(super) fn write(&self, rows: Rows<'_>, folder: &Path) -> anyhow::Result<()> {
        let mut rows = rows.peekable();
        let mut parts: BTreeMap<String, usize> = BTreeMap::new();
        // A folder without any part would have no columns.
        while rows.peek().is_some() || parts.is_empty() {
            let date = rows.peek().map_or_else(|| NO_DATE.to_owned(), |row| self.date_of(row));
            let count = parts.entry(date.clone()).or_default();
            let part = std::iter::from_fn(|| rows.next_if(|row| self.date_of(row) == date));
            self.write_part(part, &folder.join(format!("date={date}")), *count)?;
            *count += 1;
        }
        parts.keys().for_each(|date| replace::sync_folder(&folder.join(format!("date={date}"))));
        Ok(())
    }

    fn write_part(&self, rows: impl Iterator<Item = Vec<Cell>>, folder: &Path, number: usize) -> anyhow::Result<()> {
        let path = folder.join(format!("part-{number}.{}", self.format.name()));
        let write = || -> anyhow::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = File::create_new(&path)?;
            render::rows(self.columns, rows, self.format, &mut file)?;
            Ok(file.sync_all()?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    fn date_of(&self, row: &[Cell]) -> String {
        let date = row.get(self.date).and_then(|cell| match cell {
            Cell::Time(time) => date(*time, self.zone),
            _ => None,
        });
        date.unwrap_or_else(|| NO_DATE.to_owned())
    }
}

/// Refuses a folder that holds anything but parts of an earlier partitioned export: all of it will be replaced.
pub(super) fn refuse_foreign(folder: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = folder.metadata() else { return Ok(()) };
    anyhow::ensure!(metadata.is_dir(), "{} is a file; a partitioned export is a folder", folder.display());
    for date in entries(folder)? {
        let is_part = name(&date).starts_with("date=") && date.is_dir();
        let mut inside = if is_part { entries(&date)? } else { vec![date] };
        inside.retain(|path| !is_part || !is_part_name(&name(path)) || !path.is_file());
        if let Some(foreign) = inside.first() {
            anyhow::bail!(
                "{} holds {}, which is no part of a partitioned export and would be lost: give a new folder",
                folder.display(),
                foreign.strip_prefix(folder).unwrap_or(foreign).display()
            );
        }
    }
    Ok(())
}

fn is_part_name(name: &str) -> bool {
    let number = name.strip_prefix("part-").and_then(|rest| rest.split_once('.'));
    number.is_some_and(|(number, suffix)| {
        number.parse::<u32>().is_ok() && DataFormat::ALL.iter().any(|format| format.name() == suffix)
    })
}

fn entries(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let read = || folder.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>();
    read().with_context(|| format!("cannot read {}", folder.display()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
