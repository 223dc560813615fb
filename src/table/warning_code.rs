//! What a warning can be about: the one list of codes.

use crate::event::Defect;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningCode {
    /// The witnesses of a run contradict each other.
    Mismatch,
    /// A run has several footers.
    SeveralFooters,
    /// A run's footer also counts earlier runs, which are not here.
    ResumedFooter,
    /// Nothing tells for certain which session log is a run's.
    AmbiguousSession,
    /// A run names no model, and has its profile's.
    AssumedModel,
    /// No price of a model is known.
    UnknownModel,
    /// Nothing names the model that was used.
    UnnamedModel,
    /// No price is known for a kind of tokens or a service tier.
    UnpricedTokens,
    /// A model was used before its first known price, which was taken.
    EarlyPrice,
    /// Usage without a time may lie in the window.
    UndatedUsage,
    /// Usage without a model may be of one that was asked for.
    UnplacedModel,
    /// Nothing counts towards a budget.
    IdleBudget,
    /// Records, or input, were refused or lost.
    Defect(Defect),
}

impl WarningCode {
    /// Those of no defect.
    const OTHERS: [WarningCode; 12] = [
        WarningCode::Mismatch,
        WarningCode::SeveralFooters,
        WarningCode::ResumedFooter,
        WarningCode::AmbiguousSession,
        WarningCode::AssumedModel,
        WarningCode::UnknownModel,
        WarningCode::UnnamedModel,
        WarningCode::UnpricedTokens,
        WarningCode::EarlyPrice,
        WarningCode::UndatedUsage,
        WarningCode::UnplacedModel,
        WarningCode::IdleBudget,
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = WarningCode> {
        WarningCode::OTHERS.into_iter().chain(Defect::ALL.map(WarningCode::Defect))
    }

    /// A stable word for scripts.
    pub fn name(self) -> &'static str {
        match self {
            WarningCode::Mismatch => "mismatch",
            WarningCode::SeveralFooters => "several-footers",
            WarningCode::ResumedFooter => "resumed-footer",
            WarningCode::AmbiguousSession => "ambiguous-session",
            WarningCode::AssumedModel => "assumed-model",
            WarningCode::UnknownModel => "unknown-model",
            WarningCode::UnnamedModel => "unnamed-model",
            WarningCode::UnpricedTokens => "unpriced-tokens",
            WarningCode::EarlyPrice => "early-price",
            WarningCode::UndatedUsage => "undated-usage",
            WarningCode::UnplacedModel => "unplaced-model",
            WarningCode::IdleBudget => "idle-budget",
            WarningCode::Defect(defect) => defect.code(),
        }
    }

    /// Whether it is about input that was lost.
    pub fn is_loss(self) -> bool {
        matches!(self, WarningCode::Defect(defect) if defect.is_loss())
    }

    /// Whether it is about prices alone.
    pub fn is_of_prices(self) -> bool {
        use WarningCode::{EarlyPrice, UnknownModel, UnnamedModel, UnpricedTokens};
        matches!(self, UnknownModel | UnnamedModel | UnpricedTokens | EarlyPrice)
    }
}
