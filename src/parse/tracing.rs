//! The line that tracing-subscriber's full format writes:
//! `<time> <LEVEL> [<span>{<fields>}:<span>{…}: ]<target>: <message and key=value …>`.
//!
//! Colours must be stripped before. Nothing is copied; one line in, its parts out.

use nom::bytes::complete::{tag, take_while1, take_while_m_n};
use nom::character::complete::{char, space0, space1};
use nom::combinator::{opt, recognize};
use nom::sequence::terminated;
use nom::{IResult, Parser};

use crate::event::Time;

/// A record's line, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The subscriber's own clock.
    pub time: Time,
    /// Spans with their fields, as written; empty if there are none.
    pub spans: &'a str,
    /// Module path of the writer.
    pub target: &'a str,
    /// What follows the target: a message, `key=value` fields, or both.
    pub body: &'a str,
}

/// Reads a line as a record; `None` if it is none.
pub fn record(line: &str) -> Option<Record<'_>> {
    let (rest, time) = timestamp(line).ok()?;
    let (rest, _) = level(rest).ok()?;
    let (rest, spans) = spans(rest);
    let (body, target) = target(rest).ok()?;
    Some(Record { time: Time::parse(time)?, spans, target, body })
}

/// Whether a line begins like a record, without reading all of it.
pub fn starts_record(line: &str) -> bool {
    timestamp(line).is_ok_and(|(rest, _)| level(rest).is_ok())
}

fn timestamp(input: &str) -> IResult<&str, &str> {
    let digits = |count| take_while_m_n(count, count, |c: char| c.is_ascii_digit());
    let date = (digits(4), char('-'), digits(2), char('-'), digits(2));
    let clock = (digits(2), char(':'), digits(2), char(':'), digits(2));
    let fraction = opt((char('.'), take_while1(|c: char| c.is_ascii_digit())));
    terminated(recognize((date, char('T'), clock, fraction, char('Z'))), space1).parse(input)
}

fn level(input: &str) -> IResult<&str, &str> {
    let word = nom::branch::alt((tag("TRACE"), tag("DEBUG"), tag("INFO"), tag("WARN"), tag("ERROR")));
    terminated(word, char(' ')).parse(input)
}

fn target(input: &str) -> IResult<&str, &str> {
    let name = take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-'));
    let (rest, name) = recognize(name).parse(input)?;
    // The colon that ends the target is taken by the name's own alphabet.
    let name = name.strip_suffix(':').ok_or_else(|| nom::Err::Error(error(input)))?;
    let (rest, _) = space0(rest)?;
    Ok((rest, name))
}

fn error(input: &str) -> nom::error::Error<&str> {
    nom::error::Error::new(input, nom::error::ErrorKind::Char)
}

/// Splits the span prefix off. Fields may hold braces, quotes and colons, so braces are counted
/// outside quotes; a prefix that doesn't close is no prefix.
fn spans(input: &str) -> (&str, &str) {
    let mut end = 0;
    while let Some(length) = span(&input[end..]) {
        end += length;
        match input[end..].as_bytes() {
            [b':', b' ', ..] => return (&input[end + 2..], &input[..end]),
            [b':', ..] => end += 1,
            _ => break,
        }
    }
    (input, "")
}

/// Length of one `name{fields}`, or of a bare name that another span follows.
fn span(input: &str) -> Option<usize> {
    let name = input.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count();
    if name == 0 || input.as_bytes().get(name) != Some(&b'{') {
        return None;
    }
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (index, byte) in input.bytes().enumerate().skip(name) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(index + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// One `key=value` of a record's body or of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its key, dots included.
    pub key: &'a str,
    /// Its value: what stands between the quotes (escapes as written), or the bare text, which may
    /// hold spaces.
    pub value: &'a str,
    /// Whether the value is a Debug string with both quotes.
    pub is_quoted: bool,
}

/// The fields of a body, in order. A bare value runs until the next ` key=`; text before the first
/// key is the message and is passed over.
pub fn fields(body: &str) -> impl Iterator<Item = Field<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        loop {
            let (key, after) = next_key(rest)?;
            let field = quoted(after).or_else(|| Some(bare(after)));
            let (value, is_quoted, left) = field?;
            rest = left;
            return Some(Field { key, value, is_quoted });
        }
    })
}

/// The next key and what follows its `=`.
fn next_key(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let equals = from + memchr::memchr(b'=', text.as_bytes().get(from..)?)?;
        let start = key_start(text, equals);
        let stands = start < equals && (start == 0 || text.as_bytes()[start - 1] == b' ');
        if stands && !text.as_bytes()[start].is_ascii_digit() {
            return Some((&text[start..equals], &text[equals + 1..]));
        }
        from = equals + 1;
    }
}

fn key_start(text: &str, equals: usize) -> usize {
    let key = text.as_bytes()[..equals].iter().rev();
    equals - key.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count()
}

/// A Debug string that ends before a space or at the end.
fn quoted(text: &str) -> Option<(&str, bool, &str)> {
    let inner = text.strip_prefix('"')?;
    let bytes = inner.as_bytes();
    let mut index = 0;
    loop {
        index += memchr::memchr2(b'"', b'\\', bytes.get(index..)?)?;
        if bytes[index] == b'\\' {
            index += 2;
            continue;
        }
        let after = &inner[index + 1..];
        return (after.is_empty() || after.starts_with(' ')).then_some((&inner[..index], true, after));
    }
}

fn bare(text: &str) -> (&str, bool, &str) {
    match next_key(text) {
        // The key found must not be the value itself: `a=b=c` holds the value `b=c`.
        Some((key, _)) => {
            let start = key.as_ptr() as usize - text.as_ptr() as usize;
            if start == 0 {
                let end = memchr::memchr(b' ', text.as_bytes()).unwrap_or(text.len());
                return (&text[..end], false, &text[end..]);
            }
            (text[..start].trim_end_matches(' '), false, &text[start..])
        }
        None => (text, false, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{fields, record};

    #[test]
    fn takes_spans_with_braces_quotes_and_colons_apart() {
        let line = "2026-05-12T07:03:04.999600Z  INFO a{id=1}:b{op=\"x: }\" cwd=/srv/demo: a}: my.target: k=v";
        let record = record(line).expect("a record");
        assert_eq!(record.spans, "a{id=1}:b{op=\"x: }\" cwd=/srv/demo: a}");
        assert_eq!((record.target, record.body), ("my.target", "k=v"));
    }

    #[test]
    fn reads_quoted_and_bare_values() {
        let body = r#"said a.b="x \"y\" z=1" n=12 text=two words c=d"#;
        let found: Vec<_> = fields(body).map(|field| (field.key, field.value)).collect();
        assert_eq!(found, [("a.b", r#"x \"y\" z=1"#), ("n", "12"), ("text", "two words"), ("c", "d")]);
    }

    #[test]
    fn a_line_without_time_level_and_target_is_no_record() {
        for line in ["", "tokens used", "2026-05-12T07:03:04Z", "2026-05-12T07:03:04Z INFO", "2026-05-12 INFO a: b"] {
            assert_eq!(record(line), None, "{line:?}");
        }
    }

    #[test]
    fn an_empty_value_is_empty() {
        let found: Vec<_> = fields("mcp_server= mcp_server_origin=").map(|field| (field.key, field.value)).collect();
        assert_eq!(found, [("mcp_server", ""), ("mcp_server_origin", "")]);
    }
}
