//! Limits as people write them: `40M` tokens, `$5`, `1h 30m`, `20%`. Read in integers: no digit is lost.

use crate::error::{Error, Result, unknown};

/// Millionths: 20 % is 200,000. Shares stay integers, so that a limit is met or not, whatever the rounding.
pub(super) const WHOLE: i64 = 1_000_000;

/// Dollars, as pico-dollars: `5`, `5.25`, `$5`.
pub(super) fn dollars(text: &str) -> Result<i64> {
    let number = text.strip_prefix('$').unwrap_or(text);
    decimal(number, 12).ok_or_else(|| wrong(text, number, 12, "is no amount of dollars; write 5 or 12.50"))
}

/// Tokens: `40000000`, `40_000_000`, `40M`, `1.5B`, `500K`.
pub(super) fn tokens(text: &str) -> Result<i64> {
    const UNITS: [(char, usize); 3] = [('K', 3), ('M', 6), ('B', 9)];
    let (number, unit) = match text.char_indices().next_back().filter(|(_, last)| !last.is_ascii_digit()) {
        Some((at, unit)) => (&text[..at], Some(unit)),
        None => (text, None),
    };
    let places = match unit {
        None => 0,
        Some(unit) => match UNITS.iter().find(|(known, _)| *known == unit) {
            Some((_, places)) => *places,
            None if unit == 'm' => {
                let hint = format!("m is for minutes; write {number}M for millions of tokens");
                return Err(Error::invalid(format!("{text:?}: {hint}")));
            }
            None if UNITS.iter().any(|(known, _)| known.eq_ignore_ascii_case(&unit)) => {
                return Err(Error::invalid(format!("{text:?}: write {number}{}", unit.to_ascii_uppercase())));
            }
            None => return Err(Error::invalid(format!("{text:?} is no number of tokens; write 500K, 40M or 1.5B"))),
        },
    };
    let number = number.trim_end();
    decimal(number, places)
        .ok_or_else(|| wrong(text, number, places, "is no whole number of tokens; write 500K, 40M or 1.5B"))
}

/// A time span, in milliseconds: `90s`, `45m`, `2h`, `1h 30m`, `1d`.
pub(super) fn duration(text: &str) -> Result<i64> {
    const UNITS: [(&str, i64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let bad = || Error::invalid(format!("{text:?} is no time span; write 90s, 45m, 2h or 1h 30m"));
    let too_large = || too_large(text, &format!("{}d", i64::MAX / 86_400_000));
    let mut rest = text.trim();
    let mut sum: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let count: i64 = rest[..digits].parse().map_err(|_| if digits > 0 { too_large() } else { bad() })?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let (unit, after) = rest.split_at(letters);
        if unit.is_empty() {
            return Err(bad());
        }
        let (_, millis) = UNITS.iter().find(|(known, _)| *known == unit).ok_or_else(|| {
            let known: Vec<&str> = UNITS.iter().map(|(unit, _)| *unit).collect();
            Error::invalid(format!("{text:?}: {}", unknown("unit", unit, &known)))
        })?;
        sum = count.checked_mul(*millis).and_then(|millis| sum.checked_add(millis)).ok_or_else(too_large)?;
        rest = after.trim_start();
    }
    if text.trim().is_empty() { Err(bad()) } else { Ok(sum) }
}

/// A whole number.
pub fn count(text: &str) -> Result<i64> {
    decimal(text, 0).ok_or_else(|| wrong(text, text, 0, "is no whole number; write 12"))
}

/// A share, in millionths: `20%` or `0.2`.
pub fn share(text: &str) -> Result<i64> {
    let share = rise(text)?;
    if share > WHOLE { Err(Error::invalid(format!("{text:?} is more than the whole"))) } else { Ok(share) }
}

/// A share as people write it: `80%`.
pub(super) fn percent(share: i64) -> String {
    match (share / (WHOLE / 100), share % (WHOLE / 100)) {
        (whole, 0) => format!("{whole}%"),
        (whole, rest) => format!("{whole}.{rest:04}%"),
    }
}

/// By how much of itself something may rise, in millionths: `20%` or `0.2`, and `150%`. More than the whole is told
/// in percent alone: who writes 20 means that.
pub fn rise(text: &str) -> Result<i64> {
    let percent = text.strip_suffix('%');
    let parsed = match percent {
        Some(number) => decimal(number.trim_end(), 4),
        None => decimal(text, 6),
    };
    let rise = parsed.ok_or_else(|| Error::invalid(format!("{text:?} is no share; write \"20%\" or 0.2")))?;
    if rise > WHOLE && percent.is_none() {
        return Err(Error::invalid(format!("{text:?} is more than the whole; write \"{text}%\"")));
    }
    Ok(rise)
}

/// Why `number`, of `text`, is no limit: it is too large, or else `what`.
fn wrong(text: &str, number: &str, places: usize, what: &str) -> Error {
    let whole = number.split('.').next().unwrap_or_default();
    let zeros: String = whole.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    if decimal(&number.replacen(whole, &zeros, 1), places).is_none() {
        return Error::invalid(format!("{text:?} {what}"));
    }
    let unit = text.split_once(number).map_or("", |(_, unit)| unit.trim_start());
    let scale = u32::try_from(places).ok().and_then(|places| 10_i64.checked_pow(places)).unwrap_or(i64::MAX);
    too_large(text, &format!("{}{unit}", i64::MAX / scale))
}

fn too_large(text: &str, most: &str) -> Error {
    Error::invalid(format!("{text:?} is more than a limit can be, which is {most}"))
}

/// `text` × 10^`places` as a whole number; `None` for anything that is no non-negative decimal number, has
/// further digits, or is too large.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_grouped = |digits: &str| !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    if whole.is_empty() || text.ends_with('.') || !is_grouped(whole) || !is_grouped(fraction) {
        return None;
    }
    let digits = |part: &str| part.bytes().filter(|byte| *byte != b'_').collect::<Vec<u8>>();
    let mut fraction = digits(fraction);
    while fraction.last() == Some(&b'0') {
        fraction.pop();
    }
    if fraction.len() > places {
        return None;
    }
    fraction.resize(places, b'0');
    digits(whole).into_iter().chain(fraction).try_fold(0_i64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::{count, dollars, duration, percent, rise, share, tokens};

    #[test]
    fn units_scale_without_losing_a_digit() {
        assert_eq!(tokens("40M").unwrap(), 40_000_000);
        assert_eq!(tokens("1.234567891B").unwrap(), 1_234_567_891);
        assert_eq!(tokens("40_000").unwrap(), 40_000);
        assert_eq!(dollars("$0.02957465").unwrap(), 29_574_650_000);
        assert_eq!(duration("1h 30m").unwrap(), 5_400_000);
        assert_eq!(duration("1d12h").unwrap(), 129_600_000);
        assert_eq!(share("12.5%").unwrap(), share("0.125").unwrap());
        assert_eq!(rise("150%").unwrap(), 1_500_000);
        assert_eq!(rise("1").unwrap(), rise("100%").unwrap());
        assert_eq!(count("0").unwrap(), 0);
    }

    #[test]
    fn a_share_is_written_as_it_is_read() {
        for text in ["0%", "80%", "12.5000%", "0.0001%", "100%"] {
            assert_eq!(percent(share(text).unwrap()), text);
        }
    }

    #[test]
    fn a_lower_case_m_of_tokens_is_an_error_that_says_so() {
        let error = tokens("40m").unwrap_err().to_string();
        assert!(error.contains("minutes") && error.contains("40M"), "{error}");
        assert!(tokens("40k").unwrap_err().to_string().contains("write 40K"));
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "M", "1.5", "1.2345K", "-1", "1e3", "99999999999B", "1,000", "40 x", "_1", "1."] {
            assert!(tokens(text).is_err(), "{text:?}");
        }
        for text in ["", "$", "5M", "nan", "inf", "-5", "0.0000000000001", "9999999999"] {
            assert!(dollars(text).is_err(), "{text:?}");
        }
        for text in ["", "2", "h", "2 fortnights", "2hh", "1.5h", "-2h", "99999999999999999d"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
        for text in ["", "%", "120%", "20", "1.5", "0.0000001"] {
            assert!(share(text).is_err(), "{text:?}");
        }
        for text in ["", "%", "20", "2", "1.5", "1.000001", "0.0000001"] {
            assert!(rise(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_number_beyond_every_limit_is_told_where_that_ends() {
        let said = |error: crate::error::Error| error.to_string();
        let end = |text: &str, most: &str| format!("{text:?} is more than a limit can be, which is {most}");
        assert_eq!(said(dollars("99999999").unwrap_err()), end("99999999", "9223372"));
        assert_eq!(said(dollars("$9_999_999.50").unwrap_err()), end("$9_999_999.50", "9223372"));
        assert_eq!(dollars("9223372").unwrap(), 9_223_372_000_000_000_000);
        assert_eq!(said(tokens("99999999999.5B").unwrap_err()), end("99999999999.5B", "9223372036B"));
        assert_eq!(said(count("9223372036854775808").unwrap_err()), end("9223372036854775808", "9223372036854775807"));
        assert_eq!(said(duration("106751991168d").unwrap_err()), end("106751991168d", "106751991167d"));
        assert!(duration("106751991167d").is_ok());
        assert!(said(duration("99999999999999999999s").unwrap_err()).contains("106751991167d"));
        assert_eq!(said(count("1.5").unwrap_err()), "\"1.5\" is no whole number; write 12");
        assert_eq!(
            said(dollars("99999999,5").unwrap_err()),
            "\"99999999,5\" is no amount of dollars; write 5 or 12.50"
        );
    }

    #[test]
    fn an_unknown_unit_names_the_nearest() {
        assert!(duration("2 hours").unwrap_err().to_string().contains("did you mean h?"));
        assert!(share("20").unwrap_err().to_string().contains("20%"));
    }
}
