//! Bytes looked at by the block, with the widest instructions the processor has. What is compiled for those must be
//! inlined where they are chosen.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

/// Bytes of a block.
pub const BLOCK: usize = 64;

/// What a line holds first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Its end: it is that long.
    End(usize),
    /// A needle, there.
    Needle(usize),
}

/// Looks for the end of the line that a text begins with and for a needle, both at once; `None` without either.
///
/// The needle's first byte and the one at `RARE` should rarely stand that far apart.
pub fn end_or_needle<const N: usize, const RARE: usize>(text: &[u8], needle: &[u8; N]) -> Option<Found> {
    const { assert!(0 < RARE && RARE < N) };
    dispatch!(Level::new(), simd => by_blocks::<_, N, RARE>(simd, text, needle))
}

#[inline(always)]
fn by_blocks<S: Simd, const N: usize, const RARE: usize>(simd: S, text: &[u8], needle: &[u8; N]) -> Option<Found> {
    let line_end = u8x64::splat(simd, b'\n');
    let (first, rare) = (u8x64::splat(simd, needle[0]), u8x64::splat(simd, needle[RARE]));
    let mut at = 0;
    while let Some(bytes) = text.get(at..at + BLOCK + RARE) {
        let block = u8x64::from_slice(simd, &bytes[..BLOCK]);
        let ahead = u8x64::from_slice(simd, &bytes[RARE..]);
        let ends = block.simd_eq(line_end);
        let starts = block.simd_eq(first) & ahead.simd_eq(rare);
        if (ends | starts).any_true() {
            let length = ends.to_bitmask().trailing_zeros();
            let mut starts = starts.to_bitmask() & !u64::MAX.checked_shl(length).unwrap_or(0);
            while starts != 0 {
                let start = at + starts.trailing_zeros() as usize;
                if text[start..].starts_with(needle) {
                    return Some(Found::Needle(start));
                }
                starts &= starts - 1;
            }
            if length < u64::BITS {
                return Some(Found::End(at + length as usize));
            }
        }
        at += BLOCK;
    }
    let rest = &text[at..];
    let end = memchr::memchr(b'\n', rest);
    let mut starts = memchr::memchr_iter(needle[0], &rest[..end.unwrap_or(rest.len())]);
    match starts.find(|start| rest[*start..].starts_with(needle)) {
        Some(start) => Some(Found::Needle(at + start)),
        None => Some(Found::End(at + end?)),
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

/// Which bytes are no part of a word, from the lowest bit on: neither letters nor digits nor `.`, `_`, `-`.
pub fn no_words(block: &[u8; BLOCK]) -> u64 {
    dispatch!(Level::new(), simd => no_words_of_block(simd, block))
}

#[inline(always)]
fn no_words_of_block<S: Simd>(simd: S, block: &[u8; BLOCK]) -> u64 {
    let bytes = u8x64::from_slice(simd, block);
    let letters = ((bytes | u8x64::splat(simd, 0x20)) - u8x64::splat(simd, b'a')).simd_lt(u8x64::splat(simd, 26));
    // From `-` to `9`, but for `/`.
    let others = (bytes - u8x64::splat(simd, b'-')).simd_lt(u8x64::splat(simd, 13));
    let others = others & !bytes.simd_eq(u8x64::splat(simd, b'/'));
    !(letters | others | bytes.simd_eq(u8x64::splat(simd, b'_'))).to_bitmask()
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

    use super::{BLOCK, Found, end_or_needle, has_controls, no_words, stops};

    const TEXT: &str = "{\"timestamp\":\"";

    fn look(text: &str) -> Option<Found> {
        end_or_needle::<14, 3>(text.as_bytes(), b"{\"timestamp\":\"")
    }

    #[test]
    fn a_needle_within_the_line_is_found_wherever_it_stands() {
        for before in 0..3 * BLOCK {
            for after in [TEXT, "{\"timestamp", "{\"t", "{", ""] {
                let line = "x".repeat(before) + after;
                let needle = (after == TEXT).then_some(Found::Needle(before));
                assert_eq!(look(&format!("{line}\n{TEXT}{line}")), needle.or(Some(Found::End(line.len()))), "{line}");
                assert_eq!(look(&line), needle, "{line}");
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_say_what_bytes_say(parts in proptest::collection::vec("[ -~]{0,40}|\n|\\{\"timestamp\":\"", 0..24)) {
            let text = parts.concat();
            let end = text.find('\n');
            let needle = text[..end.unwrap_or(text.len())].find(TEXT).map(Found::Needle);
            prop_assert_eq!(look(&text), needle.or(end.map(Found::End)));
        }

        #[test]
        fn words_are_told_from_what_parts_them(text in proptest::collection::vec(any::<u8>(), BLOCK)) {
            let block = text.first_chunk().expect("long enough");
            let is_none = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"._-".contains(byte);
            let slowly = (0..BLOCK).filter(|at| is_none(&block[*at])).fold(0, |all, at| all | 1 << at);
            prop_assert_eq!(no_words(block), slowly);
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
