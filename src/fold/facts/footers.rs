//! Blended totals that outputs show, as they are remembered: candidates, of which agents can print any number.

use std::collections::BTreeSet;

/// How many blended totals of one conversation are remembered: only agents print more, and of theirs the largest counts.
const MOST: usize = 64;

/// Adds a blended total to those of a conversation; the largest stay.
pub(in crate::fold) fn add_footer<W: Ord + Clone>(footers: &mut BTreeSet<(W, u64)>, whose: W, blended: u64) {
    let all = (whose.clone(), 0)..=(whose.clone(), u64::MAX);
    footers.insert((whose, blended));
    if footers.range(all.clone()).nth(MOST).is_some()
        && let Some(smallest) = footers.range(all).next().cloned()
    {
        footers.remove(&smallest);
    }
}

/// Adds a blended total that surely isn't quoted; the largest stay, as with [`add_footer`].
pub(in crate::fold) fn add_sure_footer(footers: &mut BTreeSet<u64>, blended: u64) {
    footers.insert(blended);
    if footers.len() > MOST {
        footers.pop_first();
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, add_footer, add_sure_footer};
    use std::collections::BTreeSet;

    #[test]
    fn of_many_footers_each_conversation_keeps_the_largest_in_any_order() {
        let all: Vec<(u8, u64)> = (0..1000).flat_map(|n| [(1, n), (2, 2 * n)]).collect();
        let kept = |all: &[(u8, u64)]| {
            let mut footers = BTreeSet::new();
            all.iter().for_each(|(whose, blended)| add_footer(&mut footers, *whose, *blended));
            footers
        };
        let largest = |whose, step| (1000 - MOST as u64..1000).map(move |n| (whose, step * n));
        let forwards = kept(&all);
        assert_eq!(forwards, largest(1, 1).chain(largest(2, 2)).collect());
        assert_eq!(forwards, kept(&all.into_iter().rev().collect::<Vec<_>>()));
        let mut sure = BTreeSet::new();
        (0..1000).for_each(|n| add_sure_footer(&mut sure, n));
        assert_eq!((sure.len(), sure.last()), (MOST, Some(&999)));
    }
}
