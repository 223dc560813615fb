//! Events become numbers.
//!
//! [`SourceFold`] takes the events of one source in their order and gives [`Facts`]; facts of
//! different sources merge in any order, because what they hold is keyed by what the harness wrote;
//! [`settle`] weighs a run's witnesses against each other and gives the rows of the fact table.
//! Knows no format.
//!
//! # Steps of settling
//!
//! 1. Whose a call is that several conversations show: a fork copies its parent's history (`copies`, `shelf`, `own`).
//! 2. Which run each conversation is of: its output names it, or its session log fits the run's time (`join`).
//! 3. Which part of a conversation's counter each run used: the growth since the run before (`growth`, `ends`,
//!    `unsure`).
//! 4. An account for each conversation within each run: its calls, its part of the counter, the results of its
//!    processes, its session log (`places`, `accounts`). What they come to, and how well that is known (`account`,
//!    `logged`).
//! 5. A run's accounts beside its footer: which of them is taken, whether they agree (`footers`, `verdict`).
//!
//! # Words
//!
//! | Word | Meaning |
//! | --- | --- |
//! | witness | a kind of record that tells usage: a counter, calls, a result, a footer, a session log |
//! | counter, reading | what a harness counts up over a conversation, and one value that it had |
//! | growth, share | how much a counter rose, and how much of that is one run's |
//! | result | the closing record of a process, with what the process used by model |
//! | footer | the blended total at the end of Codex's plain output |
//! | logged | told by a harness's own session log; *shown*: by a captured output |
//! | bare | of a log that is no run's output, or of no run |
//! | owner | a run, or a conversation of no run: whose a row is |
//! | account | what is known of one conversation within one owner |
//! | untold | what a record says nothing of; a floor, or filled in from another witness |
//! | anonymous | a conversation that nothing names: one a source |
//! | doubtful | told by records alone that may be quoted or forged |

mod account;
mod accounts;
mod call;
mod compact;
mod conversation;
mod copies;
mod counts;
mod cuts;
mod ends;
mod facts;
mod footer_sets;
mod footers;
mod growth;
mod held;
mod hidden;
mod holders;
mod join;
mod log;
mod log_end;
mod log_shares;
mod logged;
mod losses;
mod messages;
mod named;
mod own;
mod owner;
mod packed;
mod parts;
mod place;
mod placed;
mod places;
mod quota;
mod quotas;
mod reason;
mod rows;
mod run;
mod settle;
mod settled;
mod shelf;
mod source;
mod timing;
mod told_elsewhere;
mod twins;
mod uncounted;
mod unsure;
mod untold;
mod verdict;
mod view;
mod weigh;
mod weighed;

pub use call::CallFacts;
pub use conversation::{ConversationFacts, Reading, ResultFacts, ResultKey};
pub use counts::Counts;
pub use facts::Facts;
pub use join::IsHome;
pub use log::{Context, Log, LogCall, LogKey};
pub use messages::Messages;
pub use named::NamedConversation;
pub use owner::{Lack, Owner, Quality, Reconciled, RowCost, Taken, UsageRow, Work};
pub use place::Place;
pub use quota::QuotaReading;
pub use reason::{Reason, Reasons};
pub use rows::UsageRows;
pub use run::RunFacts;
pub use settle::{settle, settle_with};
pub use settled::{Placed, Pricing, Settled};
pub use source::SourceFold;
pub use timing::{Shown, TimingFacts};
pub use view::RowView;
