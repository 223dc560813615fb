//! Bytes looked at by the block, with the widest instructions the processor has.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, mask8x64, u8x64};

/// Bytes of a block.
pub const BLOCK: usize = 64;

/// What is looked for: a few bytes, of which the first, the middle one and the last tell nearly all places apart.
#[derive(Debug, Clone, Copy)]
pub struct Needle<'n> {
    bytes: &'n [u8],
    first: u8,
    middle: u8,
    last: u8,
}

impl<'n> Needle<'n> {
    /// `None` for less than two bytes.
    pub const fn new(bytes: &'n [u8]) -> Option<Needle<'n>> {
        match bytes {
            [first, .., last] => Some(Needle { bytes, first: *first, middle: bytes[bytes.len() / 2], last: *last }),
            _ => None,
        }
    }

    /// How many bytes it has.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Where it first stands in a text.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        dispatch!(Level::new(), simd => self.find_by_blocks(simd, text))
    }

    /// The length of the line that the text begins with; `None` if it doesn't end, or if it holds the needle.
    ///
    /// Both are looked for at once.
    pub fn length_without(&self, text: &[u8]) -> Option<usize> {
        dispatch!(Level::new(), simd => self.length_by_blocks(simd, text))
    }

    #[inline(always)]
    fn find_by_blocks<S: Simd>(&self, simd: S, text: &[u8]) -> Option<usize> {
        let telling = self.telling(simd);
        let mut at = 0;
        while let Some(bytes) = text.get(at..at + BLOCK + self.bytes.len() - 1) {
            let starts = self.starts(simd, telling, bytes);
            if starts.any_true()
                && let Some(found) = self.first_of(text, at, starts.to_bitmask())
            {
                return Some(found);
            }
            at += BLOCK;
        }
        self.find_in_rest(text, at)
    }

    #[inline(always)]
    fn length_by_blocks<S: Simd>(&self, simd: S, text: &[u8]) -> Option<usize> {
        let (telling, line_end) = (self.telling(simd), u8x64::splat(simd, b'\n'));
        let mut at = 0;
        while let Some(bytes) = text.get(at..at + BLOCK + self.bytes.len() - 1) {
            let ends = u8x64::from_slice(simd, &bytes[..BLOCK]).simd_eq(line_end);
            let starts = self.starts(simd, telling, bytes);
            if (ends | starts).any_true() {
                let length = ends.to_bitmask().trailing_zeros();
                let starts = starts.to_bitmask() & !u64::MAX.checked_shl(length).unwrap_or(0);
                if self.first_of(text, at, starts).is_some() {
                    return None;
                }
                if length < u64::BITS {
                    return Some(at + length as usize);
                }
            }
            at += BLOCK;
        }
        let end = at + memchr::memchr(b'\n', &text[at..])?;
        self.find_in_rest(&text[..end], at).is_none().then_some(end)
    }

    /// Its telling bytes, to compare blocks with.
    #[inline(always)]
    fn telling<S: Simd>(&self, simd: S) -> [u8x64<S>; 3] {
        [u8x64::splat(simd, self.first), u8x64::splat(simd, self.middle), u8x64::splat(simd, self.last)]
    }

    /// Where it may start in a block, which the bytes are and some that follow.
    #[inline(always)]
    fn starts<S: Simd>(&self, simd: S, telling: [u8x64<S>; 3], bytes: &[u8]) -> mask8x64<S> {
        let [first, middle, last] = telling;
        first.simd_eq(u8x64::from_slice(simd, &bytes[..BLOCK]))
            & middle.simd_eq(u8x64::from_slice(simd, &bytes[self.bytes.len() / 2..][..BLOCK]))
            & last.simd_eq(u8x64::from_slice(simd, &bytes[self.bytes.len() - 1..][..BLOCK]))
    }

    /// The first place after `at` where a bit is set and the needle stands.
    #[inline(always)]
    fn first_of(&self, text: &[u8], at: usize, mut starts: u64) -> Option<usize> {
        while starts != 0 {
            let start = at + starts.trailing_zeros() as usize;
            if text[start..].starts_with(self.bytes) {
                return Some(start);
            }
            starts &= starts - 1;
        }
        None
    }

    #[inline(always)]
    fn find_in_rest(&self, text: &[u8], at: usize) -> Option<usize> {
        let starts = memchr::memchr_iter(self.first, &text[at..]).map(|start| at + start);
        starts.into_iter().find(|start| text[*start..].starts_with(self.bytes))
    }
}

/// Which bytes of a block are quotes or backslashes, from the lowest bit on.
pub fn stops(block: &[u8; BLOCK]) -> u64 {
    dispatch!(Level::new(), simd => stops_of_block(simd, block))
}

#[inline(always)]
fn stops_of_block<S: Simd>(simd: S, block: &[u8; BLOCK]) -> u64 {
    let bytes = u8x64::from_slice(simd, block);
    (bytes.simd_eq(u8x64::splat(simd, b'"')) | bytes.simd_eq(u8x64::splat(simd, b'\\'))).to_bitmask()
}

/// Whether there are control characters.
pub fn has_controls(text: &[u8]) -> bool {
    #[inline(always)]
    fn any<S: Simd>(_: S, text: &[u8]) -> bool {
        text.iter().fold(false, |has, byte| has | (*byte < 0x20))
    }
    dispatch!(Level::new(), simd => any(simd, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK, Needle, has_controls, stops};

    const TEXT: &str = "{\"timestamp\":\"";
    const NEEDLE: Needle<'static> = Needle::new(TEXT.as_bytes()).expect("long enough");

    #[test]
    fn a_needle_within_the_line_is_found_wherever_it_stands() {
        for before in 0..3 * BLOCK {
            for (after, is_without) in [(TEXT, false), ("{\"timestamp", true), ("{\"t", true), ("{", true), ("", true)]
            {
                let line = "x".repeat(before) + after;
                let text = format!("{line}\n{TEXT}{}", "x".repeat(BLOCK));
                assert_eq!(NEEDLE.length_without(text.as_bytes()), is_without.then_some(line.len()), "{text}");
                assert_eq!(NEEDLE.length_without(line.as_bytes()), None);
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_say_what_bytes_say(parts in proptest::collection::vec("[ -~]{0,40}|\n|\\{\"timestamp\":\"", 0..24)) {
            let text = parts.concat();
            let length = text.find('\n').filter(|end| !text[..*end].contains(TEXT));
            prop_assert_eq!(NEEDLE.length_without(text.as_bytes()), length);
            prop_assert_eq!(NEEDLE.find(text.as_bytes()), text.find(TEXT));
        }

        #[test]
        fn every_byte_of_a_block_is_told(text in "[\"\\\\a-f\t]{100}") {
            let block = text.as_bytes().first_chunk().expect("long enough");
            let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\');
            let slowly = (0..BLOCK).filter(|at| is_stop(&block[*at])).fold(0, |all, at| all | 1 << at);
            prop_assert_eq!(stops(block), slowly);
            prop_assert_eq!(has_controls(text.as_bytes()), text.contains('\t'));
        }
    }
}
