//! Exact money.

use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// US dollars as a whole number of pico-dollars (1e-12 USD), so that sums are exact in any order.
///
/// A price of $0.0375 for a million tokens is 37,500 pico-dollars a token. Sums stop at the largest
/// value (some nine million dollars), they never wrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub struct Usd(i64);

/// Decimal places that are kept: one pico-dollar.
const PLACES: usize = 12;

impl Usd {
    /// Nothing.
    pub const ZERO: Usd = Usd(0);

    /// This many pico-dollars.
    pub const fn from_pico(pico: i64) -> Usd {
        Usd(pico)
    }

    /// The value in pico-dollars.
    pub fn pico(self) -> i64 {
        self.0
    }

    /// The nearest double, for the edge only.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// Reads a JSON number of dollars (`2.7168679000000013`, `1e-3`) without going through a double.
    ///
    /// Digits beyond the twelfth decimal place are rounded. `None` for anything that is no
    /// non-negative decimal number, or too large.
    pub fn parse(text: &str) -> Option<Usd> {
        Some(read(text)?.0)
    }

    /// As [`Usd::parse`], but `None` where a digit would be lost.
    pub fn parse_exact(text: &str) -> Option<Usd> {
        read(text).filter(|(_, is_exact)| *is_exact).map(|(usd, _)| usd)
    }

    /// The sum of what is known of both; `None` where neither is.
    pub fn sum_known(a: Option<Usd>, b: Option<Usd>) -> Option<Usd> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        }
    }

    /// This many times as much; stops at the largest value.
    pub fn times(self, count: u64) -> Usd {
        Usd(self.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
    }
}

/// The amount, and whether every digit fits in it.
fn read(text: &str) -> Option<(Usd, bool)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || whole.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // However far the first digit that counts is from the point, those behind it soon fit or don't.
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = digits.get(zeros..).filter(|digits| !digits.is_empty());
    let Some(digits) = digits else { return Some((Usd::ZERO, true)) };
    // The value is 0.DIGITS × 10^point dollars; take `point + PLACES` digits of it.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) - i64::try_from(zeros).ok()?;
    let wanted = point + PLACES as i64;
    let mut pico: i64 = 0;
    for index in 0..wanted.max(0) {
        let digit = usize::try_from(index).ok().and_then(|index| digits.get(index)).map_or(0, |digit| digit - b'0');
        pico = pico.checked_mul(10)?.checked_add(i64::from(digit))?;
    }
    let kept = usize::try_from(wanted.max(0)).unwrap_or(usize::MAX);
    let is_exact = digits.iter().skip(kept).all(|digit| *digit == b'0');
    let next = usize::try_from(wanted).ok().and_then(|index| digits.get(index));
    if next.is_some_and(|digit| *digit >= b'5') {
        pico = pico.checked_add(1)?;
    }
    Some((Usd(pico), is_exact))
}

impl From<Usd> for i64 {
    fn from(amount: Usd) -> i64 {
        amount.0
    }
}

/// Nothing costs less than nothing.
impl TryFrom<i64> for Usd {
    type Error = &'static str;

    fn try_from(pico: i64) -> Result<Usd, &'static str> {
        if pico < 0 { Err("an amount below zero") } else { Ok(Usd(pico)) }
    }
}

impl Add for Usd {
    type Output = Usd;

    fn add(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Usd;

    fn sub(self, other: Usd) -> Usd {
        Usd(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(values: I) -> Usd {
        values.fold(Usd::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Usd;

    #[test]
    fn reads_decimals_without_a_double() {
        assert_eq!(Usd::parse("2.7168679000000013"), Some(Usd::from_pico(2_716_867_900_000)));
        assert_eq!(Usd::parse("0.0000000000005"), Some(Usd::from_pico(1)));
        assert_eq!(Usd::parse("1e-3"), Some(Usd::from_pico(1_000_000_000)));
        assert_eq!(Usd::parse("12"), Some(Usd::from_pico(12_000_000_000_000)));
        assert_eq!(Usd::parse("1.5E2"), Some(Usd::from_pico(150_000_000_000_000)));
    }

    #[test]
    fn no_row_of_zeros_hides_a_digit() {
        let zeros = "0".repeat(402);
        assert_eq!(Usd::parse_exact(&format!("0.{zeros}5e403")), Some(Usd::from_pico(5_000_000_000_000)));
        assert_eq!(Usd::parse_exact(&format!("{zeros}5.25")), Some(Usd::from_pico(5_250_000_000_000)));
        assert_eq!(Usd::parse_exact(&format!("0.{zeros}5")), None);
        assert_eq!(Usd::parse(&format!("0.{zeros}5")), Some(Usd::ZERO));
        for zero in ["0", "0.0", "0e2147483647", "0.000e-2147483648"] {
            assert_eq!(Usd::parse_exact(zero), Some(Usd::ZERO), "{zero}");
        }
    }

    #[test]
    fn knows_whether_a_digit_is_lost() {
        assert_eq!(Usd::parse_exact("1.75e-06"), Some(Usd::from_pico(1_750_000)));
        assert_eq!(Usd::parse_exact("0.0000000000010"), Some(Usd::from_pico(1)));
        assert_eq!(Usd::parse_exact("4.6875e-09"), None);
        assert_eq!(Usd::parse_exact("1e-13"), None);
        assert_eq!(Usd::parse_exact("0"), Some(Usd::ZERO));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["", "-1", "NaN", "1e400", "1e2147483647", ".5", "1.2.3", "99999999999999999999"] {
            assert_eq!(Usd::parse(text), None, "{text:?}");
        }
    }
}
