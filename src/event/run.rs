//! Runs of forge's loops.

use serde::{Deserialize, Serialize};

use super::{Id, Time};

/// forge's id of a run: a UUID for loops.
pub type RunId = Id;

/// A loop's run, as forge wrote it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// `run_id`, unique everywhere.
    #[serde(rename = "run_id")]
    pub id: RunId,
    /// Name of the loop (or workflow).
    #[serde(rename = "loop", default, skip_serializing_if = "Option::is_none")]
    pub loop_name: Option<Id>,
    /// Path of the repository the loop works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Id>,
    /// forge's name for a harness and an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Id>,
    /// `codex`, `claude`, …; `None` where the ledger has no such line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness: Option<Id>,
    /// The ledger's word for how the account logs in; what it says of paying, [`Billing`](super::Billing) tells. `None` where
    /// the ledger has no such line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_kind: Option<Id>,
    /// `success`, `error`, `killed`, …; `None` where only a loop log tells of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Id>,
    /// The harness's exit code; `None` where it was killed, or none was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// When the run began; `None` where an entry lacks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended; `None` for a run that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// By when it was over, where it isn't told when it ended: a ledger's entry was appended then, or forge's next
    /// line in a loop log written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_by: Option<Time>,
}

impl Run {
    /// Whether forge says that it was killed.
    pub fn is_killed(&self) -> bool {
        self.status.as_deref() == Some("killed")
    }

    /// Whether its harness ended by itself, and well.
    pub fn is_success(&self) -> bool {
        self.status.as_deref() == Some("success")
    }

    /// A run of which nothing else is known.
    pub fn new(id: RunId) -> Run {
        Run {
            id,
            loop_name: None,
            repo: None,
            profile: None,
            harness: None,
            auth_kind: None,
            status: None,
            exit_code: None,
            started_at: None,
            finished_at: None,
            over_by: None,
        }
    }
}
