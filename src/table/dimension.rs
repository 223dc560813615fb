//! What reports are grouped and filtered by.

use std::borrow::Cow;
use std::fmt;

use chrono::{
    DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
};
use chrono_tz::Tz;
use globset::{GlobBuilder, GlobMatcher};

use super::columns::{Column, DIMENSIONS, TOOL_NAME};
use crate::error::{Error, Result, unknown};
use crate::event::{Billing, Id, Time};
use crate::fold::{Owner, Quality, RowView, Settled};

/// A column of [`DIMENSIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension(&'static Column);

/// An hour or a day as a clock and a calendar tell it, without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Cut {
    number: i64,
    /// The clock's, in seconds: it may show an hour twice.
    offset: i32,
}

/// Words that stand for a column's name.
const SHORT: [(&str, &str); 5] = [
    ("run", "run_id"),
    ("conversation", "conversation_id"),
    ("parent", "parent_conversation_id"),
    ("subagent", "is_subagent"),
    ("version", "harness_version"),
];

impl Dimension {
    /// Finds a dimension by its column name or a short word.
    pub fn from_name(name: &str) -> Result<Dimension> {
        let full = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, full)| full);
        let found = DIMENSIONS.iter().find(|column| column.name == full);
        found.map(Dimension).ok_or_else(|| {
            let known: Vec<&str> = DIMENSIONS.iter().map(|column| column.name).collect();
            unknown("dimension", name, &known)
        })
    }

    /// All words that [`Dimension::from_name`] takes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        DIMENSIONS.iter().map(|column| column.name).chain(SHORT.iter().map(|(short, _)| *short))
    }

    /// Finds a dimension of a latency report: any other one, or the tool.
    pub fn of_latency(name: &str) -> Result<Dimension> {
        if name == TOOL_NAME.name { Ok(Dimension(&TOOL_NAME)) } else { Dimension::from_name(name) }
    }

    /// Its column.
    pub fn column(self) -> &'static Column {
        self.0
    }

    /// All values that it can have; none for one whose values are names.
    fn words(self) -> Vec<&'static str> {
        match self.0.name {
            "quality" => Quality::ALL.map(Quality::name).to_vec(),
            "billing" => [Billing::Api, Billing::Subscription].map(Billing::name).to_vec(),
            "is_subagent" => vec!["true", "false"],
            _ => Vec::new(),
        }
    }

    fn short_name(self) -> &'static str {
        SHORT.iter().find(|(_, full)| *full == self.0.name).map_or(self.0.name, |(short, _)| short)
    }

    /// Whether it cuts time.
    pub fn is_time(self) -> bool {
        matches!(self.0.name, "hour" | "day" | "week" | "month")
    }

    /// Whether each record has a value, told or not: what tells none may be of any. Nothing belongs to every loop or
    /// profile.
    pub fn is_told_by_records(self) -> bool {
        self.is_time() || self.0.name == "model"
    }

    /// The first instant of the period that `value` names, and the first one after it. `None` for a value that
    /// names none, and for a dimension that doesn't cut time.
    pub fn span(self, value: &str, zone: Tz) -> Option<(Time, Time)> {
        let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let (first, next) = match self.0.name {
            "hour" => {
                return shown(DateTime::parse_from_str(value, "%Y-%m-%dT%H:%M%:z").ok()?, zone);
            }
            "day" => (date(value)?, date(value)?.checked_add_days(Days::new(1))?),
            "week" => (date(value)?, date(value)?.checked_add_days(Days::new(7))?),
            "month" => {
                let first = date(&format!("{value}-01"))?;
                (first, first.checked_add_months(Months::new(1))?)
            }
            _ => return None,
        };
        Some((start_of_day(first, zone)?, start_of_day(next, zone)?))
    }

    /// When the period that `value` names began. Periods go by it: names of hours don't sort as the hours came, where
    /// a clock is set back.
    pub(super) fn start(self, value: &str, zone: Tz) -> Option<Time> {
        self.span(value, zone).map(|(start, _)| start)
    }

    /// The latest of these periods, at most `count`.
    pub(super) fn latest<'t>(self, periods: impl Iterator<Item = &'t str>, count: usize, zone: Tz) -> Vec<&'t str> {
        let mut dated: Vec<_> = periods.map(|period| (self.start(period, zone), period)).collect();
        dated.sort_unstable();
        dated.into_iter().rev().take(count).map(|(_, period)| period).collect()
    }

    /// Which of its periods a time falls in, for one that cuts time: times with the same cut have the same value.
    /// `None` beyond the calendar.
    pub(super) fn cut(self, time: Time, zone: Tz) -> Option<Cut> {
        let utc = time.to_utc()?;
        let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
        let local = utc.timestamp() + i64::from(offset);
        Some(match self.0.name {
            "hour" => Cut { number: local.div_euclid(3600), offset },
            _ => Cut { number: local.div_euclid(86_400), offset: 0 },
        })
    }

    /// Its value for a row; `None` where the row has none.
    pub(super) fn value<'a>(
        self,
        settled: &'a Settled,
        row: &RowView<'a>,
        owner: &'a Owner,
        zone: Tz,
    ) -> Option<Cow<'a, str>> {
        let run = owner.run.as_ref();
        let conversation = || settled.conversation(row);
        let text = match self.0.name {
            "run_id" => run.map(|run| &*run.id),
            "conversation_id" => row.conversation.filter(|id| !id.is_anonymous()).map(Id::as_str),
            "loop" => owner.loop_name().map(Id::as_str),
            "parent_conversation_id" => conversation().and_then(|named| named.parent.as_deref()),
            "host" => owner.host.as_deref(),
            "repo" => repo(settled, row, owner),
            "branch" => branch(settled, row),
            "profile" => owner.profile().map(Id::as_str),
            "harness" => owner.harness.as_deref(),
            "harness_version" => conversation().and_then(|named| named.version.as_deref()),
            "model" => row.model.map(Id::as_str),
            "effort" => row.effort.map(Id::as_str),
            "service_tier" => row.service_tier.map(Id::as_str),
            "billing" => owner.billing.map(Billing::name),
            "is_subagent" => Some(if is_subagents(settled, row) { "true" } else { "false" }),
            "status" => run.and_then(|run| run.status.as_deref()),
            "quality" => Some(owner.quality.name()),
            "tool" => None,
            cut => return time_of(settled, row, owner).and_then(|time| period(cut, time, zone)).map(Cow::Owned),
        };
        text.map(Cow::Borrowed)
    }
}

/// The repository that forge's loop works in; else the folder that the conversation began in.
pub(super) fn repo<'a>(settled: &'a Settled, row: &RowView<'a>, owner: &'a Owner) -> Option<&'a str> {
    owner.repo().map(Id::as_str).or_else(|| settled.conversation(row)?.repo.as_deref())
}

/// The branch that was checked out at the call; else the one that the conversation began on.
pub(super) fn branch<'a>(settled: &'a Settled, row: &RowView<'a>) -> Option<&'a str> {
    row.branch.map(Id::as_str).or_else(|| settled.conversation(row)?.branch.as_deref())
}

/// Whether a sub-agent made the call, or held the whole conversation.
pub(super) fn is_subagents(settled: &Settled, row: &RowView<'_>) -> bool {
    row.is_subagent || settled.conversation(row).is_some_and(|named| named.is_subagent)
}

/// A row's own time; a row without any is dated by the start of its run, and one that tells no usage by that of its
/// conversation.
pub(super) fn time_of(settled: &Settled, row: &RowView<'_>, owner: &Owner) -> Option<Time> {
    let is_blank = || row.usage.is_none() && row.blended_tokens.is_none() && row.cost_reported.is_none();
    used_at(row, owner).or_else(|| settled.conversation(row).filter(|_| is_blank())?.began)
}

/// When a row's usage was used.
pub(super) fn used_at(row: &RowView<'_>, owner: &Owner) -> Option<Time> {
    row.time.or_else(|| owner.run.as_ref().and_then(|run| run.started_at))
}

/// The hour, day, week or month a time falls in, as the user's clock and calendar cut it.
fn period(cut: &str, time: Time, zone: Tz) -> Option<String> {
    let local = time.to_utc()?.with_timezone(&zone);
    Some(match cut {
        // The offset tells the two hours apart that a clock set back repeats.
        "hour" => local.format("%Y-%m-%dT%H:00%:z").to_string(),
        "day" => local.format("%Y-%m-%d").to_string(),
        "week" => monday(&local)?.format("%Y-%m-%d").to_string(),
        _ => local.format("%Y-%m").to_string(),
    })
}

/// The part of an hour in which the zone's clock shows it, to the minute: some clocks are set within an hour.
fn shown(hour: DateTime<FixedOffset>, zone: Tz) -> Option<(Time, Time)> {
    let at = |minute: i64| hour.naive_utc().checked_add_signed(TimeDelta::minutes(minute));
    let offset_at = |at: NaiveDateTime| zone.offset_from_utc_datetime(&at).fix();
    let is_shown = |minute: &i64| at(*minute).is_some_and(|at| offset_at(at) == *hour.offset());
    let first = (0..60).find(is_shown).unwrap_or(0);
    let last = (0..60).rev().find(is_shown).unwrap_or(59);
    let time = |at: NaiveDateTime| Time::from_micros(at.and_utc().timestamp_micros());
    Some((time(at(first)?), time(at(last + 1)?)))
}

fn monday(local: &DateTime<Tz>) -> Option<chrono::NaiveDate> {
    local.date_naive().checked_sub_days(Days::new(u64::from(local.weekday().num_days_from_monday())))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.dimension.0.name, self.text)
    }
}

/// The first instant of a day. Where midnight is skipped, the day starts when the gap ends; where
/// it comes twice, with the first.
pub fn start_of_day(date: NaiveDate, zone: Tz) -> Option<Time> {
    let midnight = date.and_time(NaiveTime::MIN);
    // Gaps are at most a day long (Samoa left one out), and end on a quarter of an hour.
    let quarters = (0..=96).map(|quarter| midnight.checked_add_signed(TimeDelta::minutes(15 * quarter)));
    let first = quarters.flatten().find_map(|local| zone.from_local_datetime(&local).earliest())?;
    Some(Time::from_micros(first.timestamp_micros()))
}

/// `KEY=GLOB`: keeps rows whose dimension matches. An empty glob matches a missing value; for ids a
/// prefix is enough.
#[derive(Debug, Clone)]
pub struct Filter {
    pub(super) dimension: Dimension,
    text: String,
    glob: Option<GlobMatcher>,
}

impl Filter {
    /// Reads `KEY=GLOB`.
    pub fn parse(text: &str) -> Result<Filter> {
        Filter::of(text, Dimension::from_name)
    }

    /// The same for a latency report, where a tool is a key too.
    pub fn of_latency(text: &str) -> Result<Filter> {
        Filter::of(text, Dimension::of_latency)
    }

    fn of(text: &str, named: fn(&str) -> Result<Dimension>) -> Result<Filter> {
        let (key, glob) = text
            .split_once('=')
            .ok_or_else(|| Error::invalid(format!("{text:?} is no KEY=GLOB, such as model=gpt-*")))?;
        Filter::new(named(key.trim())?, glob.trim())
    }

    /// Keeps rows whose `dimension` matches `glob`.
    pub fn new(dimension: Dimension, glob: &str) -> Result<Filter> {
        let text = glob.to_owned();
        if glob.is_empty() {
            return Ok(Filter { dimension, text, glob: None });
        }
        let is_prefix = dimension.0.name.ends_with("_id") && !glob.contains(['*', '?', '[', '{']);
        let glob = if is_prefix { format!("{glob}*") } else { glob.to_owned() };
        let compiled = GlobBuilder::new(&glob).literal_separator(false).backslash_escape(true).build();
        let bad = |cause: globset::Error| Error::invalid(format!("bad glob {text:?}: {}", cause.kind()));
        let matcher = compiled.map_err(bad)?.compile_matcher();
        let words = dimension.words();
        if !words.is_empty() && !words.iter().any(|word| matcher.is_match(word)) {
            return Err(unknown(dimension.short_name(), &text, &words));
        }
        Ok(Filter { dimension, text, glob: Some(matcher) })
    }

    /// The dimension it looks at.
    pub fn dimension(&self) -> Dimension {
        self.dimension
    }

    pub(super) fn matches(&self, value: Option<&str>) -> bool {
        match (&self.glob, value) {
            (Some(glob), Some(value)) => glob.is_match(value),
            (None, value) => value.is_none_or(str::is_empty),
            (Some(_), None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::Dimension;

    #[test]
    fn hours_go_by_the_clock_that_shows_them() {
        let hour = Dimension::from_name("hour").unwrap();
        // St John's once set its clock back at a minute past midnight, to a minute past eleven.
        let zone: Tz = "America/St_Johns".parse().unwrap();
        let (midnight, eleven) = ("2006-10-29T00:00-02:30", "2006-10-28T23:00-03:30");
        assert_eq!(hour.latest([midnight, eleven].into_iter(), 1, zone), [eleven]);
        assert_eq!(hour.latest([eleven, midnight].into_iter(), 2, zone), [eleven, midnight]);
        let minutes = |value| hour.span(value, zone).map(|(start, end)| end.millis_since(start) / 60_000);
        assert_eq!([midnight, eleven, "2006-10-28T23:00-02:30"].map(minutes), [Some(1), Some(59), Some(60)]);
    }
}
