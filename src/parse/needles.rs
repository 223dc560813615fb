//! Looks for several texts at once, as fast as memory gives them: by two bytes of each, which are compared by the
//! block; what has both is then compared as a whole.

use super::blocks::BLOCK;
use super::pairs::{APART, Pairs};

/// A text that lines of interest hold.
#[derive(Debug)]
pub struct Needle {
    text: &'static str,
    /// Where the part of it stands that is looked for.
    at: usize,
}

impl Needle {
    /// A text that is found by a part of it: by the first and the last byte of that, which should rarely stand so far
    /// apart in anything else. Needles that are looked for together should have no more first bytes than there are
    /// buckets for pairs, as those that share one are taken for each other. A constant with no such part can't be
    /// compiled.
    pub const fn new(text: &'static str, part: &'static str) -> Needle {
        let Some((part, [])) = part.as_bytes().split_first_chunk() else {
            panic!("a part is as long as pairs are apart")
        };
        let mut at = 0;
        loop {
            match text.as_bytes().split_at(at).1.first_chunk::<{ APART + 1 }>() {
                Some(found) if same(found, part) => return Needle { text, at },
                Some(_) => at += 1,
                None => panic!("a part stands in its text"),
            }
        }
    }

    const fn bytes(&self) -> &'static [u8] {
        self.text.as_bytes()
    }

    /// It from the part on.
    fn found(&self) -> &'static [u8] {
        &self.bytes()[self.at..]
    }
}

/// Whether two parts are the same, told while compiling.
const fn same(a: &[u8; APART + 1], b: &[u8; APART + 1]) -> bool {
    let mut at = 0;
    while at <= APART && a[at] == b[at] {
        at += 1;
    }
    at > APART
}

/// A search for several needles.
#[derive(Debug)]
pub(super) struct Needles {
    pairs: Pairs,
    needles: Vec<&'static Needle>,
}

impl Needles {
    pub(super) fn new(needles: impl Iterator<Item = &'static Needle>) -> Needles {
        let (mut pairs, needles) = (Pairs::default(), Vec::from_iter(needles));
        needles.iter().for_each(|needle| pairs.add(needle.found()));
        Needles { pairs, needles }
    }

    /// Tells the number of each needle that begins and ends between these places, and where it begins, in the order
    /// of their pairs.
    #[inline]
    pub(super) fn each(&self, text: &[u8], start: usize, stop: usize, mut found: impl FnMut(usize, usize)) {
        let text = &text[..stop];
        let mut from = start;
        while let Some((block, mut candidates)) = self.pairs.next(text, from) {
            while candidates != 0 {
                let at = block + candidates.trailing_zeros() as usize;
                candidates &= candidates - 1;
                self.pairs.at(&text[at..], |number| {
                    let Some(needle) = self.needles.get(number) else { return };
                    let begin = at.checked_sub(needle.at).filter(|begin| *begin >= start);
                    if let Some(begin) = begin.filter(|begin| text[*begin..].starts_with(needle.bytes())) {
                        found(number, begin);
                    }
                });
            }
            from = block + BLOCK;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Needle, Needles};

    static NEEDLES: [Needle; 12] = [
        Needle::new("input_token_count", "ken_"),
        Needle::new("TokenCount(", "kenC"),
        Needle::new("\n[20", "\n[20"),
        Needle::new("Z] run ", "Z] r"),
        Needle::new("abcdef", "abcd"),
        Needle::new("abcxef", "cxef"),
        Needle::new("\"usage\"", "usag"),
        Needle::new("0000", "0000"),
        Needle::new("## G", "## G"),
        Needle::new("é é é", " é "),
        Needle::new("resu", "resu"),
        Needle::new("limit", "limi"),
    ];

    fn found(text: &str, start: usize, stop: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        Needles::new(NEEDLES.iter()).each(text.as_bytes(), start, stop, |number, at| found.push((at, number)));
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn every_needle_is_found_wherever_it_stands(
            parts in proptest::collection::vec((0..24_usize, "[ -~\n\0é]{0,90}"), 0..9),
            start in 0..300_usize,
            length in 0..600_usize,
        ) {
            let needle = |index: usize| NEEDLES.get(index).map_or("", |needle| needle.text);
            let text: String = parts.iter().flat_map(|(index, between)| [needle(*index), between]).collect();
            let start = start.min(text.len());
            let stop = (start + length).min(text.len());
            let mut expected = Vec::new();
            for (number, needle) in NEEDLES.iter().enumerate() {
                let ends = |at: &usize| text.as_bytes()[*at..stop].starts_with(needle.bytes());
                expected.extend((start..stop).filter(ends).map(|at| (at, number)));
            }
            expected.sort_unstable();
            prop_assert_eq!(found(&text, start, stop), expected);
        }
    }
}
