//! Points in time, to the microsecond.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds since 1970 in UTC. Written as RFC 3339 where the year has four digits, else as the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The first and the last microsecond that RFC 3339 can tell.
const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

impl Time {
    /// Later than all others.
    pub const MAX: Time = Time(i64::MAX);

    /// The last that RFC 3339 can tell.
    pub const LAST_WRITABLE: Time = Time(*WRITABLE.end());

    /// This many microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Time {
        Time(micros)
    }

    /// This many seconds since 1970; `None` beyond what fits.
    pub fn from_seconds(seconds: i64) -> Option<Time> {
        seconds.checked_mul(1_000_000).map(Time)
    }

    /// This many milliseconds since 1970; `None` beyond what fits.
    pub fn from_millis(millis: i64) -> Option<Time> {
        millis.checked_mul(1000).map(Time)
    }

    /// Reads an RFC 3339 date and time.
    pub fn parse(text: &str) -> Option<Time> {
        usual(text.as_bytes()).or_else(|| any(text))
    }

    /// The same of bytes, if they have the form of nearly all times; `None` says nothing about them.
    pub fn parse_usual(text: &[u8]) -> Option<Time> {
        usual(text)
    }

    /// When the id was made, if it is a version 7 UUID: its first 48 bits are milliseconds.
    pub fn of_uuid(id: &str) -> Option<Time> {
        let id = uuid::Uuid::try_parse(id).ok().filter(|id| id.get_version_num() == 7)?;
        Time::from_millis((id.as_u128() >> 80) as i64)
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds from `earlier` to this; negative when the clock ran backwards.
    pub fn millis_since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// Whether RFC 3339 can tell it: its year has four digits.
    pub fn is_writable(self) -> bool {
        WRITABLE.contains(&self.0)
    }

    /// The same point as a calendar type; `None` beyond the calendar.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }
}

fn any(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| Time(time.timestamp_micros()))
}

/// `2026-05-12T07:03:16Z`, with no, three or six decimal places: what nearly every record has, in a tenth of the time.
/// `None` says nothing about the text.
fn usual(text: &[u8]) -> Option<Time> {
    let (clock, rest) = text.split_first_chunk::<19>()?;
    let [date, to_minute, from_hour] =
        [clock[..8].first_chunk()?, clock[8..16].first_chunk()?, clock[11..].first_chunk()?];
    let date = numbers(date, b"0000-00-")?;
    let to_minute = numbers(to_minute, b"00T00:00")?;
    let from_hour = numbers(from_hour, b"00:00:00")?;
    let micros = match *rest {
        [b'Z'] => 0,
        [b'.', a, b, c, b'Z'] => {
            let decimals = numbers(&[b'.', a, b, c, b'0', b'0', b'0', b'Z'], b".000000Z")?;
            at(decimals, 1) * 10_000 + at(decimals, 3) * 100
        }
        _ => {
            let decimals = numbers(rest.try_into().ok()?, b".000000Z")?;
            at(decimals, 1) * 10_000 + at(decimals, 3) * 100 + at(decimals, 5)
        }
    };
    let (year, month, day) = (at(date, 0) * 100 + at(date, 2), at(date, 5), at(to_minute, 0));
    let (hour, minute, second) = (at(to_minute, 3), at(to_minute, 6), at(from_hour, 6));
    // Leap days and leap seconds are left to the long way.
    const DAYS: [u32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last = *DAYS.get(month as usize)?;
    if day == 0 || day > last || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Years and days are counted from the first of March, so that the leap day is a year's last, and four hundred
    // years earlier, so that no year is below zero.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let seconds = i64::from(days * 24 + hour) * 3600 + i64::from(minute * 60 + second);
    // The day that is counted as the first, four hundred years before the first of March of the year 0.
    const FIRST: i64 = -(719_468 + 146_097) * 86_400;
    Some(Time((FIRST + seconds) * 1_000_000 + i64::from(micros)))
}

/// The number that each digit makes with the one behind it, a byte each, in a text of this form: it has digits where
/// that has zeros, and else the same bytes.
fn numbers(text: &[u8; 8], form: &[u8; 8]) -> Option<u64> {
    // Bytes are looked at all at once: a digit becomes its value, anything else that is right becomes zero.
    let values = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*form);
    let most = form.map(|byte| if byte == b'0' { 9 } else { 0 });
    let to_high_bit = u64::from_le_bytes(most.map(|most| 0x7f - most));
    let is_of_form = (values.wrapping_add(to_high_bit) | values) & 0x8080_8080_8080_8080 == 0;
    is_of_form.then_some(values.wrapping_mul(10).wrapping_add(values >> 8))
}

/// The number at a place.
fn at(numbers: u64, place: u32) -> u32 {
    (numbers >> (8 * place)) as u32 & 0xff
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to_utc().filter(|_| self.is_writable()) {
            Some(time) => serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => serializer.serialize_i64(self.0),
        }
    }
}

/// The two ways a time is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Micros(i64),
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Time::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time")),
            Written::Micros(micros) => Ok(Time(micros)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Time, any, usual};

    proptest! {
        #[test]
        fn a_time_is_the_same_by_the_short_way_and_by_the_long_one(
            date in "(0|[0-9]{4})-[01][0-9]-[0-3][0-9]",
            clock in "[T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
            rest in "(\\.[0-9]{0,10})?(Z|z|\\+01:00)?",
        ) {
            let text = format!("{date}{clock}{rest}");
            let short = usual(text.as_bytes());
            prop_assert!(short.is_none() || short == any(&text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_takes_digits_for_digits_alone(at in 0..27_usize, byte in 0..=u8::MAX) {
            let mut text = *b"2026-05-12T07:03:16.926349Z";
            text[at] = byte;
            let long = std::str::from_utf8(&text).ok().and_then(any);
            let short = usual(&text);
            prop_assert!(short.is_none() || short == long);
            prop_assert!(short.is_some() || long.is_none() || !byte.is_ascii_digit());
        }
    }

    #[test]
    fn the_short_way_goes_from_the_first_year_to_the_last() {
        for text in
            ["0000-01-01T00:00:00Z", "1969-12-31T23:59:59.900Z", "2024-03-01T12:00:00.000001Z", "9999-12-31T23:59:59Z"]
        {
            assert!(usual(text.as_bytes()).is_some() && usual(text.as_bytes()) == any(text), "{text}");
        }
    }

    #[test]
    fn any_time_is_read_as_it_was_written() {
        for micros in
            [0, -1, 1_763_596_800_123_456, -62_167_219_200_000_000, 253_402_300_799_999_999, i64::MIN, i64::MAX]
        {
            let written = serde_json::to_string(&Time::from_micros(micros)).expect("JSON");
            assert_eq!(serde_json::from_str::<Time>(&written).ok(), Some(Time::from_micros(micros)), "{written}");
        }
    }
}
