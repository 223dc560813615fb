//! SQLite databases, which other programs may be writing: read only, within bounds, and not to be trusted.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use crate::error::{Error, ErrorKind, Result};

/// What every database begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// The longest value that is read.
const LONGEST: i32 = 16 * 1024 * 1024;

/// How long a writer may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a file that begins with these bytes is a database.
pub fn is_database(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Takes a row: its number and its values.
type TakeNumbered<'a> = dyn FnMut(i64, &[Option<String>]) -> ControlFlow<()> + 'a;

/// An open database.
pub struct Database(Connection);

impl Database {
    /// Opens a file for reading. Where its log can't be shared, as in a folder that nobody may write, what the
    /// file itself holds is read.
    pub fn open(path: &Path) -> Result<Database> {
        let database = match Database::open_as(path, "mode=ro") {
            Ok(database) if database.is_readable() => Ok(database),
            _ => Database::open_as(path, "mode=ro&immutable=1"),
        };
        database.map_err(refused)
    }

    fn open_as(path: &Path, how: &str) -> rusqlite::Result<Database> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(format!("file:{}?{how}", escaped(path)), flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
        connection.execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA cache_size = -2000; PRAGMA query_only = ON;",
        )?;
        Ok(Database(connection))
    }

    fn is_readable(&self) -> bool {
        self.count("SELECT count(*) FROM sqlite_schema WHERE name <> ?1", [""]).is_some()
    }

    /// Whether there is a plain table of this name with these columns. A view could run for ever.
    pub fn has_table(&self, name: &str, columns: &[&str]) -> bool {
        let tables =
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND sql LIKE 'CREATE TABLE%'";
        let named = "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2";
        let has = |column: &&str| self.count(named, [name, column]) == Some(1);
        self.count(tables, [name]) == Some(1) && columns.iter().all(has)
    }

    fn count<const N: usize>(&self, query: &str, values: [&str; N]) -> Option<i64> {
        self.0.query_row(query, rusqlite::params_from_iter(values), |row| row.get(0)).ok()
    }

    /// Hands the rows of a table on, one at a time: the texts and whole numbers in these columns. With a column and a
    /// value, those that hold it.
    pub fn rows(
        &self,
        table: &str,
        columns: &[&str],
        with: Option<(&str, &str)>,
        take: &mut dyn FnMut(&[Option<String>]) -> ControlFlow<()>,
    ) -> Result<()> {
        let of = with.map(|(column, _)| format!(" WHERE {} = ?1", quoted(column))).unwrap_or_default();
        let query = format!("SELECT {} FROM {}{of}", list(columns), quoted(table));
        self.each(&query, with.map(|(_, value)| value), &mut |row| take(&values(row, 0, columns.len())))
    }

    /// The same in the order in which they were written, from behind row `after`: those whose column `only.0` begins
    /// with one of `only.1`. Each comes with its number. Fails for a table whose rows have no number.
    pub fn rows_behind(
        &self,
        after: i64,
        table: &str,
        columns: &[&str],
        only: (&str, &[&str]),
        take: &mut TakeNumbered<'_>,
    ) -> Result<()> {
        let begins: Vec<String> = (2..only.1.len() + 2)
            .map(|place| format!("substr({}, 1, length(?{place})) = ?{place}", quoted(only.0)))
            .collect();
        let query = format!(
            "SELECT rowid, {} FROM {} WHERE rowid > ?1 AND ({}) ORDER BY rowid",
            list(columns),
            quoted(table),
            begins.join(" OR ")
        );
        let after = after.to_string();
        let bound: Vec<&str> = std::iter::once(after.as_str()).chain(only.1.iter().copied()).collect();
        self.each(&query, bound, &mut |row| match row.get(0) {
            Ok(number) => take(number, &values(row, 1, columns.len())),
            Err(_) => ControlFlow::Continue(()),
        })
    }

    fn each<'v>(
        &self,
        query: &str,
        bound: impl IntoIterator<Item = &'v str>,
        take: &mut dyn FnMut(&Row<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut statement = self.0.prepare(query).map_err(refused)?;
        let mut rows = statement.query(rusqlite::params_from_iter(bound)).map_err(refused)?;
        while let Some(row) = rows.next().map_err(refused)? {
            if take(row).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list(columns: &[&str]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

fn values(row: &Row<'_>, first: usize, count: usize) -> Vec<Option<String>> {
    let value = |index| match row.get_ref(index) {
        Ok(ValueRef::Text(text)) => Some(String::from_utf8_lossy(text).into_owned()),
        Ok(ValueRef::Integer(number)) => Some(number.to_string()),
        _ => None,
    };
    (first..first + count).map(value).collect()
}

fn refused(cause: rusqlite::Error) -> Error {
    Error::new(ErrorKind::Io, "cannot read the database").caused_by(cause)
}

/// The path as it stands in a URI.
fn escaped(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let escape = |c: char| match c {
        '?' | '#' | '%' => format!("%{:02x}", u32::from(c)),
        '\\' if cfg!(windows) => "/".to_owned(),
        c => c.to_string(),
    };
    let path: String = path.to_string_lossy().chars().map(escape).collect();
    if path.starts_with('/') { path } else { format!("/{path}") }
}
