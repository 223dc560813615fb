//! Of which conversation a fact is that several show, or that names none: forking a conversation copies its history, and
//! not every record names the conversation that it is of. And which of them an output but quotes.

mod above_copies;
mod agent_logs;
mod aliases;
mod compactions;
mod copies;
mod footers;
mod originals;
mod own;
mod quoted;
mod readings;
mod restored;
mod results;
mod rewritten;
mod shelf;
mod told_elsewhere;
mod unnamed;
mod unrecorded;
mod used;
mod with_children;

pub(in crate::fold) use self::own::{Own, take_own_calls};

use self::above_copies::give_above_copies;
use self::aliases::name_models;
use self::compactions::give_compactions;
use self::copies::attribute;
use self::footers::{name_by_footer, name_footers};
use self::quoted::unplace_quoted;
use self::readings::name_by_reading;
use self::restored::take_off_restored;
use self::rewritten::drop_rewritten;
use self::with_children::drop_readings_with_children;
use crate::fold::facts::Facts;

impl Facts {
    /// Gives every call, reading and footer to the conversation that it is of, as far as anything tells. Calls of
    /// session logs that the counter or a response tells are left to [`take_own_calls`].
    pub(in crate::fold) fn find_origins(&mut self) {
        self.drop_counted();
        self.unpack_witnessed();
        // Pieces of a streamed answer have no time, unlike the record of it.
        self.calls.values_mut().for_each(|call| call.time = call.time.or(call.earliest));
        let Facts { runs, conversations, calls, shared, .. } = self;
        for facts in conversations.values_mut().filter(|facts| facts.is_main) {
            facts.is_subagent = false;
        }
        drop_readings_with_children(conversations);
        name_by_reading(conversations);
        attribute(calls, shared, conversations);
        name_models(calls, conversations);
        give_compactions(calls, conversations);
        give_above_copies(calls, shared, conversations);
        drop_rewritten(calls, conversations);
        take_off_restored(conversations, calls, runs);
        unplace_quoted(calls, runs);
        name_footers(runs, conversations, calls);
        name_by_footer(runs, conversations, calls);
    }
}
