//! Values for machines: whole, exact, never rounded.

use chrono::SecondsFormat;

use crate::event::{Time, Usd};

const PICO_PER_DOLLAR: u64 = 1_000_000_000_000;

/// Dollars as a decimal: every digit, no exponent, no zeros at the end.
///
/// Not through a double, which can't hold more than some nine thousand dollars to the pico-dollar.
pub(super) fn dollars(usd: Usd) -> String {
    let sign = if usd.pico() < 0 { "-" } else { "" };
    let pico = usd.pico().unsigned_abs();
    let decimal = format!("{sign}{}.{:012}", pico / PICO_PER_DOLLAR, pico % PICO_PER_DOLLAR);
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The same with cents at least.
pub(super) fn dollars_and_cents(usd: Usd) -> String {
    let exact = dollars(usd);
    let (whole, decimals) = exact.split_once('.').unwrap_or((&exact, ""));
    format!("{whole}.{decimals:0<2}")
}

/// A duration in all units that it has any of, as limits are written: `1h 30m`, `12m 30s`, `1s 500ms`.
pub(super) fn duration(millis: i64) -> String {
    const UNITS: [(u64, &str); 4] = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let mut rest = millis.unsigned_abs();
    let mut parts = Vec::new();
    for (unit, name) in UNITS {
        if rest >= unit {
            parts.push(format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    let sign = if millis < 0 { "-" } else { "" };
    if parts.is_empty() { "0ms".to_owned() } else { format!("{sign}{}", parts.join(" ")) }
}

/// A time as RFC 3339 in UTC, with a fraction only where there is one; `None` beyond the years that this can tell.
pub(super) fn instant(time: Time) -> Option<String> {
    Some(time.to_utc().filter(|_| time.is_writable())?.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use super::{dollars, dollars_and_cents, duration, instant};
    use crate::event::{Time, Usd};

    #[test]
    fn dollars_keep_every_digit() {
        let exact = |pico| dollars(Usd::from_pico(pico));
        assert_eq!(exact(0), "0");
        assert_eq!(exact(1), "0.000000000001");
        assert_eq!(exact(23_750_000_000_000), "23.75");
        assert_eq!(exact(100_000_000_000_000), "100");
        assert_eq!(exact(-1_500_000_000_000), "-1.5");
        assert_eq!(exact(i64::MAX), "9223372.036854775807");
        assert_eq!(exact(i64::MIN), "-9223372.036854775808");
    }

    #[test]
    fn cents_stand_even_where_they_are_zeros() {
        let exact = |pico| dollars_and_cents(Usd::from_pico(pico));
        assert_eq!(exact(7_000_000_000_000), "7.00");
        assert_eq!(exact(12_500_000_000_000), "12.50");
        assert_eq!(exact(-9_625_000_000_000), "-9.625");
    }

    #[test]
    fn durations_have_every_unit_that_they_have_any_of() {
        let exact = [0, 1, 1_500, 750_000, 5_400_000, 172_800_001].map(duration);
        assert_eq!(exact, ["0ms", "1ms", "1s 500ms", "12m 30s", "1h 30m", "48h 1ms"]);
        assert_eq!(duration(-90_000), "-1m 30s");
    }

    #[test]
    fn instants_are_utc_with_a_fraction_only_where_there_is_one() {
        let exact = |micros| instant(Time::from_micros(micros));
        assert_eq!(exact(1_000_000).as_deref(), Some("1970-01-01T00:00:01Z"));
        assert_eq!(exact(1_500_000).as_deref(), Some("1970-01-01T00:00:01.500Z"));
        assert_eq!(exact(1).as_deref(), Some("1970-01-01T00:00:00.000001Z"));
        assert_eq!(exact(i64::MAX), None);
        assert_eq!(exact(i64::MIN), None);
        assert_eq!(exact(253_402_300_800_000_000), None, "no year has five digits");
    }
}
