//! What the arguments ask for: times, zones, dimensions.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use forge_usage::error::{Error, Result};
use forge_usage::event::Time;
use forge_usage::table::{Dimension, Filter, Query, Sort, start_of_day};

use super::args::{SelectArgs, TableArgs};
use super::zone;

/// The query of a report.
pub(super) fn of_report(args: &TableArgs, fixed: Option<&str>, now: Time) -> Result<Query> {
    let query = selection(&args.select, now)?;
    let sort = args.sort.as_deref().map(Sort::parse).transpose()?;
    grouped(args, fixed, Query { sort, ..query }, Dimension::from_name)
}

/// The query of a latency report, which knows tools too.
pub(super) fn of_latency(args: &TableArgs, now: Time) -> Result<Query> {
    let query = selected(&args.select, now, Filter::of_latency)?;
    let sort = args.sort.as_deref().map(Sort::of_latency).transpose()?;
    grouped(args, None, Query { sort, ..query }, Dimension::of_latency)
}

fn grouped(
    args: &TableArgs,
    fixed: Option<&str>,
    mut query: Query,
    named: fn(&str) -> Result<Dimension>,
) -> Result<Query> {
    let names = fixed.into_iter().chain(args.by.iter().map(|name| name.trim()));
    let mut by: Vec<Dimension> = Vec::new();
    for name in names {
        let dimension = named(name)?;
        if !by.contains(&dimension) {
            by.push(dimension);
        }
    }
    query.last = args.last.map(|last| last.get() as usize);
    // What rows are by unless told, only the input says.
    query.by = Some(by).filter(|by| !by.is_empty());
    query.by.iter().try_for_each(|by| query.check_last(by))?;
    query.limit = args.limit.map(|limit| limit.get());
    Ok(query)
}

/// The query of a whole table.
pub(super) fn selection(args: &SelectArgs, now: Time) -> Result<Query> {
    selected(args, now, Filter::parse)
}

fn selected(args: &SelectArgs, now: Time, filter: fn(&str) -> Result<Filter>) -> Result<Query> {
    let zone = zone::asked_for(args.tz.as_deref())?;
    let filters = args.filters.iter().map(|text| filter(text)).collect::<Result<_>>()?;
    let since = args.since.as_deref().map(|text| point("--since", text, zone, now).map(|(from, _)| from));
    let until = args.until.as_deref().map(|text| point("--until", text, zone, now).map(|(_, past)| past));
    let (since, until) = (since.transpose()?, until.transpose()?);
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(Error::invalid("--since is not before --until"));
    }
    Ok(Query { filters, since, until, zone, ..Query::default() })
}

/// A point in time, and the first instant past what the text names: for a date, its end. The last date ends with the
/// last instant that can be told.
fn point(flag: &str, text: &str, zone: Tz, now: Time) -> Result<(Time, Time)> {
    let (first, past) = instants(flag, text, zone, now)?;
    match first.is_writable() {
        true => Ok((first, past.min(Time::LAST_WRITABLE))),
        false => Err(Error::invalid(format!("{flag} {text:?} is out of range"))),
    }
}

fn instants(flag: &str, text: &str, zone: Tz, now: Time) -> Result<(Time, Time)> {
    let out_of_range = || Error::invalid(format!("{flag} {text:?} is out of range"));
    let instant = |time: Option<Time>| time.map(|time| (time, time)).ok_or_else(out_of_range);
    let today = || Some(now.to_utc()?.with_timezone(&zone).date_naive());
    let date = match text {
        "now" => return Ok((now, now)),
        "today" => today(),
        "yesterday" => today().and_then(|today| today.pred_opt()),
        _ => NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%Y%m%d")).ok(),
    };
    if let Some(date) = date {
        let next = date.checked_add_days(Days::new(1)).ok_or_else(out_of_range)?;
        return start_of_day(date, zone).zip(start_of_day(next, zone)).ok_or_else(out_of_range);
    }
    if let Some(time) = Time::parse(text) {
        return Ok((time, time));
    }
    if let Some(age) = age_micros(text) {
        return instant(age.and_then(|age| now.micros().checked_sub(age)).map(Time::from_micros));
    }
    let forms = "2026-11-20, 20261120, RFC 3339, now, today, yesterday, or an age such as 7d, 12h, 30m, 2w";
    Err(Error::invalid(format!("{flag} {text:?} is no time; give {forms}")))
}

/// An age such as `7d`; the inner `None` is one that is too large.
fn age_micros(text: &str) -> Option<Option<i64>> {
    let unit = text.chars().last()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse::<i64>().ok().and_then(|count| count.checked_mul(seconds)?.checked_mul(1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::point;
    use chrono_tz::Europe::Oslo;
    use forge_usage::event::Time;

    fn time(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    #[test]
    fn a_date_lasts_until_the_next_also_when_the_clock_is_set() {
        let now = time("2026-11-22T12:00:00Z");
        let day = point("--since", "2026-03-29", Oslo, now).expect("a date");
        assert_eq!(day, (time("2026-03-28T23:00:00Z"), time("2026-03-29T22:00:00Z")));
        assert_eq!(point("--since", "20260329", Oslo, now).expect("a date"), day);
    }

    #[test]
    fn no_time_has_a_year_of_five_digits() {
        let now = time("2026-11-22T12:00:00Z");
        let last = point("--until", "9999-12-31", Oslo, now).expect("a date").1;
        assert_eq!(last, time("9999-12-31T23:00:00Z"));
        let last = point("--until", "9999-12-31", chrono_tz::Tz::UTC, now).expect("a date").1;
        assert_eq!(last, time("9999-12-31T23:59:59.999999Z"));
        for text in ["-0001-01-01", "+10000-01-02", "0000-01-01", "9000000d"] {
            assert!(point("--since", text, Oslo, now).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ages_count_back_from_now() {
        let now = time("2026-11-22T12:00:00Z");
        assert_eq!(point("--since", "7d", Oslo, now).expect("an age").0, time("2026-11-15T12:00:00Z"));
        for text in ["", "7", "d", "-1d", "7y", "99999999999999999999d", "2026-13-01"] {
            assert!(point("--since", text, Oslo, now).is_err(), "{text:?}");
        }
    }
}
