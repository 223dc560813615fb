//! Rate limits, as far as a record of one tells how much is used.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::event::{Quota, Time};
use crate::parse::lines::id;

#[derive(Deserialize)]
pub(super) struct RateLimitEvent {
    pub(super) rate_limit_info: Option<RateLimit>,
}

/// A limit. Its windows are told by name in versions since autumn 2026 (2.1.263).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RateLimit {
    resets_at: Option<i64>,
    rate_limit_type: Option<String>,
    utilization: Option<f64>,
    unified_windows: Option<BTreeMap<String, Window>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    utilization: Option<f64>,
    resets_at: Option<i64>,
}

impl RateLimit {
    /// What it tells of its window and of others, each once.
    pub(super) fn quotas(self) -> Vec<Quota> {
        let RateLimit { resets_at, rate_limit_type, utilization, unified_windows } = self;
        let limit = rate_limit_type.as_deref();
        let own = reading(limit, utilization, resets_at);
        let named = unified_windows.unwrap_or_default();
        let others = named.iter().filter(|(name, _)| own.is_none() || limit != Some(name.as_str()));
        let others = others.filter_map(|(name, window)| reading(Some(name), window.utilization, window.resets_at));
        own.clone().into_iter().chain(others).collect()
    }
}

/// A reading of a window, if its share is told.
fn reading(limit: Option<&str>, utilization: Option<f64>, resets_at: Option<i64>) -> Option<Quota> {
    let window_minutes = match limit {
        Some("five_hour") => Some(300),
        Some(kind) if kind.starts_with("seven_day") => Some(10_080),
        _ => None,
    };
    let share = utilization.filter(|share| share.is_finite())?;
    Some(Quota {
        window_minutes,
        used_percent: percent(share),
        resets_at: resets_at.and_then(Time::from_seconds),
        limit: limit.and_then(id),
        ..Quota::default()
    })
}

/// A share as a percentage, without what multiplying adds to its digits: 0.58 is 58, not 57.99999999999999.
fn percent(share: f64) -> f64 {
    const DIGITS: f64 = 1e9;
    let percent = share * 100.0;
    let even = (percent * DIGITS).round() / DIGITS;
    if even.is_finite() { even } else { percent }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::RateLimit;

    fn readings(limit: serde_json::Value) -> Vec<(Option<String>, Option<u64>, f64)> {
        let limit: RateLimit = serde_json::from_value(limit).expect("a limit");
        let of = |quota: crate::event::Quota| {
            (quota.limit.map(|limit| limit.to_string()), quota.window_minutes, quota.used_percent)
        };
        limit.quotas().into_iter().map(of).collect()
    }

    #[test]
    fn shares_have_no_more_digits_than_they_were_written_with() {
        for (share, percent) in [(0.58, 58.0), (0.07, 7.0), (0.123_456, 12.3456), (1.1, 110.0), (0.0, 0.0)] {
            let limit = json!({"rateLimitType": "five_hour", "utilization": share});
            assert_eq!(readings(limit), [(Some("five_hour".to_owned()), Some(300), percent)]);
        }
    }

    #[test]
    fn windows_that_are_told_by_name_are_readings_of_their_own() {
        let windows = json!({"five_hour": {"utilization": 0.58, "resetsAt": 1}, "seven_day": {"utilization": 0.47}});
        let both =
            [(Some("five_hour".to_owned()), Some(300), 58.0), (Some("seven_day".to_owned()), Some(10_080), 47.0)];
        assert_eq!(readings(json!({"rateLimitType": "five_hour", "unifiedWindows": windows})), both);
        let told = json!({"rateLimitType": "five_hour", "utilization": 0.58, "unifiedWindows": windows});
        assert_eq!(readings(told), both);
    }
}
