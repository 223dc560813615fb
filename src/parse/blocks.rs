//! Bytes looked at by the block, with the widest instructions the processor has.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

/// Bytes of a block.
pub const BLOCK: usize = 64;

/// How far apart the two bytes of a needle stand that are looked for.
const APART: usize = 3;

/// The length of the line that the text begins with; `None` if it doesn't end, or if it holds the needle.
///
/// Both are looked for at once. The needle should have two bytes, the first and the fourth, that are rare in this
/// distance.
pub fn length_without<const N: usize>(text: &[u8], needle: &[u8; N]) -> Option<usize> {
    const { assert!(N > APART) };
    dispatch!(Level::new(), simd => length_by_blocks(simd, text, needle))
}

#[inline(always)]
fn length_by_blocks<S: Simd, const N: usize>(simd: S, text: &[u8], needle: &[u8; N]) -> Option<usize> {
    let splat = |byte| u8x64::splat(simd, byte);
    let (line_end, first, second) = (splat(b'\n'), splat(needle[0]), splat(needle[APART]));
    let mut at = 0;
    while let Some(bytes) = text.get(at..at + BLOCK + APART) {
        let block = u8x64::from_slice(simd, &bytes[..BLOCK]);
        let shifted = u8x64::from_slice(simd, &bytes[APART..]);
        let ends = block.simd_eq(line_end);
        let starts = block.simd_eq(first) & shifted.simd_eq(second);
        if (ends | starts).any_true() {
            let length = ends.to_bitmask().trailing_zeros();
            let mut starts = starts.to_bitmask() & !u64::MAX.checked_shl(length).unwrap_or(0);
            while starts != 0 {
                if text[at + starts.trailing_zeros() as usize..].starts_with(needle) {
                    return None;
                }
                starts &= starts - 1;
            }
            if length < u64::BITS {
                return Some(at + length as usize);
            }
        }
        at += BLOCK;
    }
    let rest = &text[at..];
    let length = memchr::memchr(b'\n', rest)?;
    let holds_needle = memchr::memchr_iter(needle[0], &rest[..length]).any(|start| rest[start..].starts_with(needle));
    (!holds_needle).then_some(at + length)
}

/// Which bytes of a block are quotes or backslashes, from the lowest bit on.
pub fn stops(block: &[u8; BLOCK]) -> u64 {
    dispatch!(Level::new(), simd => stops_of_block(simd, block))
}

#[inline(always)]
fn stops_of_block<S: Simd>(simd: S, block: &[u8; BLOCK]) -> u64 {
    let bytes = u8x64::from_slice(simd, block);
    let is = |byte| bytes.simd_eq(u8x64::splat(simd, byte));
    (is(b'"') | is(b'\\')).to_bitmask()
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

    use super::{BLOCK, has_controls, length_without, stops};

    const NEEDLE: &[u8; 14] = b"{\"timestamp\":\"";

    #[test]
    fn a_needle_within_the_line_is_found_wherever_it_stands() {
        let needle = std::str::from_utf8(NEEDLE).expect("text");
        for before in 0..3 * BLOCK {
            for (after, is_without) in
                [(needle, false), ("{\"timestamp", true), ("{\"t", true), ("{", true), ("", true)]
            {
                let line = "x".repeat(before) + after;
                let text = format!("{line}\n{needle}{}", "x".repeat(BLOCK));
                assert_eq!(length_without(text.as_bytes(), NEEDLE), is_without.then_some(line.len()), "{text}");
                assert_eq!(length_without(line.as_bytes(), NEEDLE), None);
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_say_what_bytes_say(parts in proptest::collection::vec("[ -~]{0,40}|\n|\\{\"timestamp\":\"", 0..24)) {
            let text = parts.concat();
            let length = text.find('\n').filter(|end| !text[..*end].contains("{\"timestamp\":\""));
            prop_assert_eq!(length_without(text.as_bytes(), NEEDLE), length);
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
