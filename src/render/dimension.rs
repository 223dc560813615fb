//! Names of a report's groups, as short as they stay clear.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::row::Row;
use crate::table::{Dimension, Report, Table};

/// What one value of the dimension is called: `run`, `loop`, `day`.
pub(super) fn title(dimension: Dimension) -> &'static str {
    let name = dimension.column().name;
    name.strip_suffix("_id").unwrap_or(name)
}

/// How many groups there are, as `12 loops`; what has no name is none of them.
pub(super) fn counted(report: &Report) -> String {
    let [by] = report.by[..] else { return number_of(report.groups, "group") };
    match report.groups.saturating_sub(report.nameless) {
        0 => "total".to_owned(),
        named => number_of(named, title(by)),
    }
}

/// `1 loop`, `12 loops`.
pub(super) fn number_of(count: impl TryInto<i64>, word: &str) -> String {
    let count = count.try_into().unwrap_or(i64::MAX);
    let shown = super::number::count(count);
    match word {
        _ if count == 1 => format!("{shown} {word}"),
        "harness" | "status" => format!("{shown} {word}es"),
        "quality" => format!("{shown} qualities"),
        _ => format!("{shown} {word}s"),
    }
}

/// How many runs, and conversations of no run, there are: `3 runs`, `3 conversations`, `3 runs and conversations`.
pub(super) fn number_of_owners(all: i64, conversations: i64) -> String {
    match conversations {
        ..=0 => number_of(all, "run"),
        _ if conversations < all => format!("{} and conversations", number_of(all, "run")),
        _ => number_of(all, "conversation"),
    }
}

/// The names of all rows in one dimension; `None` for the group of what has none.
pub(super) fn names(dimension: Dimension, rows: &Table) -> Vec<Option<String>> {
    let name = dimension.column().name;
    let mut names: Vec<Option<String>> = (0..rows.height()).map(|index| Row::new(rows, index).text(name)).collect();
    match name {
        "run_id" => shorten_ids(&mut names, 8),
        "conversation_id" => shorten_ids(&mut names, 13),
        "day" => shorten_days(&mut names),
        _ => {}
    }
    names
}

/// The first part of a UUID that tells it from others nearly always: that of version 7 must reach to
/// the milliseconds in it. Any other id stays whole.
pub(super) fn short_id(id: &str) -> &str {
    let least = if id.as_bytes().get(14) == Some(&b'7') { 13 } else { 8 };
    if is_uuid(id) { id.get(..least).unwrap_or(id) } else { id }
}

/// The same, longer where that tells it from no other of `ids`.
pub(super) fn short_among<'a>(id: &'a str, ids: &[&str]) -> &'a str {
    let is_clear = |short: &&str| !ids.iter().any(|other| *other != id && other.starts_with(short));
    let longer = [13, 18, 23].into_iter().filter_map(|length| id.get(..length).filter(|_| is_uuid(id)));
    [short_id(id)].into_iter().chain(longer).find(is_clear).unwrap_or(id)
}

/// Cuts UUIDs behind the first dash at or after `least` that leaves all of them distinct.
fn shorten_ids(ids: &mut [Option<String>], least: usize) {
    let distinct: BTreeSet<&str> = ids.iter().flatten().map(String::as_str).collect();
    let cut = |id: &str, length| if is_uuid(id) { id[..length].to_owned() } else { id.to_owned() };
    let are_told_apart = |length: &usize| {
        let short: BTreeSet<String> = distinct.iter().map(|id| cut(id, *length)).collect();
        short.len() == distinct.len()
    };
    let length = [8, 13, 18, 23].into_iter().filter(|length| *length >= least).find(are_told_apart);
    let Some(length) = length else { return };
    for id in ids.iter_mut().flatten() {
        *id = cut(id, length);
    }
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Shows days as `Wed 18` where all lie in one month: the head line names it.
fn shorten_days(days: &mut [Option<String>]) {
    let dates: Vec<Option<NaiveDate>> =
        days.iter().map(|day| NaiveDate::parse_from_str(day.as_deref()?, "%Y-%m-%d").ok()).collect();
    let months: BTreeSet<(i32, u32)> = dates.iter().flatten().map(|date| (date.year(), date.month())).collect();
    if months.len() > 1 {
        return;
    }
    for (day, date) in days.iter_mut().zip(dates) {
        if let Some(date) = date {
            *day = Some(date.format("%a %d").to_string());
        }
    }
}

/// A list of names in which those that differ only by a number share their beginning:
/// `codex1,codex2` becomes `codex1,2`.
pub(super) fn abbreviated(names: &str) -> String {
    let mut shown = String::with_capacity(names.len());
    let mut before = None;
    for name in names.split(',') {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_numbered = !stem.is_empty() && stem.len() < name.len();
        if !shown.is_empty() {
            shown.push(',');
        }
        shown.push_str(if is_numbered && before == Some(stem) { &name[stem.len()..] } else { name });
        before = is_numbered.then_some(stem);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{abbreviated, number_of, number_of_owners, short_among, short_id, shorten_days, shorten_ids};

    fn shortened(names: &[&str], shorten: fn(&mut [Option<String>])) -> Vec<String> {
        let mut names: Vec<Option<String>> = names.iter().map(|name| Some((*name).to_owned())).collect();
        shorten(&mut names);
        names.into_iter().flatten().collect()
    }

    #[test]
    fn profiles_that_differ_by_a_number_share_their_beginning() {
        assert_eq!(abbreviated("cc1,codex1,codex2,codex3"), "cc1,codex1,2,3");
        assert_eq!(abbreviated("codex1,codex3swarm,codex4"), "codex1,codex3swarm,codex4");
        assert_eq!(abbreviated("1,2"), "1,2");
        assert_eq!(abbreviated(""), "");
    }

    #[test]
    fn ids_are_as_short_as_they_stay_distinct() {
        let (one, near, far) = (
            "9f3c2a17-4b1d-4c5e-8f00-000000000001",
            "9f3c2a17-4b1d-4c5e-8f00-000000000002",
            "9f3c2a17-ffff-4c5e-8f00-000000000001",
        );
        assert_eq!(shortened(&[one, one], |ids| shorten_ids(ids, 8)), ["9f3c2a17", "9f3c2a17"]);
        assert_eq!(shortened(&[one, far], |ids| shorten_ids(ids, 8)), ["9f3c2a17-4b1d", "9f3c2a17-ffff"]);
        assert_eq!(shortened(&[one, near], |ids| shorten_ids(ids, 8)), [one, near]);
        assert_eq!(shortened(&[one, "ses_9f3c"], |ids| shorten_ids(ids, 13)), ["9f3c2a17-4b1d", "ses_9f3c"]);
    }

    #[test]
    fn a_time_ordered_id_is_cut_behind_its_milliseconds() {
        assert_eq!(short_id("019a2b3c-4d5e-7f00-8000-000000000001"), "019a2b3c-4d5e");
        assert_eq!(short_id("9f3c2a17-4b1d-4c5e-8f00-000000000001"), "9f3c2a17");
        assert_eq!(short_id("ærø-no-uuid"), "ærø-no-uuid");
        let alike = ["019a2b3c-4d5e-7f00-8000-000000000001", "019a2b3c-4d5e-7f01-8000-000000000001"];
        assert_eq!(short_among(alike[0], &alike), "019a2b3c-4d5e-7f00");
        assert_eq!(short_among(alike[0], &alike[..1]), "019a2b3c-4d5e");
    }

    #[test]
    fn days_of_one_month_are_weekdays() {
        assert_eq!(shortened(&["2026-11-18", "2026-11-21"], shorten_days), ["Wed 18", "Sat 21"]);
        assert_eq!(shortened(&["2026-10-31", "2026-11-01"], shorten_days), ["2026-10-31", "2026-11-01"]);
        assert_eq!(shortened(&["no day"], shorten_days), ["no day"]);
    }

    #[test]
    fn words_follow_their_number() {
        assert_eq!(number_of(1, "loop"), "1 loop");
        assert_eq!(number_of(0, "run"), "0 runs");
        assert_eq!(number_of(1_200, "status"), "1,200 statuses");
        assert_eq!(number_of(3, "quality"), "3 qualities");
        assert_eq!(
            [0, 2, 3].map(|some| number_of_owners(3, some)),
            ["3 runs", "3 runs and conversations", "3 conversations"]
        );
        assert_eq!(number_of(u64::MAX, "day"), "9,223,372,036,854,775,807 days");
    }
}
