//! What stands in one cell of a screen: a text, and the state it tells of.

use super::number::{Bound, UNKNOWN};

/// What stands in a cell.
pub(super) struct Figure {
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// The state that a figure tells of; a colour may repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing to note.
    Plain,
    /// Not known.
    Unknown,
    /// A lower bound.
    Floor,
    /// Something failed.
    Failed,
}

impl Figure {
    /// A figure of which nothing is to note.
    pub(super) fn plain(text: impl Into<String>) -> Figure {
        Figure { text: text.into(), tone: Tone::Plain }
    }

    /// `text`, or the sign that it is not known.
    pub(super) fn known(text: Option<String>) -> Figure {
        text.map_or_else(|| Figure { text: UNKNOWN.to_owned(), tone: Tone::Unknown }, Figure::plain)
    }

    /// As [`Figure::known`], marked where it is a floor.
    pub(super) fn bounded(text: Option<String>, bound: Bound) -> Figure {
        match (text, bound) {
            (Some(text), Bound::Floor) => Figure { text, tone: Tone::Floor },
            (text, _) => Figure::known(text),
        }
    }
}
