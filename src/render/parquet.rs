//! Parquet, compressed with zstd, a row group at a time: types that Spark, DuckDB, DataFusion, pandas and polars read
//! alike.

use std::io::{self, Write};

use polars::prelude::{BatchedWriter, CompatLevel, KeyValueMetadata, ParquetWriter, PolarsError, SchemaExt};
use polars_parquet::write::schema_to_metadata_key;

use crate::table::schema::Column;
use crate::table::{Builder, Cell};

/// Rows of a row group. All of them are in memory at once.
const ROW_GROUP: usize = 16 * 1024;

/// Writes all of `rows`.
pub(super) fn rows(
    columns: &[&'static Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = Noting { out, failure: None };
    let written = groups(columns, rows, &mut out);
    // Polars keeps no more than the text of what went wrong.
    let failure = out.failure.take();
    written.map_err(|cause| failure.unwrap_or_else(|| io::Error::other(cause.to_string())))
}

fn groups(
    columns: &[&'static Column],
    mut rows: impl Iterator<Item = Vec<Cell>>,
    out: &mut Noting<'_>,
) -> Result<(), PolarsError> {
    let mut writer: Option<BatchedWriter<&mut Noting<'_>>> = None;
    let mut out = Some(out);
    loop {
        let mut group = Builder::new(columns.to_vec());
        let count = rows.by_ref().take(ROW_GROUP).map(|row| group.push(row)).count();
        let frame = group.finish().and_then(|table| table.into_public_frame()).map_err(refused)?;
        if let Some(out) = out.take() {
            // Polars would say that text is kept as views, which pyarrow and pandas can read but not compare.
            let schema = schema_to_metadata_key(&frame.schema().to_arrow(CompatLevel::oldest()));
            let parquet = ParquetWriter::new(out).set_parallel(false);
            let parquet = parquet.with_key_value_metadata(Some(KeyValueMetadata::Static(vec![schema])));
            writer = Some(parquet.batched(frame.schema())?);
        }
        let Some(writer) = &mut writer else { return Ok(()) };
        if count > 0 {
            writer.write_batch(&frame)?;
        }
        if count < ROW_GROUP {
            return writer.finish().map(|_| ());
        }
    }
}

fn refused(cause: crate::error::Error) -> PolarsError {
    PolarsError::ComputeError(cause.to_string().into())
}

/// Notes why writing failed.
struct Noting<'a> {
    out: &'a mut dyn Write,
    failure: Option<io::Error>,
}

impl Noting<'_> {
    fn noted<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|cause| {
            let told = io::Error::new(cause.kind(), cause.to_string());
            self.failure.get_or_insert(cause);
            told
        })
    }
}

impl Write for Noting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.noted(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.noted(result)
    }
}
