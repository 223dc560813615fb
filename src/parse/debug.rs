//! Rust's `{:?}` of a value: structs, tuples, `Some`/`None`, strings, numbers, lists and maps.
//!
//! Read by field name, because fields come and go from version to version.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::{char, multispace0};
use nom::combinator::{map, opt, value as value_of};
use nom::error::{Error, ErrorKind};
use nom::{IResult, Parser};

/// How deep values may nest; hostile text must not exhaust the stack.
const MAX_DEPTH: usize = 64;

/// A Debug value, borrowed from its line.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A number, a boolean, a unit variant, or any other bare word.
    Word(&'a str),
    /// A string, escapes as written.
    Text(&'a str),
    /// `Name { field: value, … }` (the name may be empty).
    Struct(&'a str, Vec<(&'a str, Value<'a>)>),
    /// `Name(value, …)` or a tuple.
    Tuple(&'a str, Vec<Value<'a>>),
    /// `[value, …]` or a set `{value, …}`.
    List(Vec<Value<'a>>),
}

impl<'a> Value<'a> {
    /// The value of a struct's field.
    pub fn field(&self, name: &str) -> Option<&Value<'a>> {
        match self {
            Value::Struct(_, fields) => fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What is inside `Some(…)`, or the value itself; nothing for `None`.
    pub fn some(&self) -> Option<&Value<'a>> {
        match self {
            Value::Word("None") => None,
            Value::Tuple("Some", values) => values.first(),
            value => Some(value),
        }
    }

    /// The bare word, or the text of a string.
    pub fn text(&self) -> Option<&'a str> {
        match self {
            Value::Word(text) | Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads the value that `text` starts with, and what follows it.
pub fn value(text: &str) -> Option<(Value<'_>, &str)> {
    any(text, 0).ok().map(|(rest, value)| (value, rest))
}

fn any(input: &str, depth: usize) -> IResult<&str, Value<'_>> {
    if depth > MAX_DEPTH {
        return Err(nom::Err::Failure(Error::new(input, ErrorKind::TooLarge)));
    }
    match input.as_bytes().first() {
        Some(b'"') => map(string, Value::Text).parse(input),
        Some(b'[') => sequence(input, "]", depth).map(|(rest, values)| (rest, Value::List(values))),
        Some(b'{') => {
            let anonymous = map(|input| structure(input, depth), |fields| Value::Struct("", fields));
            let set = map(|input| sequence(input, "}", depth), Value::List);
            alt((anonymous, set)).parse(input)
        }
        Some(b'(') => sequence(input, ")", depth).map(|(rest, values)| (rest, Value::Tuple("", values))),
        _ => named(input, depth),
    }
}

/// A word, and what it names. What opens and doesn't close is torn, not a word.
fn named(input: &str, depth: usize) -> IResult<&str, Value<'_>> {
    let (rest, name) = word(input)?;
    match rest.as_bytes() {
        [b' ', b'{', ..] => structure(&rest[1..], depth).map(|(rest, fields)| (rest, Value::Struct(name, fields))),
        [b'(', ..] => sequence(rest, ")", depth).map(|(rest, values)| (rest, Value::Tuple(name, values))),
        _ => Ok((rest, Value::Word(name))),
    }
}

/// `{ key: value, … }`, or `{ key: value, .. }` as `finish_non_exhaustive` writes it.
fn structure(input: &str, depth: usize) -> IResult<&str, Vec<(&str, Value<'_>)>> {
    let (mut rest, _) = (char('{'), multispace0).parse(input)?;
    let mut fields = Vec::with_capacity(8);
    loop {
        if let Ok((rest, _)) = end(rest, "}") {
            return Ok((rest, fields));
        }
        let (after, key) = if rest.starts_with('"') { string(rest)? } else { word(rest)? };
        let (after, _) = (char(':'), multispace0).parse(after)?;
        let (after, value) = any(after, depth + 1)?;
        fields.push((key, value));
        rest = separated(after, '}')?;
    }
}

/// Values between brackets, parted by commas.
fn sequence<'a>(input: &'a str, close: &str, depth: usize) -> IResult<&'a str, Vec<Value<'a>>> {
    // The opening bracket is the caller's finding.
    let mut rest = input[1..].trim_start();
    let mut values = Vec::new();
    loop {
        if let Ok((rest, _)) = end(rest, close) {
            return Ok((rest, values));
        }
        let (after, value) = any(rest, depth + 1)?;
        values.push(value);
        rest = separated(after, close.chars().next().unwrap_or(')'))?;
    }
}

/// The end of a struct or list.
fn end<'a>(input: &'a str, close: &str) -> IResult<&'a str, ()> {
    value_of((), (opt(tag("..")), multispace0, tag(close))).parse(input)
}

/// Passes the comma after a value over; without one only the end may follow.
fn separated(input: &str, close: char) -> Result<&str, nom::Err<Error<&str>>> {
    let (rest, comma) = opt((char(','), multispace0)).parse(input)?;
    let rest = rest.trim_start_matches([' ', '\n']);
    if comma.is_some() || rest.starts_with(close) {
        Ok(rest)
    } else {
        Err(nom::Err::Error(Error::new(input, ErrorKind::SeparatedList)))
    }
}

/// A number, a name or a path of names (`a::b`); the colon of `key: value` is no part of it.
fn word(input: &str) -> IResult<&str, &str> {
    let bytes = input.as_bytes();
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'_' | b'-' | b'+' | b'.' | b'/' | b'\'' | b'#' | b'&' | b'$' => end += 1,
            _ if byte.is_ascii_alphanumeric() || !byte.is_ascii() => end += 1,
            b':' if bytes[end..].starts_with(b"::") => end += 2,
            _ => break,
        }
    }
    if end == 0 {
        Err(nom::Err::Error(Error::new(input, ErrorKind::TakeWhile1)))
    } else {
        Ok((&input[end..], &input[..end]))
    }
}

fn string(input: &str) -> IResult<&str, &str> {
    let (inner, _) = char('"').parse(input)?;
    let bytes = inner.as_bytes();
    let mut index = 0;
    while let Some(step) = bytes.get(index..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        index += step;
        if bytes[index] == b'"' {
            return Ok((&inner[index + 1..], &inner[..index]));
        }
        index += 2;
    }
    Err(nom::Err::Error(Error::new(input, ErrorKind::Escaped)))
}

#[cfg(test)]
mod tests {
    use super::{Value, value};

    #[test]
    fn reads_a_nested_value_by_field_name() {
        let text = r#"Event { id: "0", msg: Count(CountEvent { info: Some(Info { total: Usage { input: 7 }, n: -1.5 }), limits: None, list: [1, 2], unit: () }) } rest"#;
        let (event, rest) = value(text).expect("a value");
        assert_eq!(rest, " rest");
        let Some(Value::Tuple("Count", inner)) = event.field("msg") else { panic!("{event:?}") };
        let info = inner[0].field("info").and_then(Value::some).expect("info");
        assert_eq!(info.field("total").and_then(|total| total.field("input")?.text()), Some("7"));
        assert_eq!(info.field("n").and_then(Value::text), Some("-1.5"));
        assert_eq!(inner[0].field("limits").and_then(Value::some), None);
    }

    #[test]
    fn a_quote_inside_a_string_does_not_end_it() {
        let (event, _) = value(r#"E { text: "a \"b\" }", n: 1 }"#).expect("a value");
        assert_eq!(event.field("n").and_then(Value::text), Some("1"));
    }

    #[test]
    fn torn_or_bottomless_text_is_no_value() {
        assert_eq!(value("E { a: 1, b: \"x"), None);
        assert_eq!(value(&"[".repeat(100_000)), None);
        assert_eq!(value(&"Some(".repeat(100_000)), None);
    }
}
