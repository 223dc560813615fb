//! Which facts a command needs: what nobody asks for is not looked for.

use super::Fact;

/// Which facts a reading gives beyond runs, conversations and their usage, which it always gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Needs {
    /// Times of requests, streams and tool calls.
    pub timing: bool,
    /// Readings of rate limits.
    pub quota: bool,
}

impl Needs {
    /// Tokens, money and run time: what reports and budgets are made of.
    pub const USAGE: Needs = Needs { timing: false, quota: false };

    /// Everything there is.
    pub const ALL: Needs = Needs { timing: true, quota: true };

    /// Whether a fact is asked for.
    pub fn include(self, fact: &Fact) -> bool {
        match fact {
            Fact::Request(_) | Fact::StreamFailure(_) | Fact::CallTiming(_) | Fact::ToolCall(_) => self.timing,
            Fact::Quota(_) => self.quota,
            _ => true,
        }
    }
}
