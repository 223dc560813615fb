//! The steps within one message. Nearly all are part of its totals.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::usage::Usage;
use crate::event::{Defect, Id};
use crate::parse::growth::Step;
use crate::parse::json::{Text, or_zero, part};
use crate::parse::lines::model;

/// Steps of a message that its totals leave out: another model's advice, and a summary of what came before
/// (<https://platform.claude.com/docs/en/build-with-claude/compaction>).
const EXTRA_STEPS: [&str; 2] = ["advisor_message", "compaction"];

/// The last step of a model that answered in place of one that declined. The totals are its own alone
/// (<https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback>).
const FALLBACK: &str = "fallback_message";

/// A step of the model that was asked, or of one that answered in its place.
const OWN: &str = "message";

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
}

/// The steps of a message, each with its usage; none where all are part of its totals.
#[derive(Default)]
pub(super) struct Steps<'a>(Vec<(Kind<'a>, &'a RawValue)>);

impl<'a> Steps<'a> {
    pub(super) fn of(iterations: Option<&'a RawValue>) -> Steps<'a> {
        // Nearly no message has any that matter.
        let matters = |text: &str| text.contains(FALLBACK) || EXTRA_STEPS.iter().any(|extra| text.contains(extra));
        let Some(steps) = iterations.filter(|steps| matters(steps.get())) else { return Steps::default() };
        let steps: Vec<&RawValue> = part(steps.get()).unwrap_or_default();
        Steps(steps.into_iter().filter_map(|json| Some((part(json.get()).ok()?, json))).collect())
    }

    /// The model that answered in place of one that declined, and what its last step used.
    pub(super) fn fallback(&self) -> Option<(Id, Usage<'a>)> {
        let (kind, json) = self.0.iter().rfind(|(kind, _)| kind.r#type.is(FALLBACK))?;
        Some((kind.model.get().and_then(model)?, part(json.get()).ok()?))
    }

    /// Those that the totals leave out, or what is wrong with them. Who declines before any output is free, but for a
    /// few kinds of requests, which nothing in a step tells.
    pub(super) fn extra(&self) -> Vec<Result<Step, Defect>> {
        let fallback = self.fallback().map(|(by, _)| by);
        let extra = self.0.iter().filter_map(|(kind, json)| {
            let by = kind.model.get().and_then(model);
            let has_declined = fallback.is_some() && by != fallback && kind.r#type.is(OWN);
            if !has_declined && !EXTRA_STEPS.iter().any(|extra| kind.r#type.is(extra)) {
                return None;
            }
            let usage: Result<Usage<'_>, Defect> = part(json.get());
            let is_free = has_declined && usage.as_ref().is_ok_and(|usage| or_zero(usage.output_tokens) == 0);
            (!is_free).then_some((by, usage))
        });
        let steps = extra.enumerate().map(|(nth, (model, usage))| {
            let usage = usage?;
            Ok(Step { nth, model, service_tier: usage.tier(None), usage: usage.tokens() })
        });
        steps.collect()
    }
}
