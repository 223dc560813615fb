//! Rust's `{:?}` of a value: structs, tuples, `Some`/`None`, strings, numbers, lists and maps.
//!
//! Read by field name, because fields come and go from version to version.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{map, opt, recognize};
use nom::multi::separated_list0;
use nom::sequence::{delimited, preceded, terminated};
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
        return Err(nom::Err::Failure(nom::error::Error::new(input, nom::error::ErrorKind::TooLarge)));
    }
    let list = map(sequence('[', ']', depth), Value::List);
    let set = map(sequence('{', '}', depth), Value::List);
    let anonymous = map(|input| structure(input, depth), |fields| Value::Struct("", fields));
    alt((map(string, Value::Text), list, anonymous, set, |input| named(input, depth))).parse(input)
}

fn named(input: &str, depth: usize) -> IResult<&str, Value<'_>> {
    let (rest, name) = opt(word).parse(input)?;
    let name = name.unwrap_or("");
    let fields = map(preceded(char(' '), |input| structure(input, depth)), |fields| Value::Struct(name, fields));
    let values = map(sequence('(', ')', depth), |values| Value::Tuple(name, values));
    match alt((fields, values)).parse(rest) {
        // What opens and doesn't close is torn, not a word.
        Err(nom::Err::Error(error)) if name.is_empty() || rest.starts_with(" {") || rest.starts_with('(') => {
            Err(nom::Err::Error(error))
        }
        Err(nom::Err::Error(_)) => Ok((rest, Value::Word(name))),
        other => other,
    }
}

fn structure(input: &str, depth: usize) -> IResult<&str, Vec<(&str, Value<'_>)>> {
    let key = alt((word, string));
    let field = (terminated(key, (char(':'), multispace0)), |input| any(input, depth + 1));
    let (rest, fields) =
        preceded((char('{'), multispace0), separated_list0((char(','), multispace0), field)).parse(input)?;
    // `finish_non_exhaustive` writes `..` after the last field.
    let (rest, _) = (opt(char(',')), multispace0, opt(tag("..")), multispace0, char('}')).parse(rest)?;
    Ok((rest, fields))
}

fn sequence<'a>(
    open: char,
    close: char,
    depth: usize,
) -> impl Parser<&'a str, Output = Vec<Value<'a>>, Error = nom::error::Error<&'a str>> {
    delimited(
        (char(open), multispace0),
        separated_list0((char(','), multispace0), move |input| any(input, depth + 1)),
        (opt(char(',')), multispace0, char(close)),
    )
}

fn word(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '/' | '\'' | '#' | '&' | '$'))
        .parse(input)
        .and_then(|(rest, word)| path(input, rest, word))
}

/// Joins `a::b` to one word, but leaves the colon of `key: value` alone.
fn path<'a>(input: &'a str, rest: &'a str, first: &'a str) -> IResult<&'a str, &'a str> {
    let more = (tag("::"), take_while1(|c: char| c.is_alphanumeric() || c == '_'));
    match recognize(nom::multi::many1_count(more)).parse(rest) {
        Ok((rest, joined)) => Ok((rest, &input[..first.len() + joined.len()])),
        Err(nom::Err::Error(_)) => Ok((rest, first)),
        Err(error) => Err(error),
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
    Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Escaped)))
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
