//! Events become numbers.
//!
//! [`SourceFold`] takes the events of one source in their order and gives [`Facts`]; facts of
//! different sources merge in any order, because what they hold is keyed by what the harness wrote;
//! [`settle`] weighs a run's witnesses against each other and gives the rows of the fact table.
//! Knows no format.
//!
//! # Folders
//!
//! Each stands on those above it.
//!
//! | Folder | Holds |
//! | --- | --- |
//! | `facts` | what is known of runs, conversations and calls, and how what several sources tell merges |
//! | `source` | the events of one source become facts |
//! | `rows` | what folding gives: owners of usage, and the rows of the fact table |
//! | `origins` | of which conversation a fact is that several show, or that names none: a fork copies its parent's history, and a resumed process restores what earlier ones counted |
//! | `join` | which run a conversation is of that no output names: its session log fits the run's time |
//! | `accounts` | an account for each conversation within each run, and what it comes to |
//! | `settle` | a run's accounts beside its footer: which of them is taken, whether they agree |
//!
//! # Accounts
//!
//! 1. Which run each call, reading and result is of (`places`, which asks `worked` who was at work; of a conversation with
//!    a session log, `holders`; of one that no output names, `joined`).
//! 2. Which part of a conversation's counter each run used: the growth since the run before (`bounds`, `read_order`,
//!    `growth`, `reasoning`, `share`, `ends`, `unsure`).
//! 3. Which part of a session log each run used, and what outputs and traces tell of the same calls (`split`,
//!    `split_log`, `log_share`, `held`, `twins`, `losses`).
//! 4. What of an `account` is somebody else's, or told twice by an output that breaks off, and what is missing
//!    (`cut_outputs`, `after_results`, `gaps`, `counted`).
//! 5. What the counter, the calls, the results and the log come to together, and how well that is known (`weigh`,
//!    `weighed`, `parts`, `spans`, `hidden`, `torn_captures`, `untold`).
//!
//! # Words
//!
//! | Word | Meaning |
//! | --- | --- |
//! | witness | a kind of record that tells usage: a counter, calls, a result, a footer, a session log |
//! | counter, reading | what a harness counts up over a conversation, and one value that it had |
//! | growth, share | how much a counter rose, and how much of that, or of a session log, is one owner's |
//! | result | the closing record of a process, with what the process used by model |
//! | footer | the blended total at the end of Codex's plain output |
//! | logged | told by a harness's own session log; *shown*: by a captured output |
//! | joined | of a session log: taken for the run that it fits by time and place, as no output names its conversation |
//! | bare | of a log that is no run's output, or of no run |
//! | owner | a run, or a conversation of no run: whose a row is |
//! | account | what is known of one conversation within one owner |
//! | untold | what a record says nothing of; a floor, or filled in from another witness |
//! | anonymous | a conversation that nothing names: one a source |
//! | doubtful | told by records alone that may be quoted or forged |

mod accounts;
mod facts;
mod join;
mod origins;
mod rows;
mod settle;
mod source;

pub use facts::{
    CallFacts, ConversationFacts, Counts, Facts, Hosts, LogCall, LogKey, Messages, Place, QuotaReading, Reading,
    ResultFacts, ResultKey, RunFacts, SessionLog, TimingFact, TimingFacts, TurnContext,
};
pub use join::IsHome;
pub use rows::{
    Lack, NamedConversation, Owner, Quality, Reason, Reasons, Reconciled, RowCost, RowView, Taken, UsageRow, UsageRows,
    Work,
};
pub use settle::{Placed, Pricing, Settled, settle, settle_with};
pub use source::SourceFold;
