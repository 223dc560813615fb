//! forge's own lines in a loop log, `[<time>] <message>`. Where an output ends without a line end, one stands at the
//! end of the output's last line.

const STAMP: &str = "[2026-05-12T07:03:00Z] ";

/// The longest message that is looked for at the end of a line.
const LONGEST: usize = 512;

/// The time and the message of a line of forge's own.
pub fn stamped(text: &str) -> Option<(&str, &str)> {
    let fits = |(byte, like): (u8, u8)| if like.is_ascii_digit() { byte.is_ascii_digit() } else { byte == like };
    let is_stamp = text.len() >= STAMP.len() && text.bytes().zip(STAMP.bytes()).all(fits);
    is_stamp.then(|| (&text[1..STAMP.len() - 2], &text[STAMP.len()..]))
}

/// What looks like a line of forge's own behind unterminated output, which may be empty.
pub fn at_end(line: &str) -> Option<&str> {
    let from = line.len().saturating_sub(LONGEST);
    let bracket = from + memchr::memrchr(b']', &line.as_bytes()[from..])?;
    let marker = line.get((bracket + "] ".len()).checked_sub(STAMP.len())?..)?;
    let (_, message) = stamped(marker)?;
    // In a text of JSON or Debug, one that is quoted is followed by the end of what quotes it.
    (!message.contains(['"', '{', '}'])).then_some(marker)
}

/// What an agent's harness wrote of a line.
pub fn without(line: &str) -> &str {
    at_end(line).map_or(line, |marker| &line[..line.len() - marker.len()])
}

#[cfg(test)]
mod tests {
    use super::{at_end, without};

    #[test]
    fn whatever_forge_says_may_follow_an_output() {
        for message in ["pause for 30s", "graceful stop requested", "gone fishing", "run x start (profile=é)"] {
            let marker = format!("[2026-05-12T07:04:00Z] {message}");
            assert_eq!(at_end(&format!("5,267{marker}")), Some(marker.as_str()));
            assert_eq!(without(&format!("{{\"a\":[1]}}{marker}")), "{\"a\":[1]}");
            assert_eq!(without(&marker), "");
        }
    }

    #[test]
    fn what_is_quoted_or_no_message_of_forge_is_the_outputs() {
        for line in [
            "",
            "]",
            "{\"said\":\"[2026-05-12T07:04:00Z] kill requested\"}",
            "a [2026-05-12 07:04:00Z] kill requested",
            "é[2026-05-12T07:04:00Z]",
        ] {
            assert_eq!(without(line), line);
        }
    }
}
