//! Bytes looked at by the block, with the widest instructions the processor has. What is compiled for those must be
//! inlined where they are chosen.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, mask8x64, u8x64};

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

/// How far the two bytes of a pair stand apart.
pub const APART: usize = 3;

/// How many buckets there are for pairs of bytes: two groups of eight.
pub const BUCKETS: usize = 16;

/// Pairs of bytes that stand [`APART`], in buckets. Each half of each byte says in which buckets of a group it may be,
/// so that a bucket of several pairs may also hold others, made of their halves.
#[derive(Debug)]
pub struct Pairs {
    groups: [Group; 2],
    /// Whether the second group has any.
    has_second: bool,
}

/// For the low and the high half of the first and of the second byte: the buckets, for each block of 16 bytes.
type Group = [[u8; BLOCK]; 4];

impl Default for Pairs {
    fn default() -> Pairs {
        Pairs { groups: [[[0; BLOCK]; 4]; 2], has_second: false }
    }
}

impl Pairs {
    /// Puts a pair into a bucket.
    pub fn add(&mut self, first: u8, second: u8, bucket: usize) {
        let (group, bucket) = (bucket / 8 % 2, bucket % 8);
        self.has_second |= group == 1;
        for (half, of_halves) in [first & 15, first >> 4, second & 15, second >> 4].iter().zip(&mut self.groups[group])
        {
            of_halves.iter_mut().skip(usize::from(*half)).step_by(16).for_each(|buckets| *buckets |= 1 << bucket);
        }
    }

    /// The buckets that a pair may be in, a bit each.
    pub fn buckets(&self, first: u8, second: u8) -> u16 {
        let halves = [first & 15, first >> 4, second & 15, second >> 4];
        let of_group = |group: &Group| {
            halves.iter().zip(group).fold(!0, |buckets, (half, of_halves)| buckets & of_halves[usize::from(*half)])
        };
        u16::from_le_bytes(self.groups.each_ref().map(of_group))
    }

    /// The first block from a place on in which pairs of any bucket begin: where it begins, and a bit for each of them.
    pub fn next(&self, text: &[u8], from: usize) -> Option<(usize, u64)> {
        dispatch!(Level::new(), simd => if self.has_second {
            next_pairs::<_, true>(simd, &self.groups, text, from)
        } else {
            next_pairs::<_, false>(simd, &self.groups, text, from)
        })
    }
}

#[inline(always)]
fn next_pairs<S: Simd, const BOTH: bool>(
    simd: S,
    groups: &[Group; 2],
    text: &[u8],
    from: usize,
) -> Option<(usize, u64)> {
    let groups = [halves(simd, &groups[0]), halves(simd, &groups[1])];
    let mut at = from;
    while let Some(bytes) = text.get(at..at + BLOCK + APART) {
        let found = pairs::<_, BOTH>(simd, &groups, bytes);
        if found.any_true() {
            return Some((at, found.to_bitmask()));
        }
        at += BLOCK;
    }
    let rest = text.get(at..).filter(|rest| rest.len() > APART)?;
    let mut last = [0; BLOCK + APART];
    last[..rest.len()].copy_from_slice(rest);
    let found = pairs::<_, BOTH>(simd, &groups, &last).to_bitmask();
    (found != 0).then_some((at, found))
}

#[inline(always)]
fn halves<S: Simd>(simd: S, group: &Group) -> [u8x64<S>; 4] {
    [
        u8x64::from_slice(simd, &group[0]),
        u8x64::from_slice(simd, &group[1]),
        u8x64::from_slice(simd, &group[2]),
        u8x64::from_slice(simd, &group[3]),
    ]
}

/// Where in a block pairs of any bucket begin.
#[inline(always)]
fn pairs<S: Simd, const BOTH: bool>(simd: S, groups: &[[u8x64<S>; 4]; 2], bytes: &[u8]) -> mask8x64<S> {
    let low = u8x64::splat(simd, 15);
    let (first, second) = (u8x64::from_slice(simd, &bytes[..BLOCK]), u8x64::from_slice(simd, &bytes[APART..]));
    let halves = [first & low, (first >> 4) & low, second & low, (second >> 4) & low];
    let mut buckets = of_group(&groups[0], &halves);
    if BOTH {
        buckets |= of_group(&groups[1], &halves);
    }
    buckets.simd_gt(u8x64::splat(simd, 0))
}

#[inline(always)]
fn of_group<S: Simd>(group: &[u8x64<S>; 4], halves: &[u8x64<S>; 4]) -> u8x64<S> {
    group[0].swizzle_dyn_within_blocks(halves[0])
        & group[1].swizzle_dyn_within_blocks(halves[1])
        & group[2].swizzle_dyn_within_blocks(halves[2])
        & group[3].swizzle_dyn_within_blocks(halves[3])
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
