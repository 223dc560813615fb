//! Steps of a message. However often a model was asked for it, a message tells the tokens of the last step alone, and the
//! cost of all; in Kilo, what its sub-agents cost, too. A part of each step tells its own (opencode 0.5 to 1.17).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::tokens::{Reading, Tokens};
use crate::event::{TokenUsage, Usd};
use crate::parse::json::{Text, part, price};

/// What a step's part is.
const FINISH: &str = "step-finish";

/// What the steps of a message come to.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) reading: Reading,
    /// What the harness says they cost; `None` where it doesn't.
    pub(super) cost: Option<Usd>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow)]
    tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

impl Steps {
    /// Those among a message's parts.
    pub(super) fn of(parts: &RawValue) -> Option<Steps> {
        if !parts.get().contains(FINISH) {
            return None;
        }
        let parts = part::<Vec<&RawValue>>(parts.get()).ok()?;
        let finishes = parts.into_iter().filter_map(|told| part::<Part<'_>>(told.get()).ok());
        finishes.filter(|told| told.r#type.is(FINISH)).try_fold(Steps::default(), |all, told| all.with(&told))
    }

    /// With one more; `None` if its counts are none: then the message's own tell more.
    fn with(self, told: &Part<'_>) -> Option<Steps> {
        let Reading { usage, has_two } = part::<Tokens>(told.tokens?.get()).ok()?.reading(true);
        let sum: TokenUsage = self.reading.usage.plus(&usage);
        let reading = Reading { usage: sum, has_two: self.reading.has_two || has_two };
        Some(Steps { reading, cost: Usd::sum_known(self.cost, price(told.cost)) })
    }
}
