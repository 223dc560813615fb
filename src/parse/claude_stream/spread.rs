//! A result that runs over several lines among others, as where a ledger keeps the end of a pretty-printed array.
//! It counts all that its process did: the records before it need not be there.

use std::borrow::Cow;

use crate::parse::format::{Hit, LOOK};
use crate::parse::lines::{lines_backwards, lines_forwards};

/// The line that says what a pretty-printed record is, but for a comma.
pub(super) const KIND: &str = "\"type\": \"result\"";

/// The result whose kind stands on a line of its own: from the brace that ends the nearest line above that is less
/// indented to the one that begins the nearest such line below, both within [`LOOK`] bytes.
pub(super) fn result<'a>(hit: &Hit<'a>) -> Option<Cow<'a, str>> {
    let line = hit.bytes();
    let kind = line.trim_ascii();
    if kind.strip_suffix(b",").unwrap_or(kind) != KIND.as_bytes() {
        return None;
    }
    let is_outer = |(_, other): &(usize, &[u8])| !other.trim_ascii().is_empty() && indent(other) < indent(line);
    let (above, below) = (hit.line.start.saturating_sub(LOOK), (hit.line.end + 1).min(hit.text.len()));
    let before = &hit.text[above..hit.line.start];
    let after = &hit.text[below..(below + LOOK).min(hit.text.len())];
    // The first line may be cut.
    let (at, first) = lines_backwards(before).find(is_outer).filter(|(at, _)| *at > 0)?;
    let start = above + at + first.trim_ascii_end().strip_suffix(b"{")?.len();
    let (at, last) = lines_forwards(after).find(is_outer)?;
    let end = below + at + indent(last) + 1;
    last.trim_ascii_start().starts_with(b"}").then(|| String::from_utf8_lossy(&hit.text[start..end]))
}

fn indent(line: &[u8]) -> usize {
    line.len() - line.trim_ascii_start().len()
}

#[cfg(test)]
mod tests {
    use super::{KIND, result};
    use crate::event::Needs;
    use crate::parse::format::Hit;
    use crate::parse::seen::Seen;

    fn found(text: &str) -> Option<String> {
        let at = text.find(KIND)?;
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        let (line, needs, seen) = (start..end, Needs::USAGE, &Seen::default());
        let hit = Hit { text: text.as_bytes(), line, base: 0, needs, seen, is_output: false };
        result(&hit).map(|record| record.into_owned())
    }

    const RECORD: &str =
        "{\n    \"uuid\": \"u\",\n    \"type\": \"result\",\n    \"usage\": {\n      \"input_tokens\": 1\n    }\n  }";

    #[test]
    fn a_record_goes_from_brace_to_brace() {
        assert_eq!(found(&format!("cut\": 1\n  }},\n  {RECORD}\n]\n")).as_deref(), Some(RECORD));
        assert_eq!(found(&format!("a\n  {RECORD},\n  {{\n")).as_deref(), Some(RECORD));
        assert_eq!(found(&format!("a\r\n  {}\r\n]", RECORD.replace('\n', "\r\n"))), Some(RECORD.replace('\n', "\r\n")));
    }

    #[test]
    fn what_has_no_beginning_or_no_end_is_none() {
        assert_eq!(found(&format!("  {}", &RECORD[2..])), None);
        assert_eq!(found(&format!("a\n  {}\n```\n", &RECORD[..RECORD.len() - 4])), None);
        assert_eq!(found(&format!("a\n  {}\n]\n", RECORD.replace("\"uuid\": \"u\",\n", &" \n".repeat(9000)))), None);
        assert_eq!(found("a\n\"type\": \"result\"\n}\n"), None);
    }
}
