//! Messages as Anthropic's API answers them: Claude's captures and session files hold them whole.

mod steps;
mod usage;

use std::iter;

use serde::Deserialize;

use super::growth::{Growth, Step};
use super::json::{self, Text};
use super::lines::{key, model};
use super::plain::Plain;
use crate::event::{Call, CallKey, Id};
use steps::Steps;

pub use usage::{Usage, usage};

/// A model name that marks a message that no model wrote.
const SYNTHETIC: &str = "<synthetic>";

/// A message that a model wrote.
#[derive(Default, Deserialize)]
pub struct Message<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    /// `null` while it streams; some writers leave it out.
    #[serde(borrow, default = "Text::empty")]
    stop_reason: Text<'a>,
    #[serde(borrow)]
    usage: Option<Usage<'a>>,
}

impl<'a> Message<'a> {
    /// Takes what a message says that is written plainly, for one that says nothing yet.
    pub fn take(&mut self, json: &mut Plain<'a>) -> Option<()> {
        let mut stop_reason = None;
        json.object(|key, json| match key {
            b"id" => json.text_into(&mut self.id),
            b"model" => json.text_into(&mut self.model),
            b"stop_reason" => json.text_or_null_into(&mut stop_reason),
            b"usage" if self.usage.is_none() => self.usage.insert(Usage::default()).take(json),
            b"usage" => None,
            _ => json.pass_over(),
        })?;
        self.stop_reason = stop_reason.unwrap_or_else(Text::empty);
        Some(())
    }

    /// The calls that it tells of: its own, and those of steps that its totals leave out. None without usage,
    /// or if no model wrote it. The first of `or_keys` that is known names a message without an id; `before` is a call
    /// whose names may be shared.
    pub fn calls(&self, or_keys: &[&Text<'_>], before: Option<&Call>) -> impl Iterator<Item = Box<Call>> + use<> {
        let steps = self.steps();
        let own = self.own_call(or_keys, before, &steps);
        let extra = own.iter().flat_map(|own| steps.extra().into_iter().flatten().filter_map(|step| step.call(own)));
        let extra: Vec<Call> = extra.collect();
        own.into_iter().chain(extra.into_iter().map(Box::new))
    }

    /// Whether it has this text, which is not empty, as its id.
    pub fn is_called(&self, name: &Text<'_>) -> bool {
        name.bytes().is_some_and(|name| !name.is_empty() && self.id.bytes() == Some(name))
    }

    /// Whether a model wrote it and nothing tells what that used.
    pub fn is_uncounted(&self) -> bool {
        !self.usage.as_ref().is_some_and(Usage::counts)
            && !self.is_synthetic()
            && self.model.bytes().is_some_and(|model| !model.is_empty())
    }

    /// Whether the harness wrote it in a model's place, as where a request failed.
    pub fn is_synthetic(&self) -> bool {
        self.model.is(SYNTHETIC)
    }

    /// What identifies the call that it answers: its id, or the first of `or_keys` that is known.
    pub fn key(&self, or_keys: &[&Text<'_>]) -> Option<Id> {
        self.name(or_keys)?.get().map(key)
    }

    fn name<'b>(&'b self, or_keys: &[&'b Text<'_>]) -> Option<&'b Text<'b>> {
        let has_id = self.id.bytes().is_some_and(|id| !id.is_empty());
        if has_id { Some(&self.id) } else { or_keys.iter().copied().find(|key| key.bytes().is_some()) }
    }

    /// Whether a step that its totals leave out can't be read.
    pub fn has_bad_step(&self) -> bool {
        self.steps().extra().iter().any(Result::is_err)
    }

    fn steps(&self) -> Steps<'_> {
        Steps::of(self.usage.as_ref().and_then(|usage| usage.iterations))
    }

    fn own_call(&self, or_keys: &[&Text<'_>], before: Option<&Call>, steps: &Steps<'_>) -> Option<Box<Call>> {
        let usage = self.usage.as_ref().filter(|usage| usage.counts() && !self.is_synthetic())?;
        let name = self.name(or_keys)?;
        let own_key = match before.map(|call| &call.key) {
            Some(CallKey::Message(id)) if name.is(id) => id.clone(),
            _ => key(name.get()?),
        };
        // A message that was begun by a model which then declined may still name that one.
        let fallback = steps.fallback().map(|(by, _)| by);
        let asked = || json::name(&self.model, before.and_then(|call| call.model.as_ref()), model);
        Some(Box::new(Call {
            model: fallback.or_else(asked),
            service_tier: usage.tier(before.and_then(|call| call.service_tier.as_ref())),
            is_final: self.stop_reason.bytes().is_some(),
            ..Call::new(CallKey::Message(own_key), usage.tokens())
        }))
    }
}

/// What a later report of a streaming message says, with the steps that it leaves out; what it doesn't tell holds.
pub fn growth(usage: &Usage<'_>) -> impl Iterator<Item = Growth> + use<> {
    let steps = Steps::of(usage.iterations);
    let totals = usage.totals(steps.fallback().map(|(by, usage)| (by, usage.tokens())));
    let extra: Vec<Step> = steps.extra().into_iter().flatten().collect();
    iter::once(Growth::Totals(totals)).chain(extra.into_iter().map(Growth::Step))
}
