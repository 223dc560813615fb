//! Figures for people: three digits where that is enough, never more certain than the value.

use crate::event::Usd;
use crate::table::grouped;

/// What stands for a value that is not known.
pub(super) const UNKNOWN: &str = "–";

/// What a figure says about the true value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is this value, rounded to the nearest figure.
    Exact,
    /// It is this value or more. Rounded down, as a floor that was rounded up would be none.
    Floor,
}

impl Bound {
    /// What a figure says of a value that may be a floor.
    pub(super) fn of(is_floor: bool) -> Bound {
        if is_floor { Bound::Floor } else { Bound::Exact }
    }

    fn divide(self, value: u128, unit: u128) -> u128 {
        match self {
            Bound::Exact => (value + unit / 2) / unit,
            Bound::Floor => value / unit,
        }
    }

    /// What stands before the figure.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Bound::Exact => "",
            Bound::Floor => "≥",
        }
    }
}

/// Tokens as `912`, `5.27K`, `1.10M`, `13.2M`. `None` for a floor of nothing, which tells nothing.
pub(super) fn tokens(value: i64, bound: Bound) -> Option<String> {
    if value == 0 && bound == Bound::Floor {
        return None;
    }
    let sign = if value < 0 { "-" } else { "" };
    Some(format!("{}{sign}{}", bound.prefix(), scaled(value.unsigned_abs().into(), bound)))
}

fn scaled(value: u128, bound: Bound) -> String {
    const UNITS: [(u128, char); 4] = [(1_000, 'K'), (1_000_000, 'M'), (1_000_000_000, 'B'), (1_000_000_000_000, 'T')];
    if value < 1_000 {
        return value.to_string();
    }
    for (unit, letter) in UNITS {
        for (places, power) in [(2, 100), (1, 10), (0, 1)] {
            let digits = bound.divide(value * power, unit);
            if digits < 1_000 {
                let (whole, fraction) = (digits / power, digits % power);
                let fraction = if places > 0 { format!(".{fraction:0places$}") } else { String::new() };
                return format!("{whole}{fraction}{letter}");
            }
        }
    }
    format!("{}T", grouped(bound.divide(value, 1_000_000_000_000)))
}

/// A count, whole, with commas between thousands.
pub(super) fn count(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(value.unsigned_abs().into()))
}

/// A share in whole percent; `None` of nothing.
pub(super) fn percent(part: i64, whole: i64) -> Option<String> {
    let (part, whole) = (u128::try_from(part).ok()?, u128::try_from(whole).ok()?);
    (whole > 0).then(|| format!("{}%", Bound::Exact.divide(part * 100, whole)))
}

/// Dollars and cents: `$23.75`, `≥$1,234.50`, `<$0.01` for an amount below a cent. A floor below a cent
/// is `>$0`; `None` for a floor of nothing, which tells nothing.
pub(super) fn dollars(usd: Usd, bound: Bound) -> Option<String> {
    const PICO_PER_CENT: u128 = 10_000_000_000;
    let pico = u128::from(usd.pico().unsigned_abs());
    match bound {
        Bound::Floor if pico == 0 => return None,
        Bound::Floor if pico < PICO_PER_CENT => return Some(">$0".to_owned()),
        Bound::Exact if pico > 0 && pico < PICO_PER_CENT => return Some("<$0.01".to_owned()),
        Bound::Exact | Bound::Floor => {}
    }
    let sign = if usd.pico() < 0 { "-" } else { "" };
    let cents = bound.divide(pico, PICO_PER_CENT);
    Some(format!("{}{sign}${}.{:02}", bound.prefix(), grouped(cents / 100), cents % 100))
}

/// A duration as `430ms`, `8.2s`, `3m 20s`, `41m`, `1h 52m`.
pub(super) fn duration(millis: i64) -> String {
    bounded(millis, Bound::Exact)
}

/// The same where it may be a floor; `None` for a floor of nothing, which tells nothing.
pub(super) fn bounded_duration(millis: i64, bound: Bound) -> Option<String> {
    let tells = millis != 0 || bound == Bound::Exact;
    tells.then(|| format!("{}{}", bound.prefix(), bounded(millis, bound)))
}

/// So many a second, with three figures: `3.82`, `38.2`, `382`.
pub(super) fn rate(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => count(value.round() as i64),
    }
}

fn bounded(millis: i64, bound: Bound) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = u128::from(millis.unsigned_abs());
    let nearest = |unit| bound.divide(millis, unit);
    let (tenths, seconds, minutes) = (nearest(100), nearest(1_000), nearest(60_000));
    let shown = if millis < 1_000 {
        format!("{millis}ms")
    } else if tenths < 600 {
        format!("{}.{}s", tenths / 10, tenths % 10)
    } else if seconds < 600 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else if minutes < 60 {
        format!("{minutes}m")
    } else {
        format!("{}h {:02}m", grouped(minutes / 60), minutes % 60)
    };
    format!("{sign}{shown}")
}

#[cfg(test)]
mod tests {
    use super::{Bound, bounded_duration, count, dollars, duration, percent, rate, tokens};
    use crate::event::Usd;

    fn exact(value: i64) -> String {
        tokens(value, Bound::Exact).unwrap()
    }

    fn floor(value: i64) -> String {
        tokens(value, Bound::Floor).unwrap()
    }

    fn cash(pico: i64, bound: Bound) -> Option<String> {
        dollars(Usd::from_pico(pico), bound)
    }

    #[test]
    fn tokens_have_three_figures() {
        assert_eq!([0, 7, 912, 999].map(exact), ["0", "7", "912", "999"]);
        assert_eq!([1_000, 5_267, 32_275, 104_620].map(exact), ["1.00K", "5.27K", "32.3K", "105K"]);
        assert_eq!([1_100_000, 3_910_000, 13_230_000].map(exact), ["1.10M", "3.91M", "13.2M"]);
    }

    #[test]
    fn tokens_that_round_up_move_to_the_next_unit() {
        assert_eq!([9_994, 9_995, 99_949, 99_950].map(exact), ["9.99K", "10.0K", "99.9K", "100K"]);
        assert_eq!([999_499, 999_500].map(exact), ["999K", "1.00M"]);
        assert_eq!([999_499_999, 999_950_000].map(exact), ["999M", "1.00B"]);
        assert_eq!([999_500_000_000, i64::MAX].map(exact), ["1.00T", "9,223,372T"]);
        assert_eq!(exact(i64::MIN), "-9,223,372T");
    }

    #[test]
    fn a_floor_is_never_rounded_up() {
        assert_eq!([999, 1_999, 999_999, 13_290_000].map(floor), ["≥999", "≥1.99K", "≥999K", "≥13.2M"]);
        assert_eq!(cash(12_049_999_999_999, Bound::Floor).as_deref(), Some("≥$12.04"));
        assert_eq!(cash(9_999_999_999, Bound::Floor).as_deref(), Some(">$0"));
    }

    #[test]
    fn a_floor_of_nothing_tells_nothing() {
        assert_eq!(tokens(0, Bound::Floor), None);
        assert_eq!(cash(0, Bound::Floor), None);
    }

    #[test]
    fn dollars_have_cents_and_commas() {
        let exact = |pico| cash(pico, Bound::Exact).unwrap();
        assert_eq!([0, 1, 9_999_999_999, 10_000_000_000].map(exact), ["$0.00", "<$0.01", "<$0.01", "$0.01"]);
        assert_eq!([23_750_000_000_000, 999_995_000_000_000].map(exact), ["$23.75", "$1,000.00"]);
        assert_eq!([i64::MAX, -1_500_000_000_000].map(exact), ["$9,223,372.04", "-$1.50"]);
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!([0, 430, 999].map(duration), ["0ms", "430ms", "999ms"]);
        assert_eq!([1_000, 8_249, 59_949].map(duration), ["1.0s", "8.2s", "59.9s"]);
        assert_eq!([59_950, 200_000, 599_499].map(duration), ["1m 00s", "3m 20s", "9m 59s"]);
        assert_eq!([599_500, 2_460_000, 3_569_999].map(duration), ["10m", "41m", "59m"]);
        assert_eq!([3_570_000, 6_720_000, 170_520_000].map(duration), ["1h 00m", "1h 52m", "47h 22m"]);
        assert_eq!(duration(-8_200), "-8.2s");
        assert_eq!(duration(i64::MIN), "-2,562,047,788,015h 13m");
    }

    #[test]
    fn a_floor_of_a_duration_is_never_rounded_up() {
        let floor = |millis| bounded_duration(millis, Bound::Floor);
        assert_eq!([131, 8_299, 59_999].map(floor), ["≥131ms", "≥8.2s", "≥59.9s"].map(|text| Some(text.to_owned())));
        assert_eq!(floor(0), None);
        assert_eq!(bounded_duration(0, Bound::Exact).as_deref(), Some("0ms"));
    }

    #[test]
    fn rates_have_three_figures() {
        assert_eq!(
            [0.0, 3.818, 9.996, 38.18, 99.96, 1_234.5].map(rate),
            ["0.00", "3.82", "10.0", "38.2", "100", "1,235"]
        );
    }

    #[test]
    fn percentages_are_whole_and_need_a_whole() {
        assert_eq!(percent(27_008, 30_999).as_deref(), Some("87%"));
        assert_eq!(percent(0, 5).as_deref(), Some("0%"));
        assert_eq!(percent(i64::MAX, i64::MAX).as_deref(), Some("100%"));
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(-1, 5), None);
    }

    #[test]
    fn counts_have_a_comma_before_every_three_digits() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(count), ["0", "999", "1,000", "-1,234,567"]);
    }
}
