//! Lines with more than an entry, or less: where one is torn, the next one may follow on its line.

use crate::parse::blocks::{Found, end_or_needle};
use crate::parse::format::Seems;

/// How entries begin, and the parts of a message, too.
const START: &[u8; 9] = b"{\"type\":\"";

/// What entries are.
const KINDS: [&[u8]; 13] = [
    b"message\"",
    b"session\"",
    b"compaction\"",
    b"branch_summary\"",
    b"usage\"",
    b"model_usage\"",
    b"model_change\"",
    b"thinking_level_change\"",
    b"session_info\"",
    b"label\"",
    b"custom\"",
    b"custom_message\"",
    b"context_edit\"",
];

/// Tells lines in which another entry begins: what is torn before it may lack what an answer is found by.
pub(super) fn glance(text: &[u8], start: usize) -> Option<Seems> {
    let mut at = start + 1;
    loop {
        match end_or_needle::<9, 8>(text.get(at..)?, START)? {
            Found::End(_) => return None,
            Found::Needle(found) if begins(&text[at + found..]) => {
                let rest = &text[at + found..];
                return Some(Seems::Record(at + found + memchr::memchr(b'\n', rest)?));
            }
            Found::Needle(found) => at += found + 1,
        }
    }
}

/// Where in a line another entry begins than the one that it begins with.
pub(super) fn next(line: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(line, START).find(|at| *at > 0 && begins(&line[*at..]))
}

/// Whether a text that begins as entries do is one.
fn begins(text: &[u8]) -> bool {
    text.get(START.len()..).is_some_and(|rest| KINDS.iter().any(|kind| rest.starts_with(kind)))
}

#[cfg(test)]
mod tests {
    use super::{glance, next};
    use crate::parse::format::Seems;
    use crate::parse::lines::records;

    const HALF: &str = r#"{"type":"message","id":"a","message":{"role":"assistant","content":[{"type":"text","te"#;
    const WHOLE: &str = r#"{"type":"message","id":"b","message":{"role":"user","content":[{"type":"text"}]}}"#;

    #[test]
    fn an_entry_behind_a_torn_one_is_one_of_its_own() {
        let of =
            |line: &str| records(line.as_bytes(), Some(next)).map(|(at, entry)| (at, entry.len())).collect::<Vec<_>>();
        assert_eq!(of(WHOLE), [(0, WHOLE.len())]);
        assert_eq!(of(&format!("{HALF}{WHOLE}")), [(0, HALF.len()), (HALF.len(), WHOLE.len())]);
        assert_eq!(of(&format!("{HALF}{HALF}{WHOLE}")).len(), 3);
        assert_eq!(of(""), [(0, 0)]);
    }

    #[test]
    fn a_line_with_another_entry_in_it_is_read_whatever_it_holds() {
        let text = format!("{WHOLE}\n{HALF}{WHOLE}\n{WHOLE}");
        let (second, third) = (WHOLE.len() + 1, 2 * WHOLE.len() + HALF.len() + 2);
        let glances = [0, second, third].map(|start| glance(text.as_bytes(), start));
        assert_eq!(glances, [None, Some(Seems::Record(third - 1)), None]);
    }
}
