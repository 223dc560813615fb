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
        DateTime::parse_from_rfc3339(text).ok().map(|time| Time(time.timestamp_micros()))
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
    use super::Time;

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
