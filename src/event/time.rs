//! Points in time, to the microsecond.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
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
