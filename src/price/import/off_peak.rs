//! The hours at which a model is cheaper, as the map tells them.

use serde_json::value::RawValue;

use super::fields::{Fields, tiers};
use crate::event::STANDARD;
use crate::price::entry::OffPeak;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Minutes of a week.
const WEEK: u16 = 7 * DAY;

/// The hours and their prices; what is odd about them where they can't be read.
pub(super) fn off_peak(value: &RawValue) -> Result<OffPeak, String> {
    let fields: Fields = serde_json::from_str(value.get()).map_err(|_| "odd off_peak_pricing".to_owned())?;
    let step = tiers(&fields)?.get(STANDARD).and_then(|steps| steps.first()).copied();
    let windows: Vec<Fields> =
        fields.get("windows").and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
    let mut minutes = Vec::new();
    for window in &windows {
        let days = window.get("weekdays").and_then(|days| serde_json::from_str::<Vec<u16>>(days.get()).ok());
        let hours = window.get("hours_utc").ok_or("off-peak window without hours")?.get();
        let hours = serde_json::from_str(hours).or_else(|_| serde_json::from_str(hours).map(|one: String| vec![one]));
        for hours in hours.map_err(|_| "odd hours of an off-peak window".to_owned())? {
            let (from, to) =
                hours.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?))).ok_or("odd hours")?;
            for day in days.clone().unwrap_or_else(|| (1..=7).collect()) {
                let start = (day.clamp(1, 7) - 1) * DAY;
                let end = if to > from { to } else { to + DAY };
                minutes.push((start + from, (start + end).min(WEEK)));
                if start + end > WEEK {
                    minutes.push((0, start + end - WEEK));
                }
            }
        }
    }
    let step = step.filter(|_| !minutes.is_empty()).ok_or("odd off_peak_pricing")?;
    Ok(OffPeak { minutes: joined(minutes), step })
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then(|| hours * 60 + minutes)
}

/// The same minutes in as few ranges as possible.
fn joined(mut minutes: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    minutes.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (from, to) in minutes {
        match joined.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}
