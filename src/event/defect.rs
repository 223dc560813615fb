//! What may be wrong with a record.

use serde::{Deserialize, Serialize};

/// What was wrong with a record. It costs the record and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Defect {
    /// A record of a known kind whose text is cut, torn or malformed.
    #[serde(rename = "torn-record")]
    Torn,
    /// A count that is negative, beyond a signed 64-bit integer, or no number.
    #[serde(rename = "number-out-of-range")]
    OutOfRange,
    /// A line longer than any harness writes; it was passed over.
    #[serde(rename = "line-too-long")]
    LineTooLong,
    /// A ledger entry's header where the writer can't have put one: quoted or forged.
    #[serde(rename = "quoted-entry")]
    QuotedEntry,
    /// Records inside the output of a tool or a prompt: quoted or forged.
    #[serde(rename = "quoted-records")]
    QuotedRecord,
    /// Records that a tool may have printed, or a program that tells of files: nothing shows whether.
    #[serde(rename = "doubtful-records")]
    DoubtfulRecord,
    /// Records of another conversation, older than this run: an echo of an old log.
    #[serde(rename = "echoed-records")]
    Echo,
    /// Counts that can be read in two ways, as nothing says whether one of them includes another.
    #[serde(rename = "two-readings")]
    TwoReadings,
    /// The source broke off: its compressed data ends too early, or the rest can't be read.
    #[serde(rename = "truncated-input")]
    Truncated,
}

impl Defect {
    /// All of them.
    pub const ALL: [Defect; 9] = [
        Defect::Torn,
        Defect::OutOfRange,
        Defect::LineTooLong,
        Defect::QuotedEntry,
        Defect::QuotedRecord,
        Defect::DoubtfulRecord,
        Defect::Echo,
        Defect::TwoReadings,
        Defect::Truncated,
    ];

    /// The code that stands in `warnings` and in a written event.
    pub fn code(self) -> &'static str {
        match self {
            Defect::Torn => "torn-record",
            Defect::OutOfRange => "number-out-of-range",
            Defect::LineTooLong => "line-too-long",
            Defect::QuotedEntry => "quoted-entry",
            Defect::QuotedRecord => "quoted-records",
            Defect::DoubtfulRecord => "doubtful-records",
            Defect::Echo => "echoed-records",
            Defect::TwoReadings => "two-readings",
            Defect::Truncated => "truncated-input",
        }
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Defect::Torn => "records that are cut or torn; not counted",
            Defect::OutOfRange => "records with a count that is below zero, beyond 64 bits or no number; not counted",
            Defect::LineTooLong => "lines longer than any harness writes; passed over",
            Defect::QuotedEntry => "ledger entries quoted or forged inside an output; refused",
            Defect::QuotedRecord => "records quoted or forged inside a tool's output or a prompt; refused",
            Defect::DoubtfulRecord => "records that may be quoted or forged, which nothing tells for certain; counted",
            Defect::Echo => "records of other conversations, older than the run; refused",
            Defect::TwoReadings => "counters whose output may include thinking or not; the larger reading was taken",
            Defect::Truncated => "files that break off; read as far as they go",
        }
    }

    /// What of it is counted, in the plural.
    pub fn counted(self) -> &'static str {
        match self {
            Defect::LineTooLong => "lines",
            Defect::QuotedEntry => "entries",
            Defect::TwoReadings => "counters",
            Defect::Truncated => "files",
            Defect::Torn | Defect::OutOfRange | Defect::QuotedRecord | Defect::DoubtfulRecord | Defect::Echo => {
                "records"
            }
        }
    }

    /// Whether input was lost, as against content that was rightly refused.
    pub fn is_loss(self) -> bool {
        matches!(self, Defect::Torn | Defect::OutOfRange | Defect::LineTooLong | Defect::Truncated)
    }
}
