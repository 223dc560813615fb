//! What may be wrong with a record.

use serde::{Deserialize, Serialize};

/// What was wrong with a record. It costs the record and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum Defect {
    /// A record of a known kind whose text is cut, torn or malformed.
    Torn,
    /// A count that is negative, beyond a signed 64-bit integer, or no number.
    OutOfRange,
    /// A line longer than any harness writes; it was passed over.
    LineTooLong,
    /// A ledger entry's header where the writer can't have put one: quoted or forged.
    QuotedEntry,
    /// Records inside the output of a tool or a prompt: quoted or forged.
    QuotedRecord,
    /// Records that a tool may have printed, or a program that tells of files: nothing shows whether.
    DoubtfulRecord,
    /// Records of another conversation, older than this run: an echo of an old log.
    Echo,
    /// Counts that can be read in two ways, as nothing says whether one of them includes another.
    TwoReadings,
    /// The source broke off: its compressed data ends too early, or the rest can't be read.
    Truncated,
}

impl Defect {
    /// All of them, in their order.
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
            Defect::TwoReadings => "counts whose output may include thinking or not; the larger reading was taken",
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

impl From<Defect> for &'static str {
    fn from(defect: Defect) -> &'static str {
        defect.code()
    }
}

impl TryFrom<String> for Defect {
    type Error = String;

    fn try_from(code: String) -> Result<Defect, String> {
        let found = Defect::ALL.into_iter().find(|defect| defect.code() == code);
        found.ok_or_else(|| format!("no defect is called {code:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Defect;

    #[test]
    fn a_written_defect_is_its_code_and_reads_back() {
        for defect in Defect::ALL {
            let written = serde_json::to_string(&defect).expect("a text");
            assert_eq!(written, format!("{:?}", defect.code()));
            assert_eq!(serde_json::from_str::<Defect>(&written).ok(), Some(defect));
        }
        assert!(serde_json::from_str::<Defect>("\"torn\"").is_err());
        assert_eq!(Defect::ALL.map(|defect| defect as usize), std::array::from_fn(|index| index));
        assert_eq!(Defect::ALL.len(), Defect::Truncated as usize + 1);
    }
}
