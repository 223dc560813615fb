//! Lines of bytes as text.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem;
use regex::Regex;

use crate::event::{GROWING, Id, without_window};

/// The longest id or name that is believed.
const LONGEST_NAME: usize = 128;

/// The longest path that is believed: what systems allow.
const LONGEST_PATH: usize = 4096;

/// Escape sequences of terminals: colours, cursor movements, titles.
static ANSI: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])").ok());

/// The line as text: bytes that are no UTF-8 replaced, escape sequences and a final CR stripped.
pub fn clean(line: &[u8]) -> Cow<'_, str> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    // Nearly every line is valid, and checking that is much faster than replacing.
    let text = std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
    if memchr::memchr(0x1b, line).is_none() {
        return text;
    }
    match (&*ANSI, text) {
        (Some(ansi), Cow::Borrowed(text)) => ansi.replace_all(text, ""),
        (Some(ansi), Cow::Owned(text)) => Cow::Owned(ansi.replace_all(&text, "").into_owned()),
        (None, text) => text,
    }
}

/// Whether a line may begin with a time, colours or a byte order mark aside: told by its first byte.
pub fn may_be_record(line: &[u8]) -> bool {
    line.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, 0x1b | 0xef))
}

/// Whether a line may begin with this byte, colours or a byte order mark aside.
pub fn may_begin_with(line: &[u8], first: u8) -> bool {
    line.first().is_some_and(|byte| *byte == first || matches!(byte, 0x1b | 0xef))
}

/// The bytes that ids consist of.
static IN_ID: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        byte += 1;
    }
    table
};

/// What records show that are whatever else a log holds: what people and tools said, and what the harness notes.
const OTHERS: [&[u8]; 11] = [
    b"\"user\"",
    b"\"toolResult\"",
    b"_output\"",
    b"\"user_message\"",
    b"\"developer\"",
    b"\"system\"",
    b"\"summary\"",
    b"\"progress\"",
    b"\"compaction\"",
    b"\"file-history-snapshot\"",
    b"\"queue-operation\"",
];

/// Tells where in a line another record begins than the one that it begins with.
pub type Next = fn(&[u8]) -> Option<usize>;

/// The records of a line, each with where it begins: behind one that is torn the next one may follow.
pub fn records(line: &[u8], next: Option<Next>) -> impl Iterator<Item = (usize, &[u8])> {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let rest = &line[start..];
        let length = next.and_then(|next| next(rest));
        from = length.map(|length| start + length);
        Some((start, &rest[..length.unwrap_or(rest.len())]))
    })
}

/// Whether a record that is torn may be one of a call.
pub fn may_be_call(torn: &[u8]) -> bool {
    let has = |text: &[u8]| memmem::find(torn, text).is_some();
    has(b"\"assistant\"") || !OTHERS.into_iter().any(has)
}

/// The id that a torn record of JSON gives under a name.
pub fn id_in_torn(torn: &[u8], name: &str) -> Option<Id> {
    let value = value_in_torn(torn, name)?.strip_prefix(b"\"")?;
    id(std::str::from_utf8(&value[..memchr::memchr(b'"', value)?]).ok()?)
}

/// The whole number that a torn record of JSON gives under a name; `None` if it may be cut.
pub fn number_in_torn(torn: &[u8], name: &str) -> Option<i64> {
    // A blank at the end may be where the rest of it was.
    let value = value_in_torn(torn.trim_ascii_end(), name)?;
    let end = value.iter().position(|byte| !byte.is_ascii_digit()).filter(|end| value[*end] != b'.')?;
    std::str::from_utf8(&value[..end]).ok()?.parse().ok()
}

/// The path that a torn record of JSON gives under a name; `None` if it may be cut.
pub fn path_in_torn(torn: &[u8], name: &str) -> Option<Id> {
    let value = value_in_torn(torn, name)?;
    let text: String = serde_json::Deserializer::from_slice(value).into_iter().next()?.ok()?;
    path(&text)
}

/// What follows a name in a torn record of JSON.
fn value_in_torn<'a>(torn: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let start = memmem::find(torn, format!("\"{name}\"").as_bytes())? + name.len() + 2;
    Some(torn[start..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start())
}

/// An id as harnesses make them; `None` for what may be a text.
pub fn id(text: &str) -> Option<Id> {
    let is_part = |byte: u8| IN_ID[usize::from(byte)];
    (!text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(is_part)).then(|| text.into())
}

/// The UUID that a name ends with, as harnesses name files after what they hold.
pub fn uuid_at_end(name: &str) -> Option<Id> {
    const LENGTH: usize = 36;
    let uuid = name.get(name.len().checked_sub(LENGTH)?..)?;
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    uuid.bytes().enumerate().all(fits).then(|| uuid.into())
}

/// A key from any text: an id as it stands, else a digest that tells it from others.
pub fn key(text: &str) -> Id {
    id(text).unwrap_or_else(|| format!("{:032x}", digest(text)).into())
}

/// FNV-1a of 128 bits: the same on every machine, and with every version of this program.
fn digest(text: &str) -> u128 {
    let step =
        |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    text.as_bytes().iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, step)
}

/// A key from any text for a call whose key is another one when it is finished. Both have the same beginning, an id:
/// see [`GROWING`].
pub fn growing_key(beginning: &str, text: &str) -> Id {
    let digest = digest(text);
    format!("{beginning}{GROWING}{:024x}", digest >> 32).into()
}

/// A path of a folder; `None` for what may be a text.
pub fn path(text: &str) -> Option<Id> {
    let is_path = !text.is_empty() && text.len() <= LONGEST_PATH && !text.chars().any(char::is_control);
    is_path.then(|| text.into())
}

/// A branch's name, as git allows them.
pub fn branch(text: &str) -> Option<Id> {
    let is_part = |c: char| !c.is_control() && !c.is_whitespace() && !"~^:?*[\\".contains(c);
    (!text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(is_part)).then(|| text.into())
}

/// A model's name, without the size of its window; `None` for what may be a text or an address.
pub fn model(text: &str) -> Option<Id> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@[]()+<>".contains(&byte);
    let is_address = text.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    let text = without_window(text);
    (!text.is_empty() && text.len() <= LONGEST_NAME && !is_address && text.bytes().all(is_part)).then(|| text.into())
}

/// The lines of a text, without their ends; the last one may be cut.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines_forwards(text).map(|(_, line)| line)
}

/// The lines of a text, with where each starts.
pub fn lines_forwards(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        at += end + 1;
        Some((start, &rest[..end]))
    })
}

/// The lines of a text from the last to the first, with where each starts. The first may be cut.
pub fn lines_backwards(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut end = text.strip_suffix(b"\n").map_or(text.len(), <[u8]>::len);
    let mut done = text.is_empty();
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let start = memchr::memrchr(b'\n', &text[..end]).map_or(0, |newline| newline + 1);
        let line = &text[start..end];
        done = start == 0;
        end = start.saturating_sub(1);
        Some((start, line))
    })
}

#[cfg(test)]
mod tests {
    use super::{clean, lines, lines_backwards, number_in_torn, path_in_torn};

    #[test]
    fn strips_colours_and_carriage_returns() {
        assert_eq!(clean(b"\x1b[2m2026\x1b[0m\x1b]0;title\x07 ok\r"), "2026 ok");
        assert_eq!(clean(b"bad \xff byte"), "bad \u{fffd} byte");
    }

    #[test]
    fn walks_lines_both_ways() {
        let forwards: Vec<&[u8]> = lines(b"a\n\nb").collect();
        assert_eq!(forwards, [b"a".as_slice(), b"", b"b"]);
        let backwards: Vec<(usize, &[u8])> = lines_backwards(b"a\n\nb\n").collect();
        assert_eq!(backwards, [(3, b"b".as_slice()), (2, b""), (0, b"a")]);
    }

    #[test]
    fn a_path_counts_where_its_end_is_in_view() {
        let folder = |torn: &str| path_in_torn(torn.as_bytes(), "cwd").as_deref().map(str::to_owned);
        assert_eq!(folder(r#"{"cwd": "C:\\meadow","id"#).as_deref(), Some(r"C:\meadow"));
        for torn in [r#"{"cwd":"/srv/mea"#, r#"{"cwd":"/srv\"#, r#"{"cwd":5,"#, r#"{"cwd":"#, r#"{"cwd":"a\nb","#] {
            assert_eq!(folder(torn), None, "{torn}");
        }
    }

    #[test]
    fn a_number_counts_where_its_end_is_in_view() {
        let created = |torn: &str| number_in_torn(torn.as_bytes(), "created");
        assert_eq!(created(r#"{"time":{"created": 17,"comp"#), Some(17));
        for torn in [
            r#"{"created":17"#,
            r#"{"created":1.7,"#,
            r#"{"created":"17","#,
            r#"{"created"#,
            "{\"created\":\n",
            "{\"created\":17\n",
        ] {
            assert_eq!(created(torn), None, "{torn}");
        }
    }
}
