//! The median, as every column and note understands it.

/// Numbers of which the median is wanted. Most groups of single runs have one: that needs no allocation.
#[derive(Debug, Default)]
pub(super) struct Figures {
    first: Option<i64>,
    others: Vec<i64>,
}

impl Figures {
    pub(super) fn push(&mut self, value: i64) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.others.push(value),
        }
    }

    /// The middle value, for which all are taken.
    pub(super) fn median(&mut self) -> Option<i64> {
        let first = self.first.take()?;
        if self.others.is_empty() {
            return Some(first);
        }
        self.others.push(first);
        median(&mut self.others)
    }
}

/// The middle value; of two, their mean, rounded down.
pub(super) fn median(values: &mut [i64]) -> Option<i64> {
    let upper = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, middle, _) = values.select_nth_unstable(upper);
    let middle = *middle;
    let lower = if is_even { below.iter().max().copied()? } else { middle };
    i64::try_from((i128::from(lower) + i128::from(middle)).div_euclid(2)).ok()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle_or_between_the_two_middles() {
        for (values, middle) in [
            (vec![], None),
            (vec![7], Some(7)),
            (vec![9, 1, 4], Some(4)),
            (vec![9, 1, 4, 6], Some(5)),
            (vec![2, 1], Some(1)),
        ] {
            assert_eq!(median(&mut values.clone()), middle, "{values:?}");
        }
        assert_eq!(median(&mut [i64::MAX, i64::MAX]), Some(i64::MAX));
    }
}
