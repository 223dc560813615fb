//! Sub-agents that work in the background, as those of pi-subagents may (seen in 2026). Their launch names them, and results of
//! later tools tell what came of them: `{"completions": [{"runId": "a1", "results": […]}]}`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::Tell;
use super::sub_agent::{SubAgent, rest_of};
use crate::event::{Id, Time};
use crate::parse::json::{Text, part};
use crate::parse::lines::id;

/// What came of sub-agents that worked in the background.
#[derive(Deserialize)]
struct Completion<'a> {
    #[serde(borrow, default, rename = "runId")]
    run: Text<'a>,
    /// Without any, it tells itself what was used.
    #[serde(borrow, default)]
    results: Vec<&'a RawValue>,
}

/// Tells what came of those that worked in the background, however often that is told.
pub(super) fn tell(completions: Option<&RawValue>, time: Option<Time>, tell: Tell<'_>) {
    for told in each_completion(completions) {
        let Some((run, results)) = completion(told) else { continue };
        let results = if results.is_empty() { vec![told] } else { results };
        for (place, told) in results.iter().enumerate() {
            let Ok(sub_agent) = part::<SubAgent<'_>>(told.get()) else { continue };
            sub_agent.tell(&of_run(&run, place), time, tell);
        }
    }
}

fn each_completion(completions: Option<&RawValue>) -> Vec<&RawValue> {
    completions.and_then(|completions| part(completions.get()).ok()).unwrap_or_default()
}

/// The name of what worked in the background, and what it told.
fn completion(told: &RawValue) -> Option<(Id, Vec<&RawValue>)> {
    let Completion { run, results } = part(told.get()).ok()?;
    Some((run.get().and_then(id)?, results))
}

/// What stands where the first of those began that these tell the end of.
pub(super) fn first_launched(completions: Option<&RawValue>) -> Option<Id> {
    let (run, _) = completion(each_completion(completions).first()?)?;
    Some(launched(&run))
}

/// The key of what stands where one began, until something tells what it used.
pub(super) fn launched(run: &str) -> Id {
    rest_of(&of_run(run, 0))
}

/// The name of one of those that work in the background.
fn of_run(run: &str, place: usize) -> String {
    format!("in the background {run} {place}")
}
