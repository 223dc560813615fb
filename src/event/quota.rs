//! Rate limits.

use serde::{Deserialize, Serialize};

use super::usage::maybe_count;
use super::{Doubt, Id, Time};

/// State of one rate-limit window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// The conversation it was told to; `None` where nothing names it.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// The provider's name of the limit, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Id>,
    /// The account's plan, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Id>,
    /// Length of the window in minutes.
    #[serde(default, deserialize_with = "maybe_count", skip_serializing_if = "Option::is_none")]
    pub window_minutes: Option<u64>,
    /// Share used, in percent.
    pub used_percent: f64,
    /// When the window starts anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Time>,
    /// Whether it may be a copy of what another conversation was told.
    #[serde(default, skip_serializing_if = "Doubt::is_none")]
    pub doubt: Doubt,
}
