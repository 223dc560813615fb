//! OpenMetrics text, for Prometheus and what reads its format.
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use std::io::{self, Write};

use crate::event::Usd;
use crate::render::{escape, exact};
use crate::table::schema::Kind;
use crate::table::verdict::{Judged, Standing, State, Verdict};

/// Units, in the order of the output.
const UNITS: [&str; 4] = ["usd", "tokens", "seconds", "runs"];

/// Writes the verdict as gauges and state sets.
pub(super) fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let groups: Vec<(&Judged, &Standing)> =
        verdict.limits.iter().flat_map(|limit| limit.groups.iter().map(move |group| (limit, group))).collect();
    for unit in UNITS {
        let of_unit = || groups.iter().filter(move |(limit, _)| unit_of(limit.kind) == unit);
        let sample = |limit: &Judged, group: &Standing, value: i64| {
            format!("{{{}}} {}", labels(limit, group), number(limit.kind, value))
        };
        let used = of_unit().filter_map(|(limit, group)| Some(sample(limit, group, group.used?)));
        let help = "What is known to be used; a floor where forge_usage_budget_is_floor is 1.";
        gauge(&format!("forge_usage_budget_used_{unit}"), Some(unit), help, used, out)?;
        let limits = of_unit().filter_map(|(limit, group)| Some(sample(limit, group, group.limit?)));
        let help = "The most that is within the budget.";
        gauge(&format!("forge_usage_budget_limit_{unit}"), Some(unit), help, limits, out)?;
    }
    let flag = |get: fn(&Standing) -> i64| {
        groups.iter().map(move |(limit, group)| format!("{{{}}} {}", labels(limit, group), get(group)))
    };
    let is_floor = flag(|group| i64::from(group.is_floor));
    gauge("forge_usage_budget_is_floor", None, "Whether more may have been used.", is_floor, out)?;
    let unknown = flag(|group| group.unknown_runs);
    let help = "Runs of which the measure isn't known in full.";
    gauge("forge_usage_budget_unknown_runs", Some("runs"), help, unknown, out)?;
    states(&groups, out)?;
    let cost = |value: Option<Usd>| value.map(|value| format!(" {}", exact::dollars(value))).into_iter();
    let (whole, low) = (cost(verdict.cost), cost(verdict.cost_low));
    gauge("forge_usage_cost_usd", Some("usd"), "Cost of all that was read, if all of it is known.", whole, out)?;
    gauge("forge_usage_cost_low_usd", Some("usd"), "Floor of the cost of all that was read.", low, out)?;
    writeln!(out, "# EOF")
}

fn gauge(
    name: &str,
    unit: Option<&str>,
    help: &str,
    samples: impl Iterator<Item = String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "# TYPE {name} gauge")?;
    if let Some(unit) = unit {
        writeln!(out, "# UNIT {name} {unit}")?;
    }
    writeln!(out, "# HELP {name} {help}")?;
    samples.try_for_each(|sample| writeln!(out, "{name}{sample}"))
}

fn states(groups: &[(&Judged, &Standing)], out: &mut dyn Write) -> io::Result<()> {
    const NAME: &str = "forge_usage_budget_state";
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(out, "# TYPE {NAME} stateset\n# HELP {NAME} How the group stands against its limit.")?;
    for (limit, group) in groups {
        for state in State::ALL {
            let is_it = u8::from(group.state == state);
            writeln!(out, "{NAME}{{{},{NAME}=\"{}\"}} {is_it}", labels(limit, group), state.name())?;
        }
    }
    Ok(())
}

fn labels(limit: &Judged, group: &Standing) -> String {
    let mut labels = vec![("budget", limit.budget.as_str()), ("measure", limit.measure)];
    labels.extend(group.key.iter().map(|(name, value)| (*name, value.as_deref().unwrap_or(""))));
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    labels.join(",")
}

/// A label's value: hidden characters shown, then the format's own escapes.
fn escaped(text: &str) -> String {
    escape::terminal(text).replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

fn unit_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Usd => "usd",
        Kind::Tokens => "tokens",
        Kind::Millis => "seconds",
        _ => "runs",
    }
}

fn number(kind: Kind, value: i64) -> String {
    match kind {
        Kind::Usd => exact::dollars(Usd::from_pico(value)),
        Kind::Millis => format!("{}.{:03}", value / 1000, value.rem_euclid(1000)),
        _ => value.to_string(),
    }
}
