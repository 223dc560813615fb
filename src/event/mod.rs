//! Immutable typed facts: what a parser says and a fold sums up. Everything imports this room, it
//! imports none.
//!
//! An event never holds content or identity: no text of a message, prompt, argument or output, no
//! e-mail, no account id.
//!
//! A field that is `None` is one that its source doesn't tell: never zero, never "no". Where it means more, the field
//! says so.

mod billing;
mod call;
mod counter;
mod defect;
mod fact;
mod id;
mod line;
mod model;
mod needs;
mod quota;
mod run;
mod source;
mod time;
mod timing;
mod uncounted;
mod usage;
mod usd;

pub use billing::Billing;
pub use call::{Call, CallKey, Conversation, Doubt, GROWING, Inherited};
pub use counter::{Counter, Footer, ModelUsage, RESTORED_SINCE, Reset, Scope};
pub use defect::Defect;
pub use fact::{Event, Fact, Harness};
pub use id::Id;
pub use line::{Line, SCHEMA_VERSION};
pub use model::{without_date, without_window};
pub use needs::Needs;
pub use quota::Quota;
pub use run::{Run, RunId};
pub use source::{Loss, Skip, Skipped, Source, unpacked_name};
pub use time::Time;
pub use timing::{Answered, CallTiming, FirstToken, Request, Since, Stream, StreamFailure, ToolCall};
pub use uncounted::{AgentLog, AgentLogName, Uncounted};
pub use usage::{MAX_COUNT, MIXED, STANDARD, TokenUsage};
pub use usd::Usd;
