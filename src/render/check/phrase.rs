//! A verdict in words: what all formats for people share. Names in it are as they were found; whoever writes
//! them escapes them for the medium.

use chrono_tz::Tz;
use unicode_width::UnicodeWidthStr;

use crate::event::Usd;
use crate::render::dimension::{number_of_owners, short_among, short_id};
use crate::render::number::{self, Bound, UNKNOWN};
use crate::render::{exact, period};
use crate::table::schema::Kind;
use crate::table::verdict::{Before, Contributor, Judged, Pace, Standing, State, Verdict};

/// Groups of one limit that are shown unless all are asked for.
pub(super) const MOST_GROUPS: usize = 10;

/// What a line of remarks takes before a command stands below it.
const MOST_CELLS: usize = 88;

/// Contributors in a sentence: fewer than are told, since a line holds no more.
const MOST_IN_A_SENTENCE: usize = 3;

/// The word of a group's state: what it does counts, so a limit that only warns never says FAIL.
pub(super) fn word(limit: &Judged, group: &Standing) -> &'static str {
    match (group.state, group.before) {
        (_, Some(Before::New)) => "NEW",
        (_, Some(Before::Vanished)) => "GONE",
        (State::Ok, _) => "OK",
        (State::Warn, _) => "WARN",
        (State::Unproven, _) => "UNPROVEN",
        (State::Exceeded, _) if limit.severity == "error" => "FAIL",
        (State::Exceeded, _) => "WARN",
    }
}

/// The group's name: its values, `total` for everything. Ids are short.
pub(super) fn name(group: &Standing) -> String {
    named(group, short_id)
}

/// The same with whole ids.
pub(super) fn full_name(group: &Standing) -> String {
    named(group, |id| id)
}

fn named(group: &Standing, shown: fn(&str) -> &str) -> String {
    let value = |(dimension, value): &(&str, Option<String>)| {
        let title = dimension.trim_end_matches("_id");
        match value {
            None => format!("no {title}"),
            Some(id) if *dimension != title => format!("{title} {}", shown(id)),
            Some(value) => value.clone(),
        }
    };
    let values: Vec<String> = group.key.iter().map(value).collect();
    if values.is_empty() { "total".to_owned() } else { values.join(" ") }
}

/// What is used, of what: `$48.37 of $25.00`, `≥41.2M of 40.0M output tokens`.
///
/// Both have every digit where rounding would hide on which side of the limit it is.
pub(super) fn used_of_limit(limit: &Judged, group: &Standing) -> String {
    let (is_alike, bound) = (is_alike(limit.kind, group), bound(group.is_floor));
    let used = match group.used {
        None => UNKNOWN.to_owned(),
        Some(used) if is_alike => whole(limit.kind, used, bound),
        Some(used) => amount(limit.kind, used, bound),
    };
    let of = group.limit.map(|of| {
        // A limit of a comparison is a product, which nobody wrote.
        let is_whole = is_alike || (group.before.is_none() && is_rounded(limit.kind, of));
        let shown = if is_whole { whole } else { amount };
        format!(" of {}", shown(limit.kind, of, Bound::Exact))
    });
    let words = if limit.words.is_empty() { String::new() } else { format!(" {}", limit.words) };
    format!("{used}{}{words}", of.unwrap_or_default())
}

/// Whether what is used and the limit look alike if they are rounded in the same way, and aren't.
fn is_alike(kind: Kind, group: &Standing) -> bool {
    let shown = |value| amount(kind, value, bound(group.is_floor));
    group.used.zip(group.limit).is_some_and(|(used, limit)| used != limit && shown(used) == shown(limit))
}

/// Whether a figure for people lacks digits of the value: then it is that of a smaller one too.
fn is_rounded(kind: Kind, value: i64) -> bool {
    amount(kind, value, Bound::Floor) == amount(kind, value.saturating_sub(1), Bound::Floor)
}

fn bound(is_floor: bool) -> Bound {
    if is_floor { Bound::Floor } else { Bound::Exact }
}

/// A value for people.
pub(super) fn amount(kind: Kind, value: i64, bound: Bound) -> String {
    let shown = match kind {
        Kind::Usd => number::dollars(Usd::from_pico(value), bound),
        Kind::Tokens => number::tokens(value, bound),
        Kind::Millis => number::bounded_duration(value, bound),
        _ => Some(format!("{}{}", bound.prefix(), number::count(value))),
    };
    shown.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The same with every digit.
fn whole(kind: Kind, value: i64, bound: Bound) -> String {
    let sign = bound.prefix();
    match kind {
        Kind::Usd => format!("{sign}${}", exact::dollars_and_cents(Usd::from_pico(value))),
        Kind::Millis => format!("{sign}{}", exact::duration(value)),
        _ => format!("{sign}{}", number::count(value)),
    }
}

/// The share of the limit that is used. Rounded down: what rounds up to a limit is not at it.
pub(super) fn share(group: &Standing) -> String {
    let Some((used, limit)) = group.used.zip(group.limit).filter(|(_, limit)| *limit > 0) else {
        return String::new();
    };
    let percent = i128::from(used) * 100 / i128::from(limit);
    let sign = bound(group.is_floor).prefix();
    match percent {
        100 if used > limit => ">100%".to_owned(),
        percent => format!("{sign}{}%", number::count(i64::try_from(percent).unwrap_or(i64::MAX))),
    }
}

/// By how much the limit is exceeded: `+$23.37`, `≥+$2.05`, `>+$0`. Empty where it isn't.
pub(super) fn over(limit: &Judged, group: &Standing) -> String {
    let Some(over) = over_by(group) else {
        return String::new();
    };
    let shown = amount(limit.kind, over, bound(group.is_floor));
    let (sign, shown) = shown.split_at(shown.len() - shown.trim_start_matches(['≥', '>']).len());
    format!("{sign}+{shown}")
}

fn over_by(group: &Standing) -> Option<i64> {
    group.used?.checked_sub(group.limit?).filter(|over| *over > 0)
}

/// Everything else about a group, a sentence each.
pub(super) fn remarks(limit: &Judged, group: &Standing, zone: Tz) -> Vec<String> {
    remarks_with(limit, group, zone, None)
}

/// The same, with a command behind what isn't known, if it would tell.
pub(super) fn remarks_with(limit: &Judged, group: &Standing, zone: Tz, offer: Option<&str>) -> Vec<String> {
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
        format!("{name} {}", amount(kind, contributor.used, bound(contributor.is_floor)))
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
            let (share, most) = (percent(millionths, runs.into()), percent(limit.max_unknown.into(), 1));
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

/// `part` millionths of `whole` in percent, with as many digits as it takes to be more than zero.
fn percent(millionths: i128, whole: i128) -> String {
    let hundredths = millionths / (whole.max(1) * 100);
    match (hundredths / 100, hundredths % 100) {
        (0, 0) if millionths > 0 => "<0.01%".to_owned(),
        (whole, 0) => format!("{whole}%"),
        (whole, _) if whole >= 10 => format!("{whole}%"),
        (whole, rest) => format!("{whole}.{rest:02}%"),
    }
}

fn pace(limit: &Judged, group: &Standing, zone: Tz) -> Option<String> {
    let matters = |pace: &Pace| group.state != State::Ok || pace.limit_at.is_some();
    let pace = group.pace.filter(|pace| matters(pace) && group.used.is_some_and(|used| used > 0))?;
    let projected = pace.projected?;
    let bound = bound(group.is_floor);
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

/// Where limits and prices come from: `.forge/usage.toml @3f2c1ab · prices 2026-11-22`. Empty where nothing is known.
pub(super) fn headline(verdict: &Verdict) -> String {
    let policy = verdict.policy.path.as_ref().map(|path| match &verdict.policy.commit {
        Some(commit) if verdict.policy.is_changed => format!("{path} @{commit} + changes"),
        Some(commit) => format!("{path} @{commit}"),
        None => path.clone(),
    });
    let baseline = verdict.policy.baseline.as_ref().map(|path| format!("baseline {path}"));
    let (has_listed, has_users) =
        verdict.prices.as_ref().map_or((true, false), |note| (note.list_prices.is_some(), note.has_users));
    let prices = verdict.price_book.as_ref().filter(|_| verdict.limits_costs()).map(|date| match has_users {
        false => format!("prices {date}"),
        true if has_listed => format!("prices {date} and your own"),
        true => "prices of your own".to_owned(),
    });
    [policy, baseline, prices].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// How many groups are in which state: `2 exceeded · 1 unproven (on_unknown = "warn") · 2 ok`.
pub(super) fn summary(verdict: &Verdict) -> String {
    let count = |state: State| {
        let count = verdict.count(state);
        let unproven = verdict.limits.iter().filter(|limit| limit.count(State::Unproven) > 0);
        let mut words: Vec<&str> = unproven.map(|limit| limit.on_unknown).collect();
        words.dedup();
        let mut exceeded = verdict.limits.iter().filter(|limit| limit.count(State::Exceeded) > 0);
        let what = match words[..] {
            [word] if state == State::Unproven => format!(" (on_unknown = \"{word}\")"),
            _ if state == State::Exceeded && exceeded.all(|limit| limit.severity == "warn") => {
                " (severity = \"warn\")".to_owned()
            }
            _ => String::new(),
        };
        (count > 0).then(|| format!("{count} {}{what}", state.name()))
    };
    let counts: Vec<String> = State::ALL.into_iter().rev().filter_map(count).collect();
    if counts.is_empty() { "no limits".to_owned() } else { counts.join(" · ") }
}
