//! Where events come from, and what of it was passed over.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Id;

/// A source of a known format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Name of the format.
    pub format: Cow<'static, str>,
    /// The machine it comes from, where whoever read it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Id>,
}

/// The name of a source, whatever it is packed with: copies that are packed have the same.
pub fn unpacked_name(name: &str) -> &str {
    name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name)
}

/// Why a file or folder was passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Skip {
    /// For people; one line.
    pub reason: String,
    /// How much it matters.
    pub loss: Loss,
}

/// A file or folder that was passed over, wholly or from some point on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path, as people know it.
    pub path: String,
    /// Why.
    pub skip: Skip,
    /// Whether something of it was read until then, which counts.
    pub is_part: bool,
}

impl Skip {
    /// Whether what it holds is not known: it could not be read.
    pub fn is_loss(&self) -> bool {
        self.loss != Loss::None
    }
}

/// How much it matters that something was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// It holds nothing that we know.
    None,
    /// It was found in a folder and could not be read.
    Found,
    /// It was named by hand and could not be read.
    Named,
}
