//! Gzip: members one after the other, and the zeros that tapes and block devices fill up with.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// What the members hold, one after the other. What follows them and is no zero breaks off, as a torn member does.
pub(super) struct Gzip<R> {
    /// The member that is being read; `None` behind the last one.
    member: Option<GzDecoder<BufReader<R>>>,
}

impl<R: Read> Gzip<R> {
    pub(super) fn new(reader: R) -> Gzip<R> {
        Gzip { member: Some(GzDecoder::new(BufReader::new(reader))) }
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let is_last = skip_zeros(member.get_mut())?;
            self.member = self.member.take().filter(|_| !is_last).map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

/// Passes over zeros; tells whether nothing stands behind them.
fn skip_zeros(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let held = reader.fill_buf()?;
        let zeros = held.iter().take_while(|byte| **byte == 0).count();
        let (is_end, is_over) = (held.is_empty(), zeros < held.len());
        reader.consume(zeros);
        if is_end || is_over {
            return Ok(is_end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::Gzip;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).expect("written");
        encoder.finish().expect("a member")
    }

    /// What is read, and whether it breaks off.
    fn read(bytes: &[u8]) -> (String, bool) {
        let mut text = Vec::new();
        let read = Gzip::new(bytes).read_to_end(&mut text);
        (String::from_utf8(text).expect("UTF-8"), read.is_err())
    }

    #[test]
    fn zeros_behind_a_member_are_no_part_of_it() {
        let (one, two) = (member("one"), member("two"));
        assert_eq!(read(&one), ("one".to_owned(), false));
        assert_eq!(read(&[&one[..], &[0; 70_000]].concat()), ("one".to_owned(), false));
        assert_eq!(read(&[&one[..], &[0; 3], &two, &[0]].concat()), ("onetwo".to_owned(), false));
    }

    #[test]
    fn what_else_follows_breaks_off() {
        let one = member("one");
        for rest in [&b"x"[..], b"\0\0no member", &one[..one.len() - 1], &one[..3]] {
            let (text, is_broken) = read(&[&one[..], rest].concat());
            assert!(text.starts_with("one") && is_broken, "{rest:?}");
        }
        assert!(read(&one[..one.len() - 1]).1);
    }
}
