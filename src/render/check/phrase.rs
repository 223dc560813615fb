//! A verdict in words: what all formats for people share. Names in it are as they were found; whoever writes
//! them escapes them for the medium.

use crate::event::Usd;
use crate::render::dimension::short_id;
use crate::render::exact;
use crate::render::number::{self, Bound, UNKNOWN};
use crate::table::schema::Kind;
use crate::table::verdict::{Before, Judged, MostGroups, Standing, State, Verdict};

/// Groups of one limit that people are shown unless they ask for all; GitHub shows as many errors, and as many warnings,
/// a step.
pub(super) const MOST_GROUPS: usize = 10;

/// Which groups of a limit people are shown; machines get all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// The worst ones that aren't ok: ten, as many as GitHub shows.
    Worst,
    /// All that aren't ok.
    NotOk,
    /// All.
    All,
}

impl Groups {
    /// How many of a limit; `None` for all that are meant.
    pub(super) fn most(self) -> Option<usize> {
        (self == Groups::Worst).then_some(MOST_GROUPS)
    }

    /// How many of each state must be known to show them.
    pub fn kept(self) -> MostGroups {
        match self {
            Groups::Worst => [Some(MOST_GROUPS); State::ALL.len()],
            Groups::NotOk => State::ALL.map(|state| (state == State::Ok).then_some(MOST_GROUPS)),
            Groups::All => [None; State::ALL.len()],
        }
    }
}

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
    let (is_alike, bound) = (is_alike(limit.kind, group), Bound::of(group.is_floor));
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
    // What is compared with a baseline are medians.
    let words = [limit.words, if group.before.is_some() { "a run" } else { "" }];
    let words = words.into_iter().filter(|words| !words.is_empty()).map(|words| format!(" {words}"));
    format!("{used}{}{}", of.unwrap_or_default(), words.collect::<String>())
}

/// Whether what is used and the limit look alike if they are rounded in the same way, and aren't.
fn is_alike(kind: Kind, group: &Standing) -> bool {
    let shown = |value| amount(kind, value, Bound::of(group.is_floor));
    group.used.zip(group.limit).is_some_and(|(used, limit)| used != limit && shown(used) == shown(limit))
}

/// Whether a figure for people lacks digits of the value: then it is that of a smaller one too.
fn is_rounded(kind: Kind, value: i64) -> bool {
    amount(kind, value, Bound::Floor) == amount(kind, value.saturating_sub(1), Bound::Floor)
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
    let sign = Bound::of(group.is_floor).prefix();
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
    let shown = amount(limit.kind, over, Bound::of(group.is_floor));
    let (sign, shown) = shown.split_at(shown.len() - shown.trim_start_matches(['≥', '>']).len());
    format!("{sign}+{shown}")
}

fn over_by(group: &Standing) -> Option<i64> {
    group.used?.checked_sub(group.limit?).filter(|over| *over > 0)
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
