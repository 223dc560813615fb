//! What the latest records had, so that the next ones share it and need not be taken apart anew. It changes
//! what a record costs, never what it says.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use super::lines;
use crate::event::Id;

/// How many are remembered of a kind: conversations that take turns in one log.
const LATELY: usize = 4;

/// What the latest records had, so that the next ones share it and need not be taken apart anew.
#[derive(Debug, Default)]
pub struct Seen {
    ids: RefCell<Lately>,
    models: RefCell<Lately>,
    /// The fields that a Codex event has in common with its like.
    pub common: RefCell<Common>,
    /// A Debug value that was passed over, as written.
    pub value: RefCell<Vec<u8>>,
    /// How many candidates a chunk gave.
    pub marks: Cell<usize>,
}

/// Fields that record after record repeats.
#[derive(Debug, Default)]
pub struct Common {
    /// As written, from the end of the conversation's value to the last field's value, which is a word.
    pub text: Vec<u8>,
    /// Where the model stands in it.
    pub model: Option<Range<usize>>,
}

#[derive(Debug, Default)]
struct Lately {
    known: [Option<Id>; LATELY],
    oldest: usize,
}

impl Seen {
    /// An id as harnesses make them; `None` for what may be a text.
    pub fn id(&self, text: &str) -> Option<Id> {
        self.id_of(text.as_bytes())
    }

    /// The same of bytes.
    pub fn id_of(&self, text: &[u8]) -> Option<Id> {
        self.ids.borrow_mut().get(text, lines::id)
    }

    /// A model's name; `None` for what may be a text or an address.
    pub fn model(&self, text: &str) -> Option<Id> {
        self.model_of(text.as_bytes())
    }

    /// The same of bytes.
    pub fn model_of(&self, text: &[u8]) -> Option<Id> {
        self.models.borrow_mut().get(text, lines::model)
    }
}

impl Lately {
    fn get(&mut self, text: &[u8], make: fn(&str) -> Option<Id>) -> Option<Id> {
        if let Some(known) = self.known.iter().flatten().find(|known| known.as_bytes() == text) {
            return Some(known.clone());
        }
        let id = make(std::str::from_utf8(text).ok()?)?;
        self.known[self.oldest] = Some(id.clone());
        self.oldest = (self.oldest + 1) % LATELY;
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn an_id_that_returns_is_shared_and_a_text_is_none() {
        let seen = Seen::default();
        let first = seen.id("a-1").expect("an id");
        for other in ["b", "c", "d", "two words", ""] {
            seen.id(other);
        }
        assert!(std::ptr::eq(first.as_str(), seen.id("a-1").expect("an id").as_str()));
        assert_eq!((seen.id("two words"), seen.model("kim@example.test")), (None, None));
    }
}
