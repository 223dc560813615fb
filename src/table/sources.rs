//! What was read, and what was passed over.

/// What was read. It describes one reading and is no part of any equality between readings.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read, after decompression.
    pub bytes: u64,
    /// What was passed over, and why.
    pub skipped: Vec<Skipped>,
}

/// A file or folder that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path.
    pub path: String,
    /// Why.
    pub reason: String,
    /// Whether something of it was read until then, which counts.
    pub is_part: bool,
    /// Whether what it holds is not known: it could not be read.
    pub is_lost: bool,
}
