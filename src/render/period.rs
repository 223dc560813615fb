//! The days that a report covers, for people.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::event::Time;
use crate::table::Window;

/// What the window covers, such as `Fri 20 Nov 2026 (Europe/Oslo)` or
/// `Wed 18 – Sat 21 Nov 2026 (Europe/Oslo)`. Where a side was not asked for, what was found bounds it;
/// `None` where neither says anything.
pub(super) fn covered(window: &Window) -> Option<String> {
    let date = |time| Some(local(time, window.zone)?.date());
    let until = last_instant(window);
    let first = window.since.or(window.found.map(|(first, _)| first)).and_then(date);
    let last = until.or(window.found.map(|(_, last)| last)).and_then(date);
    let days = match (first, last) {
        (Some(first), Some(last)) => range(first, last),
        (Some(first), None) => format!("since {}", first.format(WHOLE)),
        (None, Some(last)) => format!("until {}", last.format(WHOLE)),
        (None, None) => return None,
    };
    Some(format!("{days} ({})", window.zone.name()))
}

/// The window that was asked for, whatever was found in it; `None` where none was. An end within a day has its time:
/// `since Sat 28 Nov 2026 16:34 (UTC)`.
pub(super) fn asked_for(window: &Window) -> Option<String> {
    let ends = [window.since, window.until];
    let clock = |time: Option<Time>| local(time?, window.zone).filter(|local| local.time() != NaiveTime::MIN);
    let asked = Window { found: None, ..window.clone() };
    let days = covered(&asked)?;
    if ends.into_iter().all(|end| clock(end).is_none()) {
        return Some(days);
    }
    let told = |end: Option<Time>, day: Option<Time>| match (clock(end), local(day?, window.zone)) {
        (Some(local), _) if local.second() > 0 => Some(local.format("%a %-d %b %Y %H:%M:%S").to_string()),
        (Some(local), _) => Some(local.format("%a %-d %b %Y %H:%M").to_string()),
        (None, day) => Some(day?.format(WHOLE).to_string()),
    };
    let times = match (told(window.since, window.since), told(window.until, last_instant(window))) {
        (Some(since), Some(until)) => format!("{since} – {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, until) => format!("until {}", until?),
    };
    Some(format!("{times} ({})", window.zone.name()))
}

/// The window ends just before `until`: midnight belongs to the next day.
fn last_instant(window: &Window) -> Option<Time> {
    window.until.map(|until| Time::from_micros(until.micros().saturating_sub(1)))
}

/// A point in time as the zone's clock shows it, such as `Fri 20 Nov 18:40`; `None` beyond the calendar.
pub(super) fn moment(time: Time, zone: Tz) -> Option<String> {
    Some(local(time, zone)?.format("%a %-d %b %H:%M").to_string())
}

/// What the zone's clock and calendar show; `None` beyond the calendar.
fn local(time: Time, zone: Tz) -> Option<NaiveDateTime> {
    let utc = time.to_utc()?.naive_utc();
    utc.checked_add_offset(zone.offset_from_utc_datetime(&utc).fix())
}

const WHOLE: &str = "%a %-d %b %Y";

fn range(first: NaiveDate, last: NaiveDate) -> String {
    let start = match (first.year() == last.year(), first.month() == last.month()) {
        _ if first >= last => return first.format(WHOLE).to_string(),
        (true, true) => first.format("%a %-d"),
        (true, false) => first.format("%a %-d %b"),
        (false, _) => first.format(WHOLE),
    };
    format!("{start} – {}", last.format(WHOLE))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::{asked_for, covered};
    use crate::event::Time;
    use crate::table::Window;

    fn window(since: &str, until: &str, zone: &str) -> Window {
        Window { since: Time::parse(since), until: Time::parse(until), zone: zone.parse().unwrap(), found: None }
    }

    #[test]
    fn one_day_is_one_date_in_its_zone() {
        let day = window("2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z", "Europe/Oslo");
        assert_eq!(covered(&day).as_deref(), Some("Fri 20 Nov 2026 (Europe/Oslo)"));
    }

    #[test]
    fn a_range_says_month_and_year_once() {
        let range = |since: &str| covered(&window(since, "2026-11-22T00:00:00Z", "UTC")).unwrap();
        assert_eq!(range("2026-11-18T00:00:00Z"), "Wed 18 – Sat 21 Nov 2026 (UTC)");
        assert_eq!(range("2026-10-30T00:00:00Z"), "Fri 30 Oct – Sat 21 Nov 2026 (UTC)");
        assert_eq!(range("2025-11-20T00:00:00Z"), "Thu 20 Nov 2025 – Sat 21 Nov 2026 (UTC)");
    }

    #[test]
    fn what_was_found_bounds_an_open_side() {
        let found = Time::parse("2026-11-18T12:00:00Z").zip(Time::parse("2026-11-19T12:00:00Z"));
        let open = Window { found, ..window("", "", "Africa/Cairo") };
        assert_eq!(covered(&open).as_deref(), Some("Wed 18 – Thu 19 Nov 2026 (Africa/Cairo)"));
        let since = window("2026-11-18T12:00:00Z", "", "UTC");
        assert_eq!(covered(&since).as_deref(), Some("since Wed 18 Nov 2026 (UTC)"));
        assert_eq!(covered(&window("", "", "UTC")), None);
    }

    #[test]
    fn an_end_within_a_day_has_its_time_where_it_was_asked_for() {
        let asked = |since: &str, until: &str| asked_for(&window(since, until, "Africa/Cairo"));
        let [noon, second, midnight] = ["2026-11-18T10:00:00Z", "2026-11-20T10:00:07.5Z", "2026-11-21T22:00:00Z"];
        assert_eq!(asked(noon, "").as_deref(), Some("since Wed 18 Nov 2026 12:00 (Africa/Cairo)"));
        assert_eq!(asked("", second).as_deref(), Some("until Fri 20 Nov 2026 12:00:07 (Africa/Cairo)"));
        assert_eq!(asked(noon, midnight).as_deref(), Some("Wed 18 Nov 2026 12:00 – Sat 21 Nov 2026 (Africa/Cairo)"));
        assert_eq!(asked("", midnight).as_deref(), Some("until Sat 21 Nov 2026 (Africa/Cairo)"));
        assert_eq!(asked("", ""), None);
    }

    #[test]
    fn times_beyond_the_calendar_are_left_out_and_its_own_ends_are_told() {
        let [first, last] = [-8_334_601_228_800_000_000, 8_210_266_876_799_999_999];
        let told = |micros: i64, zone: Tz| {
            let time = Some(Time::from_micros(micros));
            covered(&Window { since: time, until: time, zone, found: None })
        };
        for zone in [Tz::Pacific__Kiritimati, Tz::America__Los_Angeles, Tz::UTC] {
            assert_eq!([told(i64::MIN, zone), told(i64::MAX, zone)], [None, None], "{zone}");
            // A zone may move an end out of the calendar.
            for end in [first, last] {
                assert!(
                    told(end, zone).is_none_or(|told| told.contains("-262143") || told.contains("+262142")),
                    "{zone}"
                );
            }
        }
        assert_eq!(told(first, Tz::UTC).as_deref(), Some("since Thu 1 Jan -262143 (UTC)"));
    }
}
