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

    /// This many microseconds since 1970.
    pub fn from_micros(micros: i64) -> Time {
        Time(micros)
    }

    /// This many milliseconds since 1970; `None` beyond what fits.
    pub fn from_millis(millis: i64) -> Option<Time> {
        millis.checked_mul(1000).map(Time)
    }

    /// Reads an RFC 3339 date and time.
    pub fn parse(text: &str) -> Option<Time> {
        usual(text.as_bytes()).or_else(|| any(text))
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

    /// The same point as a calendar type; `None` beyond the calendar.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }
}

fn any(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| Time(time.timestamp_micros()))
}

/// `2026-05-12T07:03:16Z`, with up to six decimal places: what nearly every record has, in a tenth of the time.
/// `None` says nothing about the text.
fn usual(text: &[u8]) -> Option<Time> {
    let (clock, rest) = text.split_first_chunk::<19>()?;
    let micros = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=6).contains(&digits.len()) => {
            number(digits)? * 10_i64.pow(6 - digits.len() as u32)
        }
        _ => return None,
    };
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2] = *clock else {
        return None;
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[i1, i2])?, number(&[s1, s2])?);
    // Leap days and leap seconds are left to the long way.
    const DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last = usize::try_from(month - 1).ok().and_then(|month| DAYS.get(month)).copied()?;
    let is_plain = (1..=last).contains(&day) && hour < 24 && minute < 60 && second < 60;
    // Days are counted from the first of March, so that the leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5;
    let seconds = ((days + day - 1 - 719_468) * 24 + hour) * 3600 + minute * 60 + second;
    is_plain.then_some(Time(seconds * 1_000_000 + micros))
}

/// The number that a few digits are.
fn number(digits: &[u8]) -> Option<i64> {
    let mut number = 0;
    let mut largest = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        largest = largest.max(digit);
        number = number * 10 + i64::from(digit);
    }
    (largest <= 9).then_some(number)
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to_utc().filter(|_| WRITABLE.contains(&self.0)) {
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
        fn the_short_way_tells_what_the_long_one_does(
            date in "(0|[0-9]{4})-[01][0-9]-[0-3][0-9]",
            clock in "[T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
            rest in "(\\.[0-9]{0,10})?(Z|z|\\+01:00)?",
        ) {
            let text = format!("{date}{clock}{rest}");
            let short = usual(text.as_bytes());
            prop_assert!(short.is_none() || short == any(&text), "{text}");
        }
    }

    #[test]
    fn the_short_way_goes_from_the_first_year_to_the_last() {
        for text in
            ["0000-01-01T00:00:00Z", "1969-12-31T23:59:59.9Z", "2024-03-01T12:00:00.000001Z", "9999-12-31T23:59:59Z"]
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
