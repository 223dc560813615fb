//! What sub-agents used. pi itself has none: extensions run another pi, and note what it said in the details of their
//! tool's result: `{"results": [{…}, …]}`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::background;
use super::beyond::{Beyond, Several};
use super::message::{Message, Tell};
use super::sub_agent::{SubAgent, uncounted};
use crate::event::{Id, Time};
use crate::parse::json::{Text, part};
use crate::parse::lines::{id, key, model};

/// What a tool notes of several sub-agents.
#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    results: Option<Vec<&'a RawValue>>,
    /// What came of those that worked in the background.
    #[serde(borrow)]
    completions: Option<&'a RawValue>,
    /// The name of such ones that begin.
    #[serde(borrow, default, rename = "asyncId")]
    launched: Text<'a>,
}

/// Tells what a tool's result says of sub-agents. `name` is the tool call's. What pi tells of all that the tool used
/// isn't told again; where sub-agents keep sessions, these tell it.
pub(super) fn tell(result: &Message<'_>, name: &str, time: Option<Time>, tell: Tell<'_>) {
    let name = format!("{name} {}", result.answered());
    let noted = result.details.and_then(|details| Some((part::<Details<'_>>(details.get()).ok()?, details)));
    background::tell(noted.as_ref().and_then(|(noted, _)| noted.completions), time, tell);
    let Some((Details { results: Some(results), launched, .. }, details)) = &noted else {
        if result.is_aborted_sub_agent() {
            tell(uncounted(key(&name)), time);
        }
        return;
    };
    let told = tell_each(results, &name, time, tell);
    match &result.usage {
        Some(usage) => {
            let all = usage.tokens();
            if all.exceeds(&told.usage) {
                told.tell_excess(&all, &name, time, tell);
            }
        }
        None => Beyond::of(details.get()).tell(&told, &name, time, tell),
    }
    if let Some(run) = launched.get().and_then(id) {
        tell(uncounted(background::launched(&run)), time);
    }
}

/// What stands where sub-agents began that a tool's result tells the end of.
pub(super) fn launched(result: &Message<'_>) -> Option<Id> {
    background::first_launched(part::<Details<'_>>(result.details?.get()).ok()?.completions)
}

/// Whether a tool's result names sessions of sub-agents.
pub(super) fn keep_sessions(result: &Message<'_>) -> bool {
    let details = result.details.and_then(|details| part::<Details<'_>>(details.get()).ok());
    let results = details.and_then(|details| details.results).unwrap_or_default();
    results.iter().any(|told| part::<SubAgent<'_>>(told.get()).is_ok_and(|sub_agent| sub_agent.keeps_session()))
}

fn tell_each(results: &[&RawValue], name: &str, time: Option<Time>, tell: Tell<'_>) -> Several {
    let mut all = Several::default();
    let mut models = Vec::new();
    for (place, told) in results.iter().enumerate() {
        // Other tools have results, too.
        let Ok(sub_agent) = part::<SubAgent<'_>>(told.get()) else { continue };
        let used = sub_agent.tell(&format!("{name} {place}"), time, tell);
        all.usage = all.usage.plus(&used);
        all.logs.push(sub_agent.log());
        models.push(sub_agent.model.get().and_then(model));
    }
    models.dedup();
    all.model = models.pop().filter(|_| models.is_empty()).flatten();
    all
}
