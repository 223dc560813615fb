//! Where the numbers of one run or conversation come from, as text and as JSON.

use std::io::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::figure::Figure;
use super::format::Style;
use super::row::Row;
use super::screen::{Heading, Screen};
use super::{dimension, escape, exact, fit, json, notes, number, reckoning, text};
use crate::table::explain::{Explained, Explanation, Ground};
use crate::table::schema::SCHEMA_VERSION;
use crate::table::{Cell, Table};

/// Draws the explanation for people.
pub(super) fn text(explanation: &Explanation, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let subject = &explanation.subject;
    let about = match &explanation.owners[..] {
        [] => vec!["left no usage of its own".to_owned()],
        [owner] => details(&owner.row),
        owners => vec![dimension::number_of(owners.len(), "run")],
    };
    let head: Vec<String> = std::iter::once(format!("{} {}", subject.kind.name(), subject.id)).chain(about).collect();
    line(&head.join(" · "), out)?;
    for owner in &explanation.owners {
        writeln!(out)?;
        if explanation.owners.len() > 1 {
            let run = Row::new(&owner.row, 0).text("run_id").unwrap_or_default();
            let head: Vec<String> = std::iter::once(format!("in run {run}")).chain(details(&owner.row)).collect();
            line(&head.join(" · "), out)?;
        }
        self::owner(owner, style, out)?;
    }
    if explanation.witnesses.height() > 0 {
        writeln!(out)?;
        let screen = witnesses(&explanation.witnesses, style.width).escaped(escape::terminal);
        text::draw(&screen, style.color, out)?;
    }
    text::below(&if style.notes { notes::warnings(&explanation.warnings) } else { Vec::new() }, out)
}

fn line(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", escape::terminal(text))
}

/// What a run's row says beside its usage.
fn details(row: &Table) -> Vec<String> {
    let row = Row::new(row, 0);
    let names = ["loop", "profile", "harness", "models", "status"].map(|name| row.text(name));
    let instant = |name| match row.cell(name) {
        Cell::Time(time) => exact::instant(time),
        _ => None,
    };
    let started = instant("started_at").map(|start| match instant("finished_at") {
        Some(end) => format!("{start} – {end}"),
        None => format!("from {start}"),
    });
    let took = row.integer("duration_ms").map(number::duration);
    names.into_iter().chain([started, took]).flatten().collect()
}

fn owner(owner: &Explained, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let row = Row::new(&owner.row, 0);
    let quality = row.text("quality").unwrap_or_default();
    let grounds: Vec<&str> = owner.grounds.iter().map(|ground| ground.meaning).collect();
    line(&format!("Usage is {quality}: {}.", grounds.join("; ")), out)?;
    let taken = row.text("source").map(|source| format!("Taken from: {source}."));
    let reconciled = row.text("reconciled").map(|reconciled| match reconciled.as_str() {
        "ok" => "Its witnesses agree.",
        "mismatch" => "Its witnesses contradict each other.",
        _ => "It is the only witness.",
    });
    let sentences: Vec<String> = taken.into_iter().chain(reconciled.map(str::to_owned)).collect();
    if !sentences.is_empty() {
        line(&sentences.join(" "), out)?;
    }
    for sentence in reckoning::sentences(owner).into_iter().chain(reckoning::of_hour_writes(owner)) {
        line(&sentence, out)?;
    }
    let remedies: Vec<&str> = owner.grounds.iter().filter_map(|ground| ground.remedy).collect();
    for remedy in &remedies {
        line(&format!("More would be known from {remedy}."), out)?;
    }
    if owner.parts.height() > 0 {
        writeln!(out)?;
        let mut screen = parts(owner).escaped(escape::terminal);
        fit_to(&mut screen, style.width, &["CONVERSATION", "REASONING", "TOTAL", "WRITTEN", "BLENDED"]);
        text::draw(&screen, style.color, out)?;
    }
    Ok(())
}

/// Token columns of a screen: what stands above, and the column of the table.
const TOKENS: [(&str, &str); 7] = [
    ("INPUT", "input_tokens"),
    ("CACHED", "cache_read_input_tokens"),
    ("WRITTEN", "cache_creation_input_tokens"),
    ("OUTPUT", "output_tokens"),
    ("REASONING", "reasoning_output_tokens"),
    ("TOTAL", "total_tokens"),
    ("BLENDED", "blended_tokens"),
];

fn parts(owner: &Explained) -> Screen {
    let table = &owner.parts;
    let mut columns = vec![
        names("CONVERSATION", table, "conversation_id"),
        names("MODEL", table, "model"),
        names("PART", table, "part"),
        counts("CALLS", table, "calls"),
    ];
    columns.extend(TOKENS.iter().map(|(title, name)| counts(title, table, name)));
    let mut screen = screen(columns, table.height());
    if table.height() > 1 {
        let row = Row::new(&owner.row, 0);
        let sums = screen.headings.iter().map(|heading| {
            let name = TOKENS.iter().find(|(title, _)| *title == heading.title).map(|(_, name)| *name);
            name.map_or_else(|| Figure::plain(""), |name| Figure::known(row.integer(name).map(number::count)))
        });
        screen.totals = Some(sums.collect());
    }
    screen
}

fn witnesses(table: &Table, width: Option<usize>) -> Screen {
    let times = (0..table.height()).map(|row| match table.get(row, "time") {
        Cell::Time(time) => exact::instant(time),
        _ => None,
    });
    let places = (0..table.height()).map(|row| {
        let row = Row::new(table, row);
        let path = row.text("source").unwrap_or_default();
        let file = path.rsplit(['/', '\\']).next().unwrap_or(&path).to_owned();
        Some(format!("{file}:{}", row.count("offset")))
    });
    let mut columns = vec![
        ("TIME", false, times.collect()),
        names("WITNESS", table, "kind"),
        names("CONVERSATION", table, "conversation_id"),
        names("MODEL", table, "model"),
    ];
    columns.extend(TOKENS.iter().map(|(title, name)| counts(title, table, name)));
    columns.push(("SOURCE:OFFSET", false, places.collect()));
    columns.push(names("VERDICT", table, "verdict"));
    let mut screen = screen(columns, table.height());
    let mut order =
        vec!["MODEL", "REASONING", "TOTAL", "WRITTEN", "CONVERSATION", "CACHED", "BLENDED", "SOURCE:OFFSET", "TIME"];
    if (0..table.height()).any(|row| Row::new(table, row).text("kind").as_deref() == Some("footer")) {
        // It is all that a footer tells.
        order.retain(|title| *title != "BLENDED");
        order.push("BLENDED");
    }
    fit_to(&mut screen, width, &order);
    screen
}

/// A column: what stands above, whether it holds numbers, its cells.
type Column = (&'static str, bool, Vec<Option<String>>);

fn names(title: &'static str, table: &Table, name: &str) -> Column {
    let cell = |row| Row::new(table, row).text(name);
    let shown = (0..table.height()).map(|row| match name {
        "conversation_id" => cell(row).map(|id| dimension::short_id(&id).to_owned()),
        _ => cell(row),
    });
    (title, false, shown.collect())
}

fn counts(title: &'static str, table: &Table, name: &str) -> Column {
    (title, true, (0..table.height()).map(|row| Row::new(table, row).integer(name).map(number::count)).collect())
}

/// The columns that tell something.
fn screen(columns: Vec<Column>, height: usize) -> Screen {
    let mut columns: Vec<Column> = columns
        .into_iter()
        .filter(|(.., cells)| cells.iter().any(|cell| cell.as_deref() != Some("0") && cell.is_some()))
        .collect();
    let headings = columns.iter().map(|(title, is_number, _)| Heading {
        title: (*title).to_owned(),
        worth: None,
        is_number: *is_number,
    });
    let headings = headings.collect();
    let row = |index: usize| {
        columns.iter_mut().map(|(.., cells)| Figure::known(cells.get_mut(index).and_then(Option::take))).collect()
    };
    Screen { headings, rows: (0..height).map(row).collect(), totals: None, left_out: None }
}

/// Leaves out the columns of `order` that have no room; the last of them gets it first.
fn fit_to(screen: &mut Screen, width: Option<usize>, order: &[&str]) {
    let Some(width) = width else { return };
    let columns = screen.headings.iter().zip(fit::widths(screen));
    let (optional, fixed): (Vec<_>, Vec<_>) = columns.partition(|(heading, _)| order.contains(&&*heading.title));
    let mut kept: Vec<usize> = fixed.into_iter().map(|(_, width)| width).collect();
    let mut left_out = Vec::new();
    for title in order.iter().rev() {
        let Some((_, needed)) = optional.iter().find(|(heading, _)| heading.title == *title) else { continue };
        kept.push(*needed);
        if fit::line(&kept) > width {
            kept.pop();
            left_out.push(*title);
        }
    }
    for title in left_out {
        if let Some(column) = screen.headings.iter().position(|heading| heading.title == title) {
            fit::remove(screen, column);
        }
    }
}

/// Writes the explanation for programs.
pub(super) fn json(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    json::write(&Document(explanation), out)
}

struct Document<'a>(&'a Explanation);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let owners: Vec<Owner> = self.0.owners.iter().map(Owner).collect();
        let warnings: Vec<json::Warned> = self.0.warnings.iter().map(json::Warned).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry("kind", self.0.subject.kind.name())?;
        map.serialize_entry("id", &self.0.subject.id)?;
        map.serialize_entry("owners", &owners)?;
        map.serialize_entry("witnesses", &json::Rows(&self.0.witnesses))?;
        map.serialize_entry("warnings", &warnings)?;
        map.end()
    }
}

struct Owner<'a>(&'a Explained);

impl Serialize for Owner<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let grounds: Vec<Reason> = self.0.grounds.iter().map(Reason).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("run", &json::Row { columns: self.0.row.columns(), cells: self.0.row.row(0) })?;
        let difference = reckoning::difference(&Row::new(&self.0.row, 0));
        map.serialize_entry("cost_difference_usd", &json::Value(&Cell::usd(difference)))?;
        let without = Cell::usd(self.0.cost_without_hour_writes);
        map.serialize_entry("cost_without_hour_writes_usd", &json::Value(&without))?;
        map.serialize_entry("reasons", &grounds)?;
        map.serialize_entry("parts", &json::Rows(&self.0.parts))?;
        map.end()
    }
}

struct Reason<'a>(&'a Ground);

impl Serialize for Reason<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.0.code)?;
        map.serialize_entry("message", self.0.meaning)?;
        map.serialize_entry("remedy", &self.0.remedy)?;
        map.end()
    }
}
