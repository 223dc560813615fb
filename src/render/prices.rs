//! Prices, as people see them: of one name, with what they rest on, or a list.

use std::io::Write;

use super::format::{Format, Style};
use super::plain::table;
use super::written::written;
use super::{escape, text};
use crate::error::Result;
use crate::table::{OF_A_NAME, PriceOrigin, PriceSubject, Table};

/// Columns of the screen of a list. That of one name says the first two in its head lines.
pub(super) const SCREEN: [&str; 10] = [
    "model",
    "provider",
    "from",
    "tier",
    "above_tokens",
    "input_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_5m_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
    "output_usd_per_mtok",
];

/// Writes a table of [`crate::table::prices`], and for people what it is about: of one name above it, of a list below.
///
/// Fails if a column that people see is missing, or if the output can't be written.
pub fn prices(rows: &Table, subject: &PriceSubject, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    match (format, subject) {
        (Format::Table, PriceSubject::Name(origin)) => {
            if style.notes {
                written(out, |out| {
                    head(origin).iter().try_for_each(|line| writeln!(out, "{}", escape::terminal(line)))?;
                    writeln!(out)
                })?;
            }
            table(&rows.only(&SCREEN[2..])?, format, style, out)
        }
        (Format::Table, PriceSubject::List { day, has_users }) => {
            table(&rows.only(&SCREEN)?, format, style, out)?;
            let own = if *has_users { ", and your own" } else { "" };
            let note = format!("Dollars for a million tokens; list prices of {day}{own}.");
            written(out, |out| text::below(if style.notes { std::slice::from_ref(&note) } else { &[] }, out))
        }
        (_, PriceSubject::Name(_)) => table(rows, format, style, out),
        (_, PriceSubject::List { .. }) => {
            let names = rows.columns().iter().map(|column| column.name).filter(|name| !OF_A_NAME.contains(name));
            table(&rows.only(&names.collect::<Vec<_>>())?, format, style, out)
        }
    }
}

fn head(origin: &PriceOrigin) -> Vec<String> {
    let PriceOrigin { asked, model, provider, why, book } = origin;
    let mut head = vec![format!("{asked}: the prices of {model} ({provider}): {}", why.join("; "))];
    let Some(book) = book else {
        head.push("Some or all of it from your usage.toml; dollars for a million tokens.".to_owned());
        return head;
    };
    let latest = book.latest;
    head.push(format!("{}, {}; list prices of {latest}; dollars for a million tokens.", book.source, book.licence));
    let gone = if book.last_seen < latest {
        format!(" Last seen {}: its last prices are kept.", book.last_seen)
    } else {
        String::new()
    };
    head.push(format!("First known {}; what it cost then also holds before.{gone}", book.first_seen));
    head
}
