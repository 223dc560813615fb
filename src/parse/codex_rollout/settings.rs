//! What holds for the calls of a turn: which model answers, and how.

use crate::event::Id;

/// The settings of a conversation.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The model of the latest turn that tells it.
    pub(super) model: Option<Id>,
    /// How hard it is told to think.
    pub(super) effort: Option<Id>,
    /// The provider's service tier.
    pub(super) service_tier: Option<Id>,
    /// Another model, and how hard it shall think, that was chosen since.
    chosen: Option<(Id, Option<Id>)>,
}

impl Settings {
    /// A turn tells what holds for it.
    pub(super) fn of_turn(&mut self, model: Option<Id>, effort: Option<Id>) {
        if model.is_some() {
            (self.model, self.effort, self.chosen) = (model, effort, None);
        }
    }

    /// The user chose what holds from the next turn on.
    pub(super) fn choose(&mut self, model: Option<Id>, effort: Option<Id>, tier: Option<Id>) {
        self.service_tier = tier;
        self.chosen = model.filter(|model| self.model.as_ref() != Some(model)).map(|model| (model, effort));
    }

    /// A model other than that of the latest turn which the user chose.
    pub(super) fn chosen(&self) -> Option<(Id, Option<Id>)> {
        self.chosen.clone()
    }
}
