//! GitHub Actions: annotations on standard output, and the outputs of the step.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use chrono_tz::Tz;

use super::phrase::{self, MOST_GROUPS};
use super::remarks;
use crate::render::dimension::number_of;
use crate::render::{escape, exact};
use crate::table::verdict::{Judged, Standing, State, Verdict};

/// Writes an annotation for each group that isn't ok, and a summary.
pub(super) fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let groups = || verdict.limits.iter().flat_map(|limit| limit.groups.iter().map(move |group| (limit, group)));
    for (command, fails) in [("error", true), ("warning", false)] {
        let is_of_command = |group: &Standing| group.state != State::Ok && group.fails == fails;
        let all: Vec<(&Judged, &Standing)> = groups().filter(|(_, group)| is_of_command(group)).collect();
        for (limit, group) in all.iter().take(MOST_GROUPS) {
            annotation(command, limit, group, verdict.window.zone, out)?;
        }
        let left_out: usize = verdict.limits.iter().map(|limit| limit.left_out(is_of_command)).sum();
        let more = all.len().saturating_sub(MOST_GROUPS) + left_out;
        if more > 0 {
            let more = number_of(more, &format!("more {command}"));
            writeln!(out, "Not annotated: {more}")?;
        }
    }
    // A title may hold names; in the data of a command nothing is a command.
    let headline = phrase::headline(verdict);
    let headline = if headline.is_empty() { headline } else { format!(" ({headline})") };
    let summary = format!("{}{headline}", phrase::summary(verdict));
    writeln!(out, "::notice title=forge-usage check::{}", data(&summary))
}

fn annotation(command: &str, limit: &Judged, group: &Standing, zone: Tz, out: &mut dyn Write) -> io::Result<()> {
    let (name, state) = (phrase::name(group), group.state.name());
    let (used, share) = (phrase::used_of_limit(limit, group), phrase::share(group));
    let first = format!("{name}: {state} {used} {share} {}", phrase::over(limit, group));
    let mut said = vec![first.trim_end().to_owned()];
    said.extend(remarks::of_group(limit, group, zone));
    let said: Vec<String> = said.iter().map(|line| data(line)).collect();
    // %0A is a line break that stays within the command.
    writeln!(out, "::{command} title={}::{}", property(&limit.budget), said.join("%0A"))
}

/// Text for the data of a workflow command.
fn data(text: &str) -> String {
    escape::terminal(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text for a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Lines for the file that `GITHUB_OUTPUT` names: words and numbers of ours, nothing that was read.
pub fn step_outputs(verdict: &Verdict) -> String {
    let usd = |value: Option<crate::event::Usd>| value.map(exact::dollars).unwrap_or_default();
    format!(
        "state={}\nexit_code={}\ntotal_cost_usd={}\ntotal_cost_low_usd={}\ncomplete={}\n",
        verdict.state().name(),
        verdict.exit_code,
        usd(verdict.cost),
        usd(verdict.cost_low),
        verdict.is_complete
    )
}
