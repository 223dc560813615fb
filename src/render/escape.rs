//! Text of untrusted origin, made harmless for the medium that shows it.

use std::borrow::Cow;
use std::fmt::Write;

/// Stands between the characters that a Markdown renderer must not read together. Renderers look for
/// mentions, references and bare links in the finished text, where a backslash is long gone.
const JOINT: &str = "&#8203;";

/// Whether a character is invisible and can change what is seen: it moves the cursor, turns the
/// direction of writing around, or hides between others.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` for a terminal or a spreadsheet's cell: hidden characters become visible escapes such as
/// `\n` and `\u{1b}`.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_hidden(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// `text` for a paragraph or a table cell of GitHub's Markdown: shown as it is, and nothing but text.
///
/// Hidden characters are escaped as for a [`terminal`]; markup, HTML, links, mentions, references and
/// the cell's border lose their meaning.
pub(super) fn markdown(text: &str) -> Cow<'_, str> {
    let text = terminal(text);
    let mut shown = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => shown.extend(['\\', c]),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '|' => shown.push_str("&#124;"),
            '@' | '#' => push_joint(&mut shown, c),
            ':' if text[at..].starts_with(":/") => push_joint(&mut shown, c),
            '.' if ends_with_www(&text[..at]) => push_joint(&mut shown, c),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

fn push_joint(shown: &mut String, c: char) {
    shown.push(c);
    shown.push_str(JOINT);
}

fn ends_with_www(text: &str) -> bool {
    text.bytes().rev().take(3).filter(|byte| byte.eq_ignore_ascii_case(&b'w')).count() == 3
}

/// `text` for a cell of a spreadsheet: hidden characters escaped, and no formula.
///
/// Spreadsheets evaluate a cell that starts like a formula, some of them also behind blanks or with
/// full-width signs; an apostrophe in front makes it text.
pub(super) fn spreadsheet(text: &str) -> Cow<'_, str> {
    const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let shown = terminal(text);
    if text.starts_with(STARTS) || text.trim_start().starts_with(STARTS) {
        return Cow::Owned(format!("'{shown}"));
    }
    shown
}

/// A hidden character as JSON writes it, `\u009b`, which any reader turns back into the same text.
pub(super) fn json(c: char) -> String {
    let mut escaped = String::new();
    for unit in c.encode_utf16(&mut [0; 2]) {
        // Writing to a string can't fail.
        let _ = write!(escaped, "\\u{unit:04x}");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{json, markdown, spreadsheet, terminal};

    #[test]
    fn no_control_character_reaches_the_terminal() {
        assert_eq!(terminal("a\u{1b}[31mred\u{7}"), r"a\u{1b}[31mred\u{7}");
        assert_eq!(terminal("two\nlines\r\tand\u{7f}\u{9b}0m"), r"two\nlines\r\tand\u{7f}\u{9b}0m");
        assert_eq!(terminal("\u{0}"), r"\u{0}");
    }

    #[test]
    fn no_character_turns_the_line_around_or_hides() {
        for c in "\u{202e}\u{2066}\u{200b}\u{200f}\u{2028}\u{2029}\u{2060}\u{feff}\u{61c}\u{e0041}".chars() {
            assert_eq!(terminal(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }

    #[test]
    fn ordinary_text_of_any_script_stays() {
        for text in ["", "rust-core", "Ærø 日本語 🚀", r"C:\loops"] {
            assert_eq!(terminal(text), text);
            assert_eq!(spreadsheet(text), text);
        }
    }

    #[test]
    fn a_spreadsheet_sees_no_formula() {
        for text in ["=1+1", "+1", "-1", "@sum", "＝1", "  =1"] {
            assert_eq!(spreadsheet(text), format!("'{text}"));
        }
        assert_eq!(spreadsheet("\t=1"), r"'\t=1");
        assert_eq!(spreadsheet("\r=1"), r"'\r=1");
        assert_eq!(spreadsheet("\n=1"), r"'\n=1");
        assert_eq!(spreadsheet("a=1"), "a=1");
    }

    #[test]
    fn markdown_gets_no_table_break_and_no_markup() {
        assert_eq!(markdown("a|b\nc"), r"a&#124;b\\nc");
        assert_eq!(markdown(r"a\|b"), r"a\\&#124;b");
        assert_eq!(markdown("**b** _i_ `c` ~s~ $m$"), r"\*\*b\*\* \_i\_ \`c\` \~s\~ \$m\$");
        assert_eq!(markdown("<img src=x>&amp;"), "&lt;img src=x&gt;&amp;amp;");
        assert_eq!(markdown("![x](y)"), r"!\[x\](y)");
    }

    #[test]
    fn markdown_gets_no_link_mention_or_reference() {
        assert_eq!(markdown("@all #1"), "@&#8203;all #&#8203;1");
        assert_eq!(markdown("https://x.org"), "https:&#8203;//x.org");
        assert_eq!(markdown("WwW.x.org"), "WwW.&#8203;x.org");
        assert_eq!(markdown("a: b, c.d"), "a: b, c.d");
    }

    #[test]
    fn json_escapes_are_utf_16() {
        assert_eq!(json('\u{9b}'), "\\u009b");
        assert_eq!(json('\u{e0041}'), "\\udb40\\udc41");
    }
}
