//! The line that tracing-subscriber's full format writes:
//! `<time> <LEVEL> [<span>{<fields>}:<span>{…}: ]<target>: <message and key=value …>`.
//!
//! Colours must be stripped before. Nothing is copied; one line in, its parts out.

use nom::bytes::complete::tag;
use nom::character::complete::{char, space0, space1};
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

/// The shape of a time; whether it is one is seen when it is read.
fn timestamp(input: &str) -> IResult<&str, &str> {
    let is_shaped = matches!(
        input.as_bytes(),
        [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _, b'.' | b'Z', ..]
    );
    if !is_shaped {
        return Err(nom::Err::Error(error(input)));
    }
    let end = memchr::memchr(b' ', input.as_bytes()).ok_or_else(|| nom::Err::Error(error(input)))?;
    let (rest, _) = space1(&input[end..])?;
    Ok((rest, &input[..end]))
}

fn level(input: &str) -> IResult<&str, &str> {
    let word = nom::branch::alt((tag("TRACE"), tag("DEBUG"), tag("INFO"), tag("WARN"), tag("ERROR")));
    terminated(word, char(' ')).parse(input)
}

fn target(input: &str) -> IResult<&str, &str> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-');
    let end = input.bytes().take_while(|byte| is_part(byte)).count();
    // The colon that ends the target is taken by the name's own alphabet.
    let name = input[..end].strip_suffix(':').ok_or_else(|| nom::Err::Error(error(input)))?;
    let (rest, _) = space0(&input[end..])?;
    Ok((rest, name))
}

fn error(input: &str) -> nom::error::Error<&str> {
    nom::error::Error::new(input, nom::error::ErrorKind::Char)
}

/// Splits the span prefix off. Fields may hold braces, quotes and colons, so braces are counted
/// outside quotes; a prefix that doesn't close is no prefix.
pub fn spans(input: &str) -> (&str, &str) {
    let mut end = 0;
    while let Some(length) = span(&input[end..]) {
        end += length;
        match &input.as_bytes()[end..] {
            [b':', b' ', ..] => return (&input[end + 2..], &input[..end]),
            [b':', ..] => end += 1,
            _ => break,
        }
    }
    (input, "")
}

/// Length of one `name{fields}`, or of a bare name that another span follows.
fn span(input: &str) -> Option<usize> {
    let name =
        input.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count();
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
    let mut next = next_key(body, 0);
    std::iter::from_fn(move || {
        let (start, equals) = next?;
        let after = &body[equals + 1..];
        let (value, is_quoted) = match quoted(after) {
            Some(value) => {
                next = next_key(body, equals + value.len() + 3);
                (value, true)
            }
            None => {
                // The next key must not be the value itself: `a=b=c` holds the value `b=c`.
                let is_after = |found: &(usize, usize)| found.0 > equals + 1;
                let past = || memchr::memchr(b' ', after.as_bytes()).map_or(body.len(), |space| equals + 1 + space);
                next = next_key(body, equals + 1).filter(is_after).or_else(|| next_key(body, past()));
                let end = next.map_or(body.len(), |(start, _)| start);
                (body[equals + 1..end].trim_end_matches(' '), false)
            }
        };
        Some(Field { key: &body[start..equals], value, is_quoted })
    })
}

/// Where the next key starts, and its `=`, from a place on.
fn next_key(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut from = from;
    loop {
        let equals = from + memchr::memchr(b'=', bytes.get(from..)?)?;
        let start = key_start(text, equals);
        let stands = start < equals && (start == 0 || bytes[start - 1] == b' ');
        if stands && !bytes[start].is_ascii_digit() {
            return Some((start, equals));
        }
        from = equals + 1;
    }
}

fn key_start(text: &str, equals: usize) -> usize {
    let key = text.as_bytes()[..equals].iter().rev();
    equals - key.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count()
}

/// A Debug string that ends before a space or at the end, without its quotes.
fn quoted(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?;
    let bytes = inner.as_bytes();
    let mut index = 0;
    loop {
        index += memchr::memchr2(b'"', b'\\', bytes.get(index..)?)?;
        if bytes[index] == b'\\' {
            index += 2;
            continue;
        }
        let is_end = matches!(bytes.get(index + 1), None | Some(b' '));
        return is_end.then_some(&inner[..index]);
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
    fn a_value_may_hold_what_looks_like_a_key() {
        let found: Vec<_> = fields("a=b=c d=\"e=f g=h\" i=j").map(|field| (field.key, field.value)).collect();
        assert_eq!(found, [("a", "b=c"), ("d", "e=f g=h"), ("i", "j")]);
    }

    #[test]
    fn an_empty_value_is_empty() {
        let found: Vec<_> = fields("mcp_server= mcp_server_origin=").map(|field| (field.key, field.value)).collect();
        assert_eq!(found, [("mcp_server", ""), ("mcp_server_origin", "")]);
    }
}
