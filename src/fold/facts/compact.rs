//! What packed calls and packed rows are made of: values in as few bytes as hold them.

use crate::event::{Time, Usd};

/// The longest id that fits: a UUID's.
const LONGEST_ID: usize = 36;

/// Stands for a number that isn't known.
const NONE: i64 = i64::MIN;

/// An id that needs no allocation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fold) struct ShortId {
    length: u8,
    bytes: [u8; LONGEST_ID],
}

impl ShortId {
    /// `None` for an id that is too long.
    pub(in crate::fold) fn new(id: &str) -> Option<ShortId> {
        let mut bytes = [0; LONGEST_ID];
        bytes.get_mut(..id.len())?.copy_from_slice(id.as_bytes());
        Some(ShortId { length: u8::try_from(id.len()).ok()?, bytes })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }

    pub(in crate::fold) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// A time that may not be known, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fold) struct MaybeTime(i64);

impl MaybeTime {
    /// `None` for the one time that stands for none.
    pub(in crate::fold) fn new(time: Option<Time>) -> Option<MaybeTime> {
        match time {
            Some(time) if time.micros() == NONE => None,
            time => Some(MaybeTime(time.map_or(NONE, Time::micros))),
        }
    }

    pub(in crate::fold) fn get(self) -> Option<Time> {
        Some(self.0).filter(|micros| *micros != NONE).map(Time::from_micros)
    }
}

/// A cost that may not be known, in pico-dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fold) struct MaybeUsd(i64);

impl MaybeUsd {
    pub(in crate::fold) fn new(usd: Option<Usd>) -> MaybeUsd {
        MaybeUsd(usd.map_or(NONE, Usd::pico))
    }

    pub(in crate::fold) fn get(self) -> Option<Usd> {
        Some(self.0).filter(|pico| *pico != NONE).map(Usd::from_pico)
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_ID, MaybeTime, MaybeUsd, ShortId};
    use crate::event::{Time, Usd};

    #[test]
    fn what_fits_comes_back() {
        for id in ["", "msg_1", "é", &"x".repeat(LONGEST_ID)] {
            assert_eq!(ShortId::new(id).expect("short").as_str(), id);
        }
        assert_eq!(ShortId::new(&"x".repeat(LONGEST_ID + 1)), None);
        for time in [None, Some(Time::from_micros(0)), Some(Time::MAX)] {
            assert_eq!(MaybeTime::new(time).expect("a time").get(), time);
        }
        assert_eq!(MaybeTime::new(Some(Time::from_micros(i64::MIN))), None);
        for usd in [None, Some(Usd::ZERO), Some(Usd::from_pico(i64::MAX))] {
            assert_eq!(MaybeUsd::new(usd).get(), usd);
        }
    }
}
