//! What a check says of a group beside its figures: whose use it is, what isn't known of it, how it goes on, and what it
//! was before. Names in it are as they were found; whoever writes them escapes them for the medium.

use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use super::phrase::amount;
use crate::render::dimension::{number_of_owners, short_among};
use crate::render::number::{self, Bound};
use crate::render::period;
use crate::table::schema::Kind;
use crate::table::verdict::{Before, Contributor, Judged, Pace, Standing, State};

/// What a line of remarks takes before a command stands below it.
const MOST_CELLS: usize = 88;

/// Contributors in a sentence: fewer than are told, since a line holds no more.
const MOST_IN_A_SENTENCE: usize = 3;

/// Everything else about a group, a sentence each.
pub(super) fn of_group(limit: &Judged, group: &Standing, zone: Tz) -> Vec<String> {
    with_offer(limit, group, zone, None)
}

/// The same, with a command behind what isn't known, if it would tell.
pub(super) fn with_offer(limit: &Judged, group: &Standing, zone: Tz, offer: Option<&str>) -> Vec<String> {
    let mut doubts = doubts(limit, group);
    let offer = offer.map(|offer| format!("→ {offer}"));
    match (doubts.first_mut(), offer) {
        (Some(doubt), Some(offer)) if doubt.width() + offer.width() < MOST_CELLS => {
            doubt.push(' ');
            doubt.push_str(&offer);
        }
        (_, offer) => doubts.extend(offer),
    }
    let remarks = [pace(limit, group, zone), before(limit, group)];
    contributors(limit, group).into_iter().chain(doubts).chain(remarks.into_iter().flatten()).collect()
}

/// Whether session logs that weren't read may prove the group.
pub(super) fn lacks_logs(limit: &Judged, group: &Standing) -> bool {
    let proves_nothing = group.lacks.input || group.lacks.success || group.before.is_some();
    group.state == State::Unproven && group.lacks.unlogged_runs > 0 && !proves_nothing && has_many_unknown(limit, group)
}

fn has_many_unknown(limit: &Judged, group: &Standing) -> bool {
    i128::from(group.unknown_runs) * 1_000_000 > i128::from(limit.max_unknown) * i128::from(group.runs)
}

fn contributors(limit: &Judged, group: &Standing) -> Option<String> {
    // Those of a quotient are shares of the money.
    let kind = limit.kind;
    let ids: Vec<&str> = group.contributors.iter().filter_map(|contributor| contributor.name.as_deref()).collect();
    let one = |contributor: &Contributor| {
        let name = match (&contributor.name, contributor.dimension) {
            (None, dimension) => format!("no {}", dimension.trim_end_matches("_id")),
            (Some(id), "run_id" | "conversation_id") => short_among(id, &ids).to_owned(),
            (Some(name), _) => name.clone(),
        };
        format!("{name} {}", amount(kind, contributor.used, Bound::of(contributor.is_floor)))
    };
    let shown: Vec<String> = group.contributors.iter().take(MOST_IN_A_SENTENCE).map(one).collect();
    (!shown.is_empty()).then(|| shown.join(" · "))
}

/// What isn't known, where it matters.
fn doubts(limit: &Judged, group: &Standing) -> Vec<String> {
    let (unknown, runs) = (group.unknown_runs - group.lacks.unplaced_runs, group.runs);
    let lack = match limit.kind {
        Kind::Usd => "unpriced",
        Kind::Tokens => "unmeasured",
        Kind::Millis => "of unknown length",
        _ => "of unknown status",
    };
    let of_runs = || format!("{} of {} {lack}", number::count(unknown), number_of_owners(runs, group.conversations));
    let success = group.lacks.success.then(|| "no run succeeded".to_owned());
    match group.state {
        State::Exceeded if group.is_floor => {
            let unknown = (unknown > 0 && success.is_none()).then(of_runs);
            let mut lacks: Vec<String> = success.into_iter().chain(unknown).chain(others(limit, group, "")).collect();
            if lacks.is_empty() {
                lacks.push("sums stop at the largest number there is".to_owned());
            }
            vec![format!("a floor: {}; the truth can only be higher", lacks.join(", "))]
        }
        State::Exceeded => Vec::new(),
        State::Unproven if group.before.is_some() && !group.lacks.input => {
            let measured = number::count(runs - unknown);
            let of = number_of_owners(runs, group.conversations);
            vec![format!("{measured} of {of} measured: too few to compare")]
        }
        State::Unproven if success.is_none() => {
            let millionths = i128::from(group.unknown_runs) * 1_000_000;
            let is_many = has_many_unknown(limit, group);
            let whole = i128::from(runs);
            let (share, most) = match (percent(millionths, whole), percent(limit.max_unknown.into(), 1)) {
                (share, most) if share == most => {
                    (hundredths(millionths, whole), hundredths(limit.max_unknown.into(), 1))
                }
                rounded => rounded,
            };
            let share = if is_many { format!(", {share} > {most}") } else { String::new() };
            match group.lacks.unplaced_runs {
                0 => is_many.then(|| of_runs() + &share).into_iter().chain(others(limit, group, "")).collect(),
                _ => (unknown > 0).then(of_runs).into_iter().chain(others(limit, group, &share)).collect(),
            }
        }
        _ => success.into_iter().chain(others(limit, group, "")).collect(),
    }
}

/// What may count beside the runs of which the measure isn't known; `share` is that of all that isn't.
fn others(limit: &Judged, group: &Standing, share: &str) -> impl Iterator<Item = String> {
    let lacks = group.lacks;
    let placed = (lacks.unplaced_runs > 0).then(|| {
        let used = lacks.unplaced.filter(|used| *used > 0);
        let used = used.map_or_else(String::new, |used| format!("{} of ", amount(limit.kind, used, Bound::Exact)));
        let whose = number_of_owners(lacks.unplaced_runs, lacks.unplaced_conversations);
        format!("{used}{whose} without a known time or model may count too{share}")
    });
    placed.into_iter().chain(lacks.input.then(|| "some input could not be read".to_owned()))
}

/// So many millionths, by `whole`, in percent: with as many digits as it takes to be more than zero.
fn percent(millionths: i128, whole: i128) -> String {
    let hundredths = millionths / (whole.max(1) * 100);
    match (hundredths / 100, hundredths % 100) {
        (0, 0) if millionths > 0 => "<0.01%".to_owned(),
        (whole, 0) => format!("{whole}%"),
        (whole, _) if whole >= 10 => format!("{whole}%"),
        (whole, rest) => format!("{whole}.{rest:02}%"),
    }
}

/// The same with two digits behind the point.
fn hundredths(millionths: i128, whole: i128) -> String {
    let hundredths = millionths / (whole.max(1) * 100);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn pace(limit: &Judged, group: &Standing, zone: Tz) -> Option<String> {
    let matters = |pace: &Pace| group.state != State::Ok || pace.limit_at.is_some();
    let pace = group.pace.as_deref().filter(|pace| matters(pace) && group.used.is_some_and(|used| used > 0))?;
    let projected = pace.projected?;
    let bound = Bound::of(group.is_floor);
    let at = pace.limit_at.and_then(|time| period::moment(time, zone));
    let or_before = if bound == Bound::Floor { " or before" } else { "" };
    let at = at.map_or(String::new(), |at| format!("; the limit is reached {at}{or_before}"));
    let rate = rate(limit.kind, pace.millionths_per_hour, bound);
    Some(format!("{rate} an hour: {} by the end at this rate{at}", amount(limit.kind, projected, bound)))
}

/// What an hour has; a small count with what it takes to be more than zero.
fn rate(kind: Kind, millionths: i128, bound: Bound) -> String {
    let hundredths = millionths / 10_000;
    let sign = bound.prefix();
    match (kind, hundredths) {
        (Kind::Count, 0) if millionths > 0 && bound == Bound::Exact => "<0.01".to_owned(),
        (Kind::Count, 0..10_000) if hundredths % 100 != 0 => {
            format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100)
        }
        _ => amount(kind, i64::try_from(millionths / 1_000_000).unwrap_or(i64::MAX), bound),
    }
}

fn before(limit: &Judged, group: &Standing) -> Option<String> {
    let value = |value| amount(limit.kind, value, Bound::Exact);
    match group.before? {
        Before::New => Some("not in the baseline".to_owned()),
        Before::Vanished => Some("only in the baseline".to_owned()),
        Before::Median(None) => Some("the baseline has no median of it".to_owned()),
        Before::Median(Some(median)) => {
            let measured = group.runs - group.unknown_runs;
            let conversations = if group.conversations < group.runs { group.conversations } else { measured };
            let measured = number_of_owners(measured, conversations);
            Some(format!("the median of {measured}; it was {}", value(median)))
        }
    }
}
