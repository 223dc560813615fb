//! The bytes of a document, and where to go on behind a value that can't be read.

use std::cell::Cell;
use std::io::{BufRead, Read};

/// How much of a value that can't be read is shown.
const BEGINNING: usize = 4 * 1024;

/// How much is held at once.
const HELD: usize = 64 * 1024;

/// So many bytes into the next value, at most, it shows that the one before it on the line is torn.
const NEAR: usize = 6;

/// How much may be read again, as lines of their own, beside as much as was read since.
const MOST_AGAIN: usize = 16 * 1024 * 1024;

/// The input, and what is known of the value that is being read.
pub(super) struct Source<'a> {
    input: &'a mut dyn BufRead,
    /// Bytes that the record may still have.
    budget: &'a Cell<u64>,
    /// Bytes that were read, and how many of them were handed on: serde asks for one at a time.
    held: Vec<u8>,
    at: usize,
    /// Whether the value goes on behind a line end.
    crossed: bool,
    /// Whether it follows another one: then it may be a line's.
    is_apart: bool,
    /// What it goes on with there, if so.
    after: Vec<u8>,
    /// How much of that may be read again: where every line is torn, all that follows would be, for each.
    again: usize,
    /// How the value begins.
    pub(super) beginning: Vec<u8>,
    /// The last bytes of what was held before.
    before: Vec<u8>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let budget = self.budget.get();
        let Some(room) = buffer.first_mut().filter(|_| budget > 0) else {
            return Err(std::io::Error::other("a record is too large"));
        };
        if self.at == self.held.len() && !self.fill()? {
            return Ok(0);
        }
        let byte = self.held[self.at];
        *room = byte;
        self.at += 1;
        self.budget.set(budget - 1);
        if self.beginning.len() < BEGINNING {
            self.beginning.push(byte);
        }
        if self.is_apart {
            if self.crossed && self.after.len() < self.again {
                self.after.push(byte);
            }
            self.crossed |= byte == b'\n';
        }
        Ok(1)
    }
}

impl Source<'_> {
    pub(super) fn new<'a>(input: &'a mut dyn BufRead, budget: &'a Cell<u64>) -> Source<'a> {
        let (held, after, beginning, before) = Default::default();
        Source {
            input,
            budget,
            held,
            at: 0,
            crossed: false,
            is_apart: false,
            after,
            again: MOST_AGAIN,
            beginning,
            before,
        }
    }

    /// Holds what comes next; false at the end, where what was held last stays.
    fn fill(&mut self) -> std::io::Result<bool> {
        let buffer = self.input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        self.before.extend_from_slice(&self.held[self.held.len().saturating_sub(NEAR)..]);
        self.before.drain(..self.before.len().saturating_sub(NEAR));
        buffer[..buffer.len().min(HELD)].clone_into(&mut self.held);
        self.at = 0;
        self.input.consume(self.held.len());
        self.again = MOST_AGAIN.min(self.again + self.held.len());
        Ok(true)
    }

    /// Begins a value.
    pub(super) fn begin(&mut self, is_apart: bool) {
        (self.is_apart, self.crossed) = (is_apart, false);
        self.after.clear();
        self.beginning.clear();
    }

    /// Goes back to where another value begins on the line that is torn; false if none was seen.
    pub(super) fn go_back(&mut self) -> bool {
        let mut near = self.before.clone();
        near.extend_from_slice(&self.held[self.at.saturating_sub(NEAR)..self.at]);
        near.drain(..near.len().saturating_sub(NEAR));
        let Some(at) = near.iter().rposition(|byte| *byte == b'{') else { return false };
        let next = &near[at..];
        // Its own first bytes begin none.
        let Some(torn) = self.beginning.len().checked_sub(next.len()).filter(|torn| *torn > 1 && !self.crossed) else {
            return false;
        };
        if self.beginning.len() < BEGINNING {
            self.beginning.truncate(torn);
        }
        match self.at.checked_sub(next.len()) {
            Some(at) => self.at = at,
            None => {
                self.held.splice(..self.at, next.iter().copied());
                self.at = 0;
            }
        }
        true
    }

    /// Passes blocks over that were never written; whether another value begins behind them, on the same line.
    pub(super) fn skip_hole(&mut self) -> std::io::Result<bool> {
        if self.crossed || self.at.checked_sub(1).and_then(|last| self.held.get(last)) != Some(&0) {
            return Ok(false);
        }
        loop {
            self.at += self.held[self.at..].iter().take_while(|byte| **byte == 0).count();
            if self.at < self.held.len() || !self.fill()? {
                return Ok(self.held.get(self.at) == Some(&b'{'));
            }
        }
    }

    /// Passes a byte order mark and white space over; gives the first byte of a value, if there is one.
    pub(super) fn next_value(&mut self) -> std::io::Result<Option<u8>> {
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
        loop {
            self.at += self.held[self.at..].iter().take_while(|byte| is_blank(byte)).count();
            let first = self.held.get(self.at).copied();
            if first.is_some() || !self.fill()? {
                return Ok(first);
            }
        }
    }

    /// Passes the rest of a torn line over; false at the end.
    pub(super) fn skip_line(&mut self) -> std::io::Result<bool> {
        // The next line's beginning shows that this one is torn, whatever was made of it.
        let is_whole = self.after.len() < self.again;
        if is_whole && matches!(self.after.trim_ascii_start().first(), Some(b'{' | b'[')) {
            self.again -= self.after.len();
            self.held.splice(..self.at, self.after.drain(..));
            self.at = 0;
            return Ok(true);
        }
        if self.at.checked_sub(1).is_some_and(|last| self.held[last] == b'\n') {
            return Ok(true);
        }
        loop {
            let rest = &self.held[self.at..];
            let newline = memchr::memchr(b'\n', rest);
            self.at += newline.map_or(rest.len(), |newline| newline + 1);
            if newline.is_some() {
                return Ok(true);
            }
            if !self.fill()? {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use crate::parse::document::{Layout, Piece, read};

    /// What is read of a text, `!` for what can't be, however it is cut.
    fn values(text: &str) -> String {
        let read = |size| {
            let mut values = Vec::new();
            read(&mut BufReader::with_capacity(size, text.as_bytes()), Layout::Records, &mut |piece| match piece {
                Piece::Record(json) => values.push(json.to_owned()),
                Piece::Defect(_, torn) => values.push(format!("!{}", String::from_utf8_lossy(torn).trim_end())),
                Piece::Member(..) | Piece::End => {}
            })
            .expect("bytes");
            values.join(" ")
        };
        let whole = read(1024);
        (1..40).for_each(|size| assert_eq!(read(size), whole, "{size}"));
        whole
    }

    #[test]
    fn a_value_behind_a_torn_one_on_its_line_is_read() {
        for torn in [r#"{"a":"b"#, r#"{"a":1"#, r#"{"a"#, r#"{"a":[{"b":1},"c"#, r#"{"a":tr"#, r#"{"a":"\"#] {
            let text = format!("{{}}\n{torn}{{\"c\":2}}\n{{\"d\":3}}\n");
            assert_eq!(values(&text), format!("{{}} !{torn} {{\"c\":2}} {{\"d\":3}}"), "{torn}");
        }
    }

    #[test]
    fn a_value_behind_blocks_that_were_never_written_is_read() {
        assert_eq!(values("{}\n{\"a\":\0\0\0{\"b\":1}\n{}"), "{} !{\"a\":\0 {\"b\":1} {}");
        assert_eq!(values("{}\n{\"a\":\0\0\0\"}\n{}"), "{} !{\"a\":\0 {}");
    }

    #[test]
    fn braces_without_end_cost_no_more_than_their_bytes() {
        let torn = values(&format!("{{}}\n{}\n{{}}", "{".repeat(100)));
        assert!(torn.starts_with("{} !") && torn.ends_with(" {}") && torn.len() < 1000, "{torn}");
    }

    #[test]
    fn a_value_that_ends_the_text_has_nothing_behind_it() {
        assert_eq!(values("{}\n{\"a\":{\""), "{} !{\"a\":{\"");
    }
}
