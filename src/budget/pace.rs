//! How fast a period's limit is used up.

use chrono_tz::Tz;

use crate::event::Time;
use crate::table::verdict::Pace;
use crate::table::{Dimension, Query};

const HOUR_MS: i128 = 3_600_000;

/// The part of a period that a query covers, seen from a point in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: Time,
    end: Time,
    now: Time,
}

impl Span {
    /// The span of the group with this `value` of a time dimension; `None` where there is none.
    pub(super) fn of(dimension: Dimension, value: &str, query: &Query, zone: Tz, now: Time) -> Option<Span> {
        let (start, end) = dimension.span(value, zone)?;
        let start = query.since.map_or(start, |since| since.max(start));
        let end = query.until.map_or(end, |until| until.min(end));
        (start < end).then_some(Span { start, end, now })
    }

    /// The part that is in both; `None` where none is.
    pub(super) fn and(self, other: Span) -> Option<Span> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Span { start, end, ..self })
    }

    /// The pace at which `used` was used, against `limit`. `None` before the span has begun.
    pub(super) fn pace(self, used: i64, limit: i64) -> Option<Pace> {
        let elapsed = self.now.min(self.end).millis_since(self.start);
        let whole = self.end.millis_since(self.start);
        let rate = |millis: i128| i128::from(used) * millis / i128::from(elapsed);
        if elapsed <= 0 {
            return None;
        }
        let is_over = self.now >= self.end;
        let projected = if is_over { None } else { i64::try_from(rate(i128::from(whole))).ok() };
        let is_reached = projected.is_some_and(|projected| projected > limit) && used <= limit && used > 0;
        let until_limit = || i64::try_from(i128::from(elapsed) * i128::from(limit) / i128::from(used) * 1000).ok();
        let limit_at = if is_reached { until_limit() } else { None };
        Some(Pace {
            elapsed_ms: elapsed,
            millionths_per_hour: rate(HOUR_MS * 1_000_000),
            projected,
            limit_at: limit_at.and_then(|micros| self.start.micros().checked_add(micros)).map(Time::from_micros),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Span;
    use crate::event::Time;
    use crate::table::{Dimension, Query};
    use chrono_tz::Europe::Oslo;

    fn span(value: &str, now: &str) -> Option<Span> {
        span_of("day", value, now)
    }

    fn span_of(dimension: &str, value: &str, now: &str) -> Option<Span> {
        let query = Query {
            by: None,
            filters: Vec::new(),
            scope: Vec::new(),
            since: None,
            until: None,
            zone: Oslo,
            last: None,
            sort: None,
            limit: None,
        };
        let now = Time::parse(now).expect("a time");
        Span::of(Dimension::from_name(dimension).expect("a dimension"), value, &query, Oslo, now)
    }

    #[test]
    fn a_day_of_25_hours_is_half_over_after_twelve_and_a_half() {
        let pace = span("2026-10-25", "2026-10-25T10:30:00Z").unwrap().pace(50, 80).unwrap();
        assert_eq!(pace.elapsed_ms, 45_000_000);
        assert_eq!((pace.millionths_per_hour, pace.projected), (4_000_000, Some(100)));
        // 50 in 12.5 hours is 80 in 20.
        assert_eq!(pace.limit_at, Time::parse("2026-10-25T18:00:00Z"));
    }

    #[test]
    fn a_day_that_is_over_has_a_rate_and_no_projection() {
        let pace = span("2026-03-29", "2026-11-22T12:00:00Z").unwrap().pace(46, 10).unwrap();
        assert_eq!((pace.millionths_per_hour, pace.projected, pace.limit_at), (2_000_000, None, None));
    }

    #[test]
    fn what_has_not_begun_has_no_pace() {
        assert_eq!(span("2026-11-23", "2026-11-22T12:00:00Z").unwrap().pace(1, 1), None);
        assert!(span("no day", "2026-11-22T12:00:00Z").is_none());
    }

    #[test]
    fn a_week_within_a_month_ends_with_whichever_is_over_first() {
        // Monday 30 November is the month's last day; at noon half of it is over.
        let now = "2026-11-30T11:00:00Z";
        let week = span_of("week", "2026-11-30", now).unwrap();
        let month = span_of("month", "2026-11", now).unwrap();
        for shared in [week.and(month), month.and(week)] {
            let pace = shared.unwrap().pace(50, 80).unwrap();
            assert_eq!((pace.elapsed_ms, pace.projected), (43_200_000, Some(100)));
        }
        assert!(week.and(span_of("month", "2026-10", now).unwrap()).is_none());
    }
}
