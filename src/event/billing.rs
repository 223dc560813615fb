//! How an account pays.

use serde::{Deserialize, Serialize};

/// How an account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// Each token, at the provider's prices.
    Api,
    /// A flat fee: list prices are no bill.
    Subscription,
}

impl Billing {
    /// Both of them.
    pub const ALL: [Billing; 2] = [Billing::Api, Billing::Subscription];

    /// The word that stands in tables and in the user's file.
    pub fn name(self) -> &'static str {
        match self {
            Billing::Api => "api",
            Billing::Subscription => "subscription",
        }
    }

    /// What forge's `auth_kind` says, where it says how the account pays and not only whose it is.
    pub fn of_auth_kind(kind: &str) -> Option<Billing> {
        let kind = kind.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| kind.contains(word));
        if says(&["api"]) {
            Some(Billing::Api)
        } else if says(&["subscription", "oauth", "chatgpt"]) {
            Some(Billing::Subscription)
        } else {
            None
        }
    }
}
