//! What Claude Code's formats have in common.

/// Who writes their records.
pub(super) const HARNESS: &str = "claude";

/// The first version whose processes go on from what earlier ones of a resumed session counted, as its changelog tells.
const RESTORING: [u64; 3] = [2, 1, 277];

/// Whether processes of a version do so; `None` for what is no version.
pub(super) fn restores_counter(version: &str) -> Option<bool> {
    let numbers = version.split('-').next()?.split('.').map(str::parse);
    let numbers: Vec<u64> = numbers.collect::<Result<_, _>>().ok()?;
    Some(numbers[..] >= RESTORING[..])
}

#[cfg(test)]
mod tests {
    use super::restores_counter;

    #[test]
    fn versions_are_compared_number_by_number() {
        let of = |versions: [&str; 3]| versions.map(restores_counter);
        assert_eq!(of(["2.1.277", "2.1.1000", "2.2.0-beta.1"]), [Some(true); 3]);
        assert_eq!(of(["2.1.276", "2.1.99-next.277", "1.0.300"]), [Some(false); 3]);
        assert_eq!(of(["", "two", "2.x"]), [None; 3]);
    }
}
