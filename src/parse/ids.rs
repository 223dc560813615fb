//! Ids that were met lately, so that a chunk's records share them.

use std::cell::RefCell;

use super::lines;
use crate::event::Id;

/// How many are remembered of a kind: conversations that take turns in one log.
const LATELY: usize = 4;

/// What a chunk's latest records named.
#[derive(Debug, Default)]
pub struct Ids {
    ids: RefCell<Lately>,
    models: RefCell<Lately>,
}

#[derive(Debug, Default)]
struct Lately {
    known: [Option<Id>; LATELY],
    oldest: usize,
}

impl Ids {
    /// An id as harnesses make them; `None` for what may be a text.
    pub fn id(&self, text: &str) -> Option<Id> {
        self.ids.borrow_mut().get(text, lines::id)
    }

    /// A model's name; `None` for what may be a text or an address.
    pub fn model(&self, text: &str) -> Option<Id> {
        self.models.borrow_mut().get(text, lines::model)
    }
}

impl Lately {
    fn get(&mut self, text: &str, make: fn(&str) -> Option<Id>) -> Option<Id> {
        if let Some(known) = self.known.iter().flatten().find(|known| known.as_str() == text) {
            return Some(known.clone());
        }
        let id = make(text)?;
        self.known[self.oldest] = Some(id.clone());
        self.oldest = (self.oldest + 1) % LATELY;
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn an_id_that_returns_is_shared_and_a_text_is_none() {
        let ids = Ids::default();
        let first = ids.id("a-1").expect("an id");
        for other in ["b", "c", "d", "two words", ""] {
            ids.id(other);
        }
        assert!(std::ptr::eq(first.as_str(), ids.id("a-1").expect("an id").as_str()));
        assert_eq!((ids.id("two words"), ids.model("kim@example.test")), (None, None));
    }
}
