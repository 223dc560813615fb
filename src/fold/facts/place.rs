//! Where a record stands.

use std::cmp::Ordering;

use crate::event::{Id, unpacked_name};

/// A source and an offset in it. Sources are ordered by their names, numbers in them by their value, and extensions
/// last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the source.
    pub source: Id,
    /// Byte offset in it.
    pub offset: u64,
}

impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        let by_stem = natural(stem(&self.source), stem(&other.source));
        by_stem.then_with(|| natural(&self.source, &other.source)).then_with(|| self.offset.cmp(&other.offset))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A path without what follows the last dot of the file's name: `run` comes before `run-2`, which `.` would not.
fn stem(path: &str) -> &str {
    let path = unpacked_name(path);
    let name = path.rfind('/').map_or(0, |at| at + 1);
    path[name..].rfind('.').map_or(path, |at| &path[..name + at])
}

/// Compares texts, runs of digits by their value: `run-2` comes before `run-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(l), Some(r)) = (left.first(), right.first()) {
        let order = if l.is_ascii_digit() && r.is_ascii_digit() {
            let (l, r) = (number(&mut left), number(&mut right));
            l.len().cmp(&r.len()).then_with(|| l.cmp(r))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            l.cmp(r)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes the digits at the front, and gives them without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{Place, natural};

    #[test]
    fn an_extension_decides_last() {
        let sorted = [
            "a.b/c-2",
            "a/run.jsonl",
            "a/run.jsonl.gz",
            "a/run-2.jsonl",
            "a/run-2.jsonl.gz",
            "a/run-2.jsonl.zst",
            "a/run.2.jsonl",
            "a/run10.log",
        ];
        let mut places = sorted.map(|source| Place { source: source.into(), offset: 0 });
        places.reverse();
        places.sort();
        assert_eq!(places.map(|place| place.source.to_string()), sorted);
    }

    #[test]
    fn numbers_in_names_are_ordered_by_their_value() {
        let mut names = ["run-10.jsonl", "run-2.jsonl", "run-02b", "run-1.jsonl", "run", "a/9", "a/10"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a/9", "a/10", "run", "run-1.jsonl", "run-2.jsonl", "run-02b", "run-10.jsonl"]);
        assert_eq!(natural("run-2", "run-02"), Ordering::Greater);
    }
}
