//! What times are grouped by: hours, days, weeks and months, as the user's clock and calendar cut them.

use chrono::{
    DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
};
use chrono_tz::Tz;

use crate::event::Time;

const DATE: &str = "%Y-%m-%d";

/// Into what time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeCut {
    Hour,
    Day,
    /// From Monday on.
    Week,
    Month,
}

/// An hour or a day as a clock and a calendar tell it, without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Piece {
    number: i64,
    /// The clock's, in seconds: it may show an hour twice.
    offset: i32,
}

impl TimeCut {
    /// The name of the period that a time falls in; `None` beyond the calendar.
    pub(super) fn period(self, time: Time, zone: Tz) -> Option<String> {
        let local = time.to_utc()?.with_timezone(&zone);
        Some(match self {
            // The offset tells the two hours apart that a clock set back repeats.
            TimeCut::Hour => local.format("%Y-%m-%dT%H:00%:z").to_string(),
            TimeCut::Day => local.format(DATE).to_string(),
            TimeCut::Week => monday(&local)?.format(DATE).to_string(),
            TimeCut::Month => local.format("%Y-%m").to_string(),
        })
    }

    /// Times with the same piece fall in the same period; `None` beyond the calendar.
    pub(super) fn piece(self, time: Time, zone: Tz) -> Option<Piece> {
        let utc = time.to_utc()?;
        let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
        let local = utc.timestamp() + i64::from(offset);
        Some(match self {
            TimeCut::Hour => Piece { number: local.div_euclid(3600), offset },
            TimeCut::Day | TimeCut::Week | TimeCut::Month => Piece { number: local.div_euclid(86_400), offset: 0 },
        })
    }

    /// The first instant of the period of this name, and the first one after it; `None` if there is no such period.
    pub(super) fn span(self, period: &str, zone: Tz) -> Option<(Time, Time)> {
        let date = |text: &str| NaiveDate::parse_from_str(text, DATE).ok();
        let (first, next) = match self {
            TimeCut::Hour => {
                return shown(DateTime::parse_from_str(period, "%Y-%m-%dT%H:%M%:z").ok()?, zone);
            }
            TimeCut::Day => (date(period)?, date(period)?.checked_add_days(Days::new(1))?),
            TimeCut::Week => (date(period)?, date(period)?.checked_add_days(Days::new(7))?),
            TimeCut::Month => {
                let first = date(&format!("{period}-01"))?;
                (first, first.checked_add_months(Months::new(1))?)
            }
        };
        Some((start_of_day(first, zone)?, start_of_day(next, zone)?))
    }

    /// When the period of this name began. Periods go by it: names of hours don't sort as the hours came, where a
    /// clock is set back.
    pub(super) fn start(self, period: &str, zone: Tz) -> Option<Time> {
        self.span(period, zone).map(|(start, _)| start)
    }

    /// The latest of these periods, at most `count`.
    pub(super) fn latest<'t>(self, periods: impl Iterator<Item = &'t str>, count: usize, zone: Tz) -> Vec<&'t str> {
        let mut dated: Vec<_> = periods.map(|period| (self.start(period, zone), period)).collect();
        dated.sort_unstable();
        dated.into_iter().rev().take(count).map(|(_, period)| period).collect()
    }
}

/// A time's date, such as `2026-11-20`; `None` beyond the calendar.
pub fn date(time: Time, zone: Tz) -> Option<String> {
    TimeCut::Day.period(time, zone)
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

fn monday(local: &DateTime<Tz>) -> Option<NaiveDate> {
    local.date_naive().checked_sub_days(Days::new(u64::from(local.weekday().num_days_from_monday())))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::TimeCut;

    #[test]
    fn hours_go_by_the_clock_that_shows_them() {
        // St John's once set its clock back at a minute past midnight, to a minute past eleven.
        let zone: Tz = "America/St_Johns".parse().unwrap();
        let (midnight, eleven) = ("2006-10-29T00:00-02:30", "2006-10-28T23:00-03:30");
        assert_eq!(TimeCut::Hour.latest([midnight, eleven].into_iter(), 1, zone), [eleven]);
        assert_eq!(TimeCut::Hour.latest([eleven, midnight].into_iter(), 2, zone), [eleven, midnight]);
        let minutes = |value| TimeCut::Hour.span(value, zone).map(|(start, end)| end.millis_since(start) / 60_000);
        assert_eq!([midnight, eleven, "2006-10-28T23:00-02:30"].map(minutes), [Some(1), Some(59), Some(60)]);
    }
}
