//! Looks for short texts, several at once, by the block: by two bytes of each, which are looked up by their halves.
//! What has both is then compared with what the texts begin with.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, mask8x64, u8x64};

use super::blocks::BLOCK;

/// How far the two bytes of a pair stand apart.
pub const APART: usize = 3;

/// How many buckets there are for pairs of bytes.
const BUCKETS: usize = 8;

/// As many bytes of a text are compared, if it has so many.
const HEAD: usize = 8;

/// A search for short texts.
#[derive(Debug)]
pub struct Pairs {
    /// For the low and the high half of the first and of the second byte, for each 16 bytes of a block: a bit for each
    /// bucket that it may belong to. A bucket of several pairs may also hold others, made of their halves.
    halves: [[u8; BLOCK]; 4],
    /// The first bytes of the pairs, which share a bucket if they are the same: such pairs are hardly ever taken for
    /// what is none of them.
    firsts: Vec<u8>,
    heads: Vec<Heads>,
    count: usize,
}

impl Default for Pairs {
    fn default() -> Pairs {
        Pairs { halves: [[0; BLOCK]; 4], firsts: Vec::new(), heads: Vec::new(), count: 0 }
    }
}

/// What some texts begin with, and which bits of that count.
#[derive(Debug, Clone, Copy)]
struct Heads {
    bytes: [u64; GROUP],
    masks: [u64; GROUP],
}

/// So many heads are compared at once, if the processor can.
const GROUP: usize = 8;

impl Heads {
    /// What nothing begins with.
    const NONE: Heads = Heads { bytes: [1; GROUP], masks: [0; GROUP] };

    #[inline(always)]
    fn are(&self, bytes: u64) -> [bool; GROUP] {
        std::array::from_fn(
            #[inline(always)]
            |head| bytes & self.masks[head] == self.bytes[head],
        )
    }
}

impl Pairs {
    /// Looks for this text, too, which is longer than pairs are apart.
    pub fn add(&mut self, text: &[u8]) {
        let (first, second) = (text[0], text[APART]);
        let bucket = self.firsts.iter().position(|known| *known == first).unwrap_or_else(|| {
            self.firsts.push(first);
            self.firsts.len() - 1
        });
        let bit = 1 << (bucket % BUCKETS);
        let halves = [first & 15, first >> 4, second & 15, second >> 4];
        for (half, of_halves) in halves.iter().zip(&mut self.halves) {
            of_halves.iter_mut().skip(usize::from(*half)).step_by(16).for_each(|buckets| *buckets |= bit);
        }
        if self.count.is_multiple_of(GROUP) {
            self.heads.push(Heads::NONE);
        }
        if let Some(heads) = self.heads.last_mut() {
            let (mut bytes, mut mask) = ([0; HEAD], [0; HEAD]);
            for ((byte, bits), of_text) in bytes.iter_mut().zip(&mut mask).zip(text) {
                (*byte, *bits) = (*of_text, !0);
            }
            heads.bytes[self.count % GROUP] = u64::from_le_bytes(bytes);
            heads.masks[self.count % GROUP] = u64::from_le_bytes(mask);
        }
        self.count += 1;
    }

    /// Tells the number of each text, in the order they were added, that may begin here: its first eight bytes do.
    #[inline]
    pub fn at(&self, text: &[u8], mut found: impl FnMut(usize)) {
        let mut bytes = [0; HEAD];
        match text.first_chunk() {
            Some(there) => bytes = *there,
            None => bytes[..text.len()].copy_from_slice(text),
        }
        let bytes = u64::from_le_bytes(bytes);
        for (group, heads) in self.heads.iter().enumerate() {
            for head in 0..GROUP {
                if bytes & heads.masks[head] == heads.bytes[head] {
                    found(group * GROUP + head);
                }
            }
        }
    }

    /// The first block from a place on in which something begins like any of the texts: where it begins, and a bit for
    /// each such place.
    pub fn next(&self, text: &[u8], from: usize) -> Option<(usize, u64)> {
        dispatch!(Level::new(), simd => next(simd, self, text, from))
    }
}

#[inline(always)]
fn next<S: Simd>(simd: S, pairs: &Pairs, text: &[u8], from: usize) -> Option<(usize, u64)> {
    let [a, b, c, d] = &pairs.halves;
    let halves = [
        u8x64::from_slice(simd, a),
        u8x64::from_slice(simd, b),
        u8x64::from_slice(simd, c),
        u8x64::from_slice(simd, d),
    ];
    let mut at = from;
    while let Some(bytes) = text.get(at..at + BLOCK + HEAD) {
        let found = found(simd, &halves, bytes);
        if found.any_true() {
            let known = known(&pairs.heads, bytes, found.to_bitmask());
            if known != 0 {
                return Some((at, known));
            }
        }
        at += BLOCK;
    }
    // What is missing at the end counts as zeros, which no text holds.
    while let Some(rest) = text.get(at..).filter(|rest| rest.len() > APART) {
        let mut bytes = [0; BLOCK + HEAD];
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        let known = known(&pairs.heads, &bytes, found(simd, &halves, &bytes).to_bitmask());
        if known != 0 {
            return Some((at, known));
        }
        at += BLOCK;
    }
    None
}

/// Where in a block pairs of any bucket begin.
#[inline(always)]
fn found<S: Simd>(simd: S, halves: &[u8x64<S>; 4], bytes: &[u8]) -> mask8x64<S> {
    let low = u8x64::splat(simd, 15);
    let first = u8x64::from_slice(simd, &bytes[..BLOCK]);
    let second = u8x64::from_slice(simd, &bytes[APART..APART + BLOCK]);
    let buckets = halves[0].swizzle_dyn_within_blocks(first & low)
        & halves[1].swizzle_dyn_within_blocks((first >> 4) & low)
        & halves[2].swizzle_dyn_within_blocks(second & low)
        & halves[3].swizzle_dyn_within_blocks((second >> 4) & low);
    buckets.simd_gt(u8x64::splat(simd, 0))
}

/// Those of the places in a block where a text may begin, a bit each.
#[inline(always)]
fn known(heads: &[Heads], bytes: &[u8], mut places: u64) -> u64 {
    let mut known = 0;
    while places != 0 {
        let place = places & places.wrapping_neg();
        places ^= place;
        let Some(there) = bytes[place.trailing_zeros() as usize..].first_chunk() else { break };
        let there = u64::from_le_bytes(*there);
        for heads in heads {
            if heads.are(there).into_iter().fold(false, |any, is| any | is) {
                known |= place;
            }
        }
    }
    known
}
