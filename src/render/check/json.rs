//! JSON of a verdict. Keys are column names, numbers are whole and exact, a blank is `null`.

use std::io::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::event::{Time, Usd};
use crate::render::json::{self, Reading, Value, Warned};
use crate::table::Cell;
use crate::table::schema::{Kind, SCHEMA_VERSION};
use crate::table::verdict::{Before, Contributor, Judged, Pace, Standing, State, Verdict};

/// Writes the verdict as one object.
pub(super) fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    json::write(&Document(verdict), out)
}

struct Document<'a>(&'a Verdict);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let verdict = self.0;
        let time = |time: Option<Time>| Whole(Cell::time(time));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry("state", verdict.state().name())?;
        map.serialize_entry("exit_code", &verdict.exit_code)?;
        let counts = State::ALL.map(|state| (state.name(), verdict.count(state)));
        map.serialize_entry("groups_by_state", &Pairs(&counts))?;
        map.serialize_entry("policy", &verdict.policy.path)?;
        map.serialize_entry("policy_commit", &verdict.policy.commit)?;
        map.serialize_entry("policy_changed", &verdict.policy.is_changed)?;
        map.serialize_entry("baseline", &verdict.policy.baseline)?;
        map.serialize_entry("price_book", &verdict.price_book)?;
        map.serialize_entry("since", &time(verdict.window.since))?;
        map.serialize_entry("until", &time(verdict.window.until))?;
        map.serialize_entry("tz", verdict.window.zone.name())?;
        map.serialize_entry("cost_usd", &usd(verdict.cost))?;
        map.serialize_entry("cost_low_usd", &usd(verdict.cost_low))?;
        map.serialize_entry("complete", &verdict.is_complete)?;
        let limits: Vec<Limit> = verdict.limits.iter().map(Limit).collect();
        map.serialize_entry("limits", &limits)?;
        map.serialize_entry("sources", &Reading(&verdict.sources))?;
        let warnings: Vec<Warned> = verdict.warnings.iter().map(Warned).collect();
        map.serialize_entry("warnings", &warnings)?;
        map.end()
    }
}

/// A value of our own making.
struct Whole(Cell);

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value(&self.0).serialize(serializer)
    }
}

struct Pairs<'a>(&'a [(&'static str, usize)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

struct Limit<'a>(&'a Judged);

impl Serialize for Limit<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let limit = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("budget", &limit.budget)?;
        map.serialize_entry("measure", limit.measure)?;
        map.serialize_entry("per", &limit.per)?;
        map.serialize_entry("where", &limit.filters)?;
        map.serialize_entry("severity", limit.severity)?;
        map.serialize_entry("max_unknown", &ratio(limit.max_unknown.into(), 1_000_000))?;
        map.serialize_entry("on_unknown", limit.on_unknown)?;
        map.serialize_entry("state", limit.state().name())?;
        let groups: Vec<Group> = limit.groups.iter().map(|group| Group(limit, group)).collect();
        map.serialize_entry("groups", &groups)?;
        map.end()
    }
}

struct Group<'a>(&'a Judged, &'a Standing);

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Group(limit, group) = self;
        let value = |value: Option<i64>| Whole(value.map_or(Cell::Blank, |value| cell(limit.kind, value)));
        let mut map = serializer.serialize_map(None)?;
        for (dimension, value) in group.key.iter() {
            map.serialize_entry(dimension, value)?;
        }
        map.serialize_entry("state", group.state.name())?;
        map.serialize_entry("fails", &group.fails)?;
        map.serialize_entry("used", &value(group.used))?;
        map.serialize_entry("is_floor", &group.is_floor)?;
        map.serialize_entry("at_most", &value(group.at_most))?;
        map.serialize_entry("limit", &value(group.limit))?;
        map.serialize_entry(
            "share",
            &group.used.zip(group.limit).and_then(|(used, limit)| ratio(used.into(), limit.into())),
        )?;
        map.serialize_entry("runs", &group.runs)?;
        map.serialize_entry("unknown_runs", &group.unknown_runs)?;
        map.serialize_entry("unplaced_runs", &group.lacks.unplaced_runs)?;
        map.serialize_entry("unplaced", &value(group.lacks.unplaced))?;
        let contributors: Vec<Part> = group.contributors.iter().map(|part| Part(limit.kind, part)).collect();
        map.serialize_entry("contributors", &contributors)?;
        map.serialize_entry("pace", &group.pace.as_deref().map(|pace| Rate(limit.kind, *pace)))?;
        if let Some(before) = group.before {
            let (word, median) = match before {
                Before::Median(median) => ("both", median),
                Before::New => ("new", None),
                Before::Vanished => ("vanished", None),
            };
            map.serialize_entry("in_baseline", word)?;
            map.serialize_entry("baseline_median", &value(median))?;
        }
        map.end()
    }
}

struct Part<'a>(Kind, &'a Contributor);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Part(kind, part) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(part.dimension, &part.name)?;
        map.serialize_entry("used", &Whole(cell(*kind, part.used)))?;
        map.serialize_entry("is_floor", &part.is_floor)?;
        map.end()
    }
}

struct Rate(Kind, Pace);

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rate(kind, pace) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("elapsed_ms", &pace.elapsed_ms)?;
        map.serialize_entry("burn_per_hour", &Whole(rate(*kind, pace.millionths_per_hour)))?;
        map.serialize_entry("projected", &Whole(pace.projected.map_or(Cell::Blank, |value| cell(*kind, value))))?;
        map.serialize_entry("limit_at", &Whole(Cell::time(pace.limit_at)))?;
        map.end()
    }
}

fn cell(kind: Kind, value: i64) -> Cell {
    match kind {
        Kind::Usd => Cell::Usd(Usd::from_pico(value)),
        _ => Cell::Integer(value),
    }
}

/// What an hour has. Counts are small: theirs may be less than one.
fn rate(kind: Kind, millionths: i128) -> Cell {
    match kind {
        Kind::Count => Cell::Number(millionths as f64 / 1e6),
        _ => i64::try_from(millionths / 1_000_000).map_or(Cell::Blank, |whole| cell(kind, whole)),
    }
}

fn usd(value: Option<Usd>) -> Whole {
    Whole(Cell::usd(value))
}

/// A proportion to the millionth, rounded down; `None` of nothing.
fn ratio(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| (part * 1_000_000 / whole) as f64 / 1e6)
}
