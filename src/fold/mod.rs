//! Events become numbers.
//!
//! [`SourceFold`] takes the events of one source in their order and gives [`Facts`]; facts of
//! different sources merge in any order, because what they hold is keyed by what the harness wrote;
//! [`settle`] weighs a run's witnesses against each other and gives the rows of the fact table.
//! Knows no format.

mod account;
mod accounts;
mod compact;
mod conversation;
mod copies;
mod counts;
mod cuts;
mod ends;
mod facts;
mod footers;
mod growth;
mod held;
mod hidden;
mod join;
mod latency;
mod log;
mod logged;
mod losses;
mod messages;
mod own;
mod owner;
mod packed;
mod parts;
mod place;
mod places;
mod quota;
mod reason;
mod rows;
mod run;
mod settle;
mod shelf;
mod source;
mod timing;
mod twins;
mod uncounted;
mod unsure;
mod untold;
mod verdict;
mod view;
mod weighed;

pub use conversation::{ConversationFacts, Reading, ResultFacts, ResultKey};
pub use counts::Counts;
pub use facts::{CallFacts, Facts};
pub use join::IsHome;
pub use latency::Placed;
pub use log::{Context, Log, LogCall, LogKey};
pub use messages::Messages;
pub use owner::{Lack, NamedConversation, Owner, Quality, Reconciled, RowCost, Taken, UsageRow, Work};
pub use place::Place;
pub use quota::QuotaReading;
pub use reason::{Reason, Reasons};
pub use rows::UsageRows;
pub use run::RunFacts;
pub use settle::{Pricing, Settled, settle, settle_with};
pub use source::SourceFold;
pub use timing::{Shown, TimingFacts};
pub use view::RowView;
