//! What was read, and what was passed over.

use crate::event::Skipped;

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
