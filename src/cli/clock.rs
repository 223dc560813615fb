//! What time it is.

use forge_usage::event::Time;

/// The time of the system's clock.
pub(super) fn now() -> Time {
    Time::from_micros(chrono::Utc::now().timestamp_micros())
}
