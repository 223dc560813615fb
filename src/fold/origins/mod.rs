//! Of which conversation a fact is that several show, or that names none: forking a conversation copies its history, and
//! not every record names the conversation that it is of. And which of them an output but quotes.

mod above_copies;
mod copies;
mod footers;
mod originals;
mod own;
mod quoted;
mod readings;
mod shelf;
mod told_elsewhere;
mod unrecorded;

pub(in crate::fold) use self::above_copies::give_above_copies;
pub(in crate::fold) use self::copies::attribute;
pub(in crate::fold) use self::footers::{name_by_footer, name_footers};
pub(in crate::fold) use self::own::{Own, take_own_calls};
pub(in crate::fold) use self::quoted::unplace_quoted;
pub(in crate::fold) use self::readings::name_by_reading;
