//! Codex's plain output (`codex exec` for people): a header that names the session and the model,
//! and at the end `tokens used` over a number, the conversation's blended total.

use super::format::{Format, Hit, Lines, Shape, count};
use super::lines::{clean, lines, may_begin_with};
use super::mark::MarkKind;
use super::marker;
use super::needles::Needle;
use crate::event::{Conversation, Defect, Fact, Footer};

/// What `codex exec` prints for people, in an output or saved.
pub(super) static FORMAT: Format =
    Format { name: "codex-exec", harness: Some(HARNESS), roots: &[], sniff, shape: Shape::Lines(LINES) };

const HARNESS: &str = "codex";
const FOOTER: &str = "tokens used";
const HEADER: &str = "OpenAI Codex v";
const RULE: &str = "--------";

const LINES: Lines = Lines::new(Some(HARNESS), &[Needle::new(FOOTER, "ns u"), Needle::new(HEADER, "AI C")], read);

fn sniff(head: &[u8]) -> bool {
    let mut after_footer = false;
    lines(head).any(|line| {
        let may_begin = |text: &str| text.bytes().next().is_some_and(|first| may_begin_with(line, first));
        if !after_footer && !may_begin(HEADER) && !may_begin(FOOTER) {
            return false;
        }
        let line = clean(line);
        let found = line.starts_with(HEADER) || (after_footer && is_number(&line));
        after_footer = line.trim_end() == FOOTER;
        found
    })
}

fn read(hit: &Hit<'_>, marks: &mut Vec<super::mark::Mark>) {
    let line = hit.line();
    if line.trim_end() == FOOTER {
        let Some(number) = hit.following().next() else { return };
        if !is_number(&number) {
            return;
        }
        let fact = match count(&digits(&number)) {
            // More digits may have followed.
            _ if hit.is_next_unterminated() => Fact::Defect(Defect::Torn),
            Ok(blended_tokens) => Fact::Footer(Footer { conversation: None, blended_tokens }),
            Err(defect) => Fact::Defect(defect),
        };
        marks.push(hit.mark(Some(HARNESS), MarkKind::Fact(fact)));
    } else if line.starts_with(HEADER) {
        read_header(hit, marks);
    }
}

/// `OpenAI Codex v…`, a rule, `key: value` lines, a rule.
fn read_header(hit: &Hit<'_>, marks: &mut Vec<super::mark::Mark>) {
    let mut lines = hit.following();
    if lines.next().is_none_or(|rule| rule != RULE) {
        return;
    }
    let (mut id, mut model) = (None, None);
    for line in lines.take_while(|line| line != RULE) {
        match line.split_once(": ") {
            Some(("session id", value)) => id = Some(value.trim().to_owned()),
            Some(("model", value)) => model = super::lines::model(value.trim()),
            _ => {}
        }
    }
    if let Some(id) = id.filter(|id| uuid::Uuid::try_parse(id).is_ok()) {
        let conversation = Conversation { model, begins: true, ..Conversation::new(id.as_str().into()) };
        let mark = hit.mark(Some(HARNESS), MarkKind::Fact(Fact::Conversation(Box::new(conversation))));
        marks.push(mark.of(Some(id.as_str().into())));
    }
}

/// Digits in groups, as any locale parts them. A line of forge's own may follow unterminated output.
fn is_number(line: &str) -> bool {
    let line = own_part(line);
    let is_part = |c: char| c.is_ascii_digit() || is_separator(c);
    line.starts_with(|c: char| c.is_ascii_digit())
        && line.ends_with(|c: char| c.is_ascii_digit())
        && line.chars().all(is_part)
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | '.' | '\'' | '\u{2019}' | ' ' | '\u{a0}' | '\u{202f}' | '_' | '\u{66c}')
}

fn digits(line: &str) -> String {
    own_part(line).chars().filter(char::is_ascii_digit).collect()
}

fn own_part(line: &str) -> &str {
    marker::without(line).trim_end()
}

#[cfg(test)]
mod tests {
    use super::{digits, is_number};

    #[test]
    fn drops_the_separators_of_every_locale() {
        for line in ["5267", "5,267", "5.267", "5'267", "5\u{2019}267", "5 267", "5\u{a0}267", "5\u{202f}267"] {
            assert!(is_number(line), "{line:?}");
            assert_eq!(digits(line), "5267");
        }
        assert_eq!(digits("12,34,567"), "1234567");
    }

    #[test]
    fn words_and_signs_are_no_number() {
        for line in ["", "five", "-5", "5 apples", "1e3", ",5", "5,"] {
            assert!(!is_number(line), "{line:?}");
        }
    }
}
