//! What columns hold: the unit of their values, and their type in each format.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text: a name or an id.
    Text,
    /// A count of tokens.
    Tokens,
    /// A count of things: runs, calls.
    Count,
    /// A duration in whole milliseconds.
    Millis,
    /// A share in percent.
    Percent,
    /// So many a second.
    Rate,
    /// A duration in whole minutes.
    Minutes,
    /// US dollars; pico-dollars inside, decimal dollars in every output.
    Usd,
    /// US dollars for a million tokens; never rounded.
    Price,
    /// A point in time, microseconds, UTC.
    Time,
    /// Yes or no.
    Flag,
    /// A whole number that is neither count nor time, such as an exit code.
    Integer,
}

impl Kind {
    /// The unit of its numbers; empty where there is none.
    pub fn unit(self) -> &'static str {
        match self {
            Kind::Tokens => "tokens",
            Kind::Millis => "ms",
            Kind::Percent => "%",
            Kind::Rate => "/s",
            Kind::Minutes => "min",
            Kind::Usd => "USD",
            Kind::Price => "USD/1M",
            Kind::Text | Kind::Count | Kind::Time | Kind::Flag | Kind::Integer => "",
        }
    }

    /// Its type in Parquet, where every engine reads it: dollars are doubles there, decimals in text.
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Tokens | Kind::Count | Kind::Millis | Kind::Minutes | Kind::Integer => "int64",
            Kind::Percent | Kind::Rate | Kind::Usd | Kind::Price => "double",
            Kind::Time => "timestamp[us, UTC]",
            Kind::Flag => "boolean",
        }
    }

    /// Its type in JSON.
    pub fn json_type(self) -> &'static str {
        match self {
            Kind::Text | Kind::Time => "string",
            Kind::Tokens | Kind::Count | Kind::Millis | Kind::Minutes | Kind::Integer => "integer",
            Kind::Percent | Kind::Rate | Kind::Usd | Kind::Price => "number",
            Kind::Flag => "boolean",
        }
    }

    /// Whether its numbers are never below zero.
    pub fn is_never_negative(self) -> bool {
        use Kind::{Count, Millis, Minutes, Price, Rate, Tokens, Usd};
        matches!(self, Tokens | Count | Millis | Minutes | Rate | Usd | Price)
    }
}
